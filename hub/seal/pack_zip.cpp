#include "seal/pack_zip.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>

namespace zhida::seal {
namespace {

constexpr std::uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr std::size_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22;
constexpr std::uint16_t kVersion = 10;     // What stored members need.
constexpr std::uint16_t kDosDay = 0x0021;  // 1980-01-01: the same facts always give the same octets.
constexpr std::size_t kFaultsMax = 100;

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? 0xedb88320u ^ (value >> 1) : value >> 1;
    table[i] = value;
  }
  return table;
}

std::uint32_t crc32(ByteView data) {
  static constexpr auto kTable = make_crc_table();
  std::uint32_t value = 0xffffffffu;
  for (const char c : data) value = kTable[(value ^ static_cast<unsigned char>(c)) & 0xff] ^ (value >> 8);
  return value ^ 0xffffffffu;
}

void put(Bytes& out, std::uint32_t value, int octets) {
  for (int i = 0; i < octets; ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

std::uint32_t get(ByteView bytes, std::size_t at, std::size_t octets) {
  std::uint32_t value = 0;
  for (std::size_t i = octets; i-- > 0;) value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

struct Entry {
  std::string name;
  std::uint32_t crc = 0, size = 0, offset = 0;
};

Bytes local_header(const Entry& entry) {
  Bytes out;
  put(out, kLocal, 4);
  put(out, kVersion, 2);
  put(out, 0, 2);  // flags
  put(out, 0, 2);  // stored
  put(out, 0, 2);  // time
  put(out, kDosDay, 2);
  put(out, entry.crc, 4);
  put(out, entry.size, 4);
  put(out, entry.size, 4);
  put(out, static_cast<std::uint32_t>(entry.name.size()), 2);
  put(out, 0, 2);  // extra field
  return out + entry.name;
}

Bytes central_header(const Entry& entry) {
  Bytes out;
  put(out, kCentral, 4);
  put(out, kVersion, 2);  // made by
  put(out, kVersion, 2);
  put(out, 0, 2);
  put(out, 0, 2);
  put(out, 0, 2);
  put(out, kDosDay, 2);
  put(out, entry.crc, 4);
  put(out, entry.size, 4);
  put(out, entry.size, 4);
  put(out, static_cast<std::uint32_t>(entry.name.size()), 2);
  put(out, 0, 2);  // extra field
  put(out, 0, 2);  // comment
  put(out, 0, 2);  // disk
  put(out, 0, 2);  // internal attributes
  put(out, 0, 4);  // external attributes
  put(out, entry.offset, 4);
  return out + entry.name;
}

Bytes end_record(std::size_t entries, std::size_t directory_bytes, std::size_t directory_at) {
  Bytes out;
  put(out, kEnd, 4);
  put(out, 0, 2);
  put(out, 0, 2);
  put(out, static_cast<std::uint32_t>(entries), 2);
  put(out, static_cast<std::uint32_t>(entries), 2);
  put(out, static_cast<std::uint32_t>(directory_bytes), 4);
  put(out, static_cast<std::uint32_t>(directory_at), 4);
  put(out, 0, 2);  // comment
  return out;
}

// The same members are told twice in an archive, by the local headers one after the other and by the directory at its
// end. Each way of reading stops at the first thing that cannot be; whichever gets further is believed for the report,
// and then every header is compared, octet by octet, with the one that the writer would have written.
struct Walk {
  std::vector<Entry> entries;
  std::size_t end = 0;  // Behind the last one.
};

std::optional<Entry> entry_at(ByteView archive, std::size_t at, std::size_t limit, bool central) {
  const std::size_t head = central ? kCentralBytes : kLocalBytes;
  if (at > limit || limit - at < head || get(archive, at, 4) != (central ? kCentral : kLocal)) return std::nullopt;
  const std::size_t shift = central ? 2 : 0;
  Entry entry;
  entry.crc = get(archive, at + 14 + shift, 4);
  entry.size = get(archive, at + 22 + shift, 4);
  const std::size_t name_bytes = get(archive, at + 26 + shift, 2);
  entry.offset = central ? get(archive, at + 42, 4) : static_cast<std::uint32_t>(at);
  if (limit - at - head < name_bytes) return std::nullopt;
  entry.name = std::string(archive.substr(at + head, name_bytes));
  if (!is_pack_name(entry.name)) return std::nullopt;
  return entry;
}

Walk walk_locals(ByteView archive) {
  Walk walk;
  while (walk.entries.size() < kPackMembersMax) {
    const auto entry = entry_at(archive, walk.end, archive.size(), false);
    if (!entry) break;
    const std::size_t data = walk.end + kLocalBytes + entry->name.size();
    if (archive.size() - data < entry->size) break;
    walk.end = data + entry->size;
    walk.entries.push_back(*entry);
  }
  return walk;
}

Walk walk_directory(ByteView archive) {
  Walk walk;
  if (archive.size() < kEndBytes) return walk;
  const std::size_t limit = archive.size() - kEndBytes;
  walk.end = get(archive, limit + 16, 4);
  if (walk.end > limit) return Walk{};
  while (walk.end < limit && walk.entries.size() < kPackMembersMax) {
    const auto entry = entry_at(archive, walk.end, limit, true);
    if (!entry) break;
    walk.end += kCentralBytes + entry->name.size();
    walk.entries.push_back(*entry);
  }
  return walk;
}

class Reader {
 public:
  explicit Reader(ByteView archive) : archive_(archive) {}

  PackReading read() {
    if (archive_.size() > kPackBytesMax) {
      fault("", "The archive is larger than any pack may be.");
      return std::move(reading_);
    }
    const Walk locals = walk_locals(archive_), directory = walk_directory(archive_);
    const bool by_directory = directory.entries.size() > locals.entries.size();
    const auto& entries = by_directory ? directory.entries : locals.entries;
    if (entries.empty()) {
      fault("", "This is no archive of stored members.");
      return std::move(reading_);
    }
    std::size_t at = 0;
    std::set<std::string> names;
    for (const auto& entry : entries) {
      if (!names.insert(entry.name).second) fault(entry.name, "The name is used more than once.");
      at = member(entry, at);
    }
    ending(entries, at);
    return std::move(reading_);
  }

 private:
  void fault(std::string member, std::string detail, bool content = false) {
    if (reading_.faults.size() < kFaultsMax) reading_.faults.push_back({std::move(member), std::move(detail), content});
  }

  /// Compares and reads one member that must begin at `at`; gives where it ends.
  std::size_t member(Entry entry, std::size_t at) {
    entry.offset = static_cast<std::uint32_t>(at);
    const Bytes expected = local_header(entry);
    const std::size_t data = at + expected.size();
    if (data > archive_.size() || archive_.size() - data < entry.size) {
      fault(entry.name, "The archive ends before the member does.");
      return archive_.size();
    }
    if (archive_.substr(at, expected.size()) != expected)
      fault(entry.name, "The member's local header is not the one that belongs to it.");
    const ByteView content = archive_.substr(data, entry.size);
    if (crc32(content) != entry.crc)
      fault(entry.name, "The member's octets do not have the check sum that its header names.", true);
    reading_.members.push_back({entry.name, Bytes(content)});
    entries_.push_back(std::move(entry));
    return data + content.size();
  }

  void ending(const std::vector<Entry>& entries, std::size_t at) {
    const std::size_t directory_at = at;
    for (const auto& entry : entries_) {
      const Bytes expected = central_header(entry);
      if (at > archive_.size() || archive_.substr(at, expected.size()) != expected)
        fault(entry.name, "The member's entry in the directory is not the one that belongs to it.");
      at += expected.size();
    }
    if (entries_.size() != entries.size()) return;
    const Bytes expected = end_record(entries_.size(), at - directory_at, directory_at);
    if (at > archive_.size() || archive_.substr(at, expected.size()) != expected)
      fault("", "The record at the end of the directory is not the one that belongs there.");
    at += expected.size();
    if (at < archive_.size())
      fault("", std::to_string(archive_.size() - at) + " octets follow where the archive ends.");
  }

  ByteView archive_;
  PackReading reading_;
  std::vector<Entry> entries_;
};

}  // namespace

bool is_pack_name(std::string_view name) {
  if (name.empty() || name.size() > 120) return false;
  std::string_view rest = name;
  for (;;) {
    const auto slash = rest.find('/');
    const auto segment = rest.substr(0, slash);
    if (segment.empty() || segment == "." || segment == "..") return false;
    for (const char c : segment) {
      const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                        c == '_' || c == '-';
      if (!good) return false;
    }
    if (slash == std::string_view::npos) return true;
    rest = rest.substr(slash + 1);
  }
}

Result<Bytes> write_pack(const std::vector<PackMember>& members) {
  std::size_t total = kEndBytes;
  std::set<std::string_view> names;
  for (const auto& member : members) {
    if (!is_pack_name(member.name) || !names.insert(member.name).second)
      return refuse("pack_name_wrong", "\"" + member.name + "\" cannot name a member of a pack, or is there twice.");
    total += kLocalBytes + kCentralBytes + 2 * member.name.size() + member.data.size();
  }
  if (members.size() > kPackMembersMax || total > kPackBytesMax)
    return refuse("pack_too_large", "The pack would hold " + std::to_string(members.size()) + " members and " +
                                        std::to_string(total) + " octets, more than a pack may.");
  Bytes out, directory;
  out.reserve(total);
  for (const auto& member : members) {
    const Entry entry{member.name, crc32(member.data), static_cast<std::uint32_t>(member.data.size()),
                      static_cast<std::uint32_t>(out.size())};
    out += local_header(entry);
    out += member.data;
    directory += central_header(entry);
  }
  const std::size_t directory_at = out.size();
  out += directory;
  return out + end_record(members.size(), directory.size(), directory_at);
}

PackReading read_pack(ByteView archive) {
  return Reader(archive).read();
}

}  // namespace zhida::seal
