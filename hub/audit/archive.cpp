#include "audit/archive.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include <unistd.h>

#include "audit/audit_record.h"
#include "audit/log_check.h"
#include "platform/crypto/digest.h"

namespace zhida::audit {
namespace {

constexpr std::int64_t kPageRows = 1000;
constexpr std::size_t kLineBytesMax = 8u << 20;
constexpr const char* kManifestMedia = "application/vnd.zhida.log-archive+json";

Error malformed(const std::string& folder, const std::string& what) {
  return refuse("archive_malformed", folder + ": " + what);
}

/// A file that is written once, hashed on its way and flushed to disk at its end.
class HashedFile {
 public:
  explicit HashedFile(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "wxb")) {}
  ~HashedFile() {
    if (file_ != nullptr) std::fclose(file_);
  }
  HashedFile(const HashedFile&) = delete;
  HashedFile& operator=(const HashedFile&) = delete;
  void write(ByteView data) {
    digest_.update(data);
    good_ = good_ && file_ != nullptr && std::fwrite(data.data(), 1, data.size(), file_) == data.size();
  }
  Result<std::string> finish() {
    good_ = good_ && file_ != nullptr && std::fflush(file_) == 0 && ::fsync(::fileno(file_)) == 0;
    if (!good_) return refuse("file_unwritable", path_ + " cannot be written: " + std::strerror(errno) + ".");
    return "sm3:" + to_hex(digest_.finish());
  }

 private:
  std::string path_;
  std::FILE* file_;
  bool good_ = true;
  crypto::Sm3Stream digest_;
};

Json hex_list(const std::vector<NodeHash>& hashes) {
  Json list = Json::array();
  for (const auto& hash : hashes) list.push_back(to_hex(crypto::octets_of(hash)));
  return list;
}

Result<std::vector<NodeHash>> read_hex_list(const Json& object, const char* name) {
  std::vector<NodeHash> hashes;
  if (!object.contains(name) || !object[name].is_array())
    return refuse("field_missing", std::string(name) + " is missing.");
  for (const auto& item : object[name]) {
    if (!item.is_string()) return refuse("field_wrong_type", std::string(name) + " must hold text.");
    hashes.push_back(TRY(crypto::node_hash_of_hex(item.get_ref<const std::string&>())));
  }
  return hashes;
}

struct Range {
  std::int64_t first = 1, last = 0;
  Bytes hash_before = Bytes(32, '\0');
};

Result<Range> next_range(storage::Transaction& transaction, const ArchiveRequest& request) {
  Range range;
  const auto archived = TRY(
      transaction.query("SELECT last_seq, record_hash FROM audit_archive ORDER BY last_seq DESC LIMIT 1", {}, "ib"));
  if (!archived.empty()) {
    range.first = archived.front().integer(0) + 1;
    range.hash_before = archived.front().blob(1);
  }
  const auto young = TRY(transaction.query("SELECT coalesce(min(seq), 0) FROM audit_record WHERE at >= ? AND seq >= ?",
                                           {to_millis(request.before), range.first}, "i"));
  const auto newest = static_cast<std::int64_t>(TRY(last_seq(transaction)));
  auto end = newest;
  if (young.front().integer(0) != 0) end = young.front().integer(0) - 1;
  const auto head = TRY(last_head(transaction));
  const auto token = TRY(last_token(transaction));
  std::uint64_t reach = head ? head->size : 0;
  if (request.with_token && token) reach = std::min(reach, token->size);
  // One record at least stays, so that the next one has somebody to follow.
  end = std::min({end, static_cast<std::int64_t>(reach), newest - 1});
  range.last = end - end % static_cast<std::int64_t>(kTileHashes);
  if (range.last >= range.first) return range;
  return refuse("archive_empty", "There is no whole tile of 256 sealed records before " + to_rfc3339(request.before) +
                                     " that is not archived yet.");
}

Result<std::string> write_records(storage::Transaction& transaction, const Range& range, const std::string& path,
                                  Bytes& last_hash) {
  HashedFile file(path);
  static const std::string kSelect =
      std::string("SELECT ") + kAllColumns + " FROM audit_record WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?";
  std::int64_t next = range.first;
  while (next <= range.last) {
    const auto rows = TRY(transaction.query(kSelect, {next, range.last, kPageRows}, kAllColumnTypes));
    if (rows.empty()) return refuse("archive_malformed", record_number(next) + " is missing; verify the log first.");
    for (const auto& row : rows) {
      std::string line = to_hex(row.blob(14)) + " ";
      append_canonical_form(line, row.integer(0), row.integer(1),
                            {row.text(2), row.text(3), row.text(4), row.text(5), row.text(6), row.text(7), row.text(8),
                             row.text(9), row.text(10), row.text(11)},
                            row.blob(12));
      file.write(line + "\n");
      last_hash = row.blob(13);
      ++next;
    }
  }
  return file.finish();
}

Result<std::string> write_heads(storage::Transaction& transaction, const Range& range, std::uint64_t covering,
                                const std::string& path) {
  HashedFile file(path);
  auto after = static_cast<std::uint64_t>(range.first - 1);
  for (bool more = true; more;) {
    const auto heads = TRY(read_heads(transaction, after, 200));
    more = !heads.empty();
    for (const auto& head : heads) {
      after = head.size;
      if (head.size > static_cast<std::uint64_t>(range.last) && head.size != covering) continue;
      if (head.size > covering) {
        more = false;
        break;
      }
      file.write(TRY(canonical_json(TRY(head_document(transaction, head)))) + "\n");
    }
  }
  return file.finish();
}

/// The head that covers the whole archive: the first time-stamped one where there is one, for its time is the earliest.
Result<StoredHead> covering_head(storage::Transaction& transaction, std::int64_t last) {
  const auto size = static_cast<std::uint64_t>(last);
  if (const auto token = TRY(first_token_with(transaction, size)))
    if (auto head = TRY(find_head(transaction, token->size))) return *head;
  auto head = TRY(first_head_with(transaction, size));
  if (!head) return refuse("archive_empty", "No sealed head covers record " + std::to_string(last) + " yet.");
  return *head;
}

struct Manifest {
  std::string log;
  Range range;
  std::uint64_t head_size = 0;
  Bytes record_hash;
  std::vector<NodeHash> peaks_before, consistency;
  std::string records_digest, heads_digest;
};

Result<Manifest> read_manifest(const Json& json) {
  Manifest manifest;
  if (TRY(get_int(json, "v")) != 1) return refuse("field_wrong_type", "its version is not 1.");
  manifest.log = TRY(get_string(json, "log"));
  manifest.range.first = TRY(get_int(json, "first_seq"));
  manifest.range.last = TRY(get_int(json, "last_seq"));
  manifest.range.hash_before = TRY(from_hex(TRY(get_string(json, "record_hash_before"))));
  manifest.record_hash = TRY(from_hex(TRY(get_string(json, "record_hash"))));
  const auto head_size = TRY(get_int(json, "head_size"));
  if (manifest.range.first < 1 || manifest.range.last < manifest.range.first || head_size < manifest.range.last)
    return refuse("field_wrong_type", "its numbers cannot be.");
  manifest.head_size = static_cast<std::uint64_t>(head_size);
  manifest.peaks_before = TRY(read_hex_list(json, "peaks_before"));
  manifest.consistency = TRY(read_hex_list(json, "consistency"));
  manifest.records_digest = TRY(get_string(json, "records"));
  manifest.heads_digest = TRY(get_string(json, "heads"));
  return manifest;
}

Result<HeadToCheck> read_head_line(const std::string& line) {
  const Json json = TRY(parse_json(line));
  HeadToCheck one;
  one.head.payload = TRY(get_string(json, "head"));
  one.head.seal = TRY(from_base64(TRY(get_string(json, "seal"))));
  const auto said = TRY(seal::parse_tree_head(one.head.payload));
  one.head.size = said.size;
  one.head.root = said.root;
  if (json.contains("token") && json["token"].is_string()) {
    one.token.emplace();
    one.token->token = TRY(from_base64(TRY(get_string(json, "token"))));
    one.token->gen_time = TRY(parse_rfc3339(TRY(get_string(json, "gen_time"))));
  }
  if (json.contains("witnesses") && json["witnesses"].is_array())
    for (const auto& witness : json["witnesses"]) {
      Countersignature countersignature;
      countersignature.size = said.size;
      countersignature.peer = TRY(get_string(witness, "peer"));
      countersignature.seal = TRY(from_base64(TRY(get_string(witness, "seal"))));
      one.countersignatures.push_back(std::move(countersignature));
    }
  return one;
}

/// What a line of records.txt says. A line that cannot be one is a record that was changed.
std::optional<RecordToCheck> read_record_line(const std::string& line) {
  if (line.size() < 66 || line[64] != ' ') return std::nullopt;
  const auto leaf = from_hex(std::string_view(line).substr(0, 64));
  const auto json = parse_json(std::string_view(line).substr(65));
  if (!leaf || !json) return std::nullopt;
  const auto seq = get_int(json.value(), "seq");
  const auto prev = get_string(json.value(), "prev_hash");
  const auto prev_hash = prev ? from_hex(prev.value()) : Result<Bytes>(prev.error());
  if (!seq || !prev_hash) return std::nullopt;
  RecordToCheck record;
  record.seq = seq.value();
  record.canonical.assign(1, '\0').append(line, 65);
  record.prev_hash = prev_hash.value();
  record.leaf_hash = leaf.value();
  return record;
}

Result<void> check_records_file(LogCheck& check, const std::string& path, const Manifest& manifest,
                                const LogCheckOptions& options) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return refuse("file_missing", path + " cannot be read.");
  std::vector<RecordToCheck> page;
  std::int64_t in_file = manifest.range.first - 1;
  std::int64_t reported = check.next();
  const auto flush = [&]() -> Result<void> {
    CHECK_OK(check.check(page, [&](std::size_t index, LogReport&) {
      check.broken(page[index].seq, "changed",
                   record_number(page[index].seq) + " is not what was written: its hash does not fit its content.");
      return ok();
    }));
    page.clear();
    if (options.progress && check.next() - reported >= 10'000) {
      reported = check.next();
      options.progress(check.next() - 1);
    }
    return ok();
  };
  std::string line;
  while (check.holds() && std::getline(file, line)) {
    if (line.size() > kLineBytesMax) return malformed(path, "a line is too long.");
    ++in_file;
    auto record = read_record_line(line);
    // A last line without its end was cut.
    if (!record || file.eof()) {
      CHECK_OK(flush());
      check.broken(in_file, file.eof() ? "truncated" : "changed",
                   record_number(in_file) + " cannot be read in " + path + ".");
      return ok();
    }
    page.push_back(std::move(*record));
    if (std::ssize(page) >= kPageRows) {
      CHECK_OK(flush());
    }
  }
  CHECK_OK(flush());
  if (check.holds() && check.next() != manifest.range.last + 1)
    check.broken(check.next(), check.next() <= manifest.range.last ? "truncated" : "inserted",
                 path + " ends with record " + std::to_string(check.next() - 1) + ", not " +
                     std::to_string(manifest.range.last) + ".");
  return ok();
}

}  // namespace

Result<ArchiveWritten> write_archive(storage::Transaction& transaction, const ArchiveRequest& request) {
  const auto range = TRY(next_range(transaction, request));
  const auto head = TRY(covering_head(transaction, range.last));
  std::error_code error;
  if (!std::filesystem::create_directory(request.folder, error) || error)
    return refuse("archive_folder_there",
                  request.folder + " cannot be made: it must be a new folder in one that is there.");
  ArchiveWritten archive{range.first, range.last, head.size, {}, {}};
  const std::string records =
      TRY(write_records(transaction, range, request.folder + "/records.txt", archive.record_hash));
  const std::string heads = TRY(write_heads(transaction, range, head.size, request.folder + "/heads.jsonl"));
  TreeReader reader(transaction);
  const auto before = TRY(frontier_at(transaction, static_cast<std::uint64_t>(range.first - 1)));
  const auto proof = TRY(crypto::consistency_proof_from(crypto::TreeHash::sm3, static_cast<std::uint64_t>(range.last),
                                                        head.size, reader.source()));
  const std::string log = TRY(log_id(transaction));
  const Json manifest{{"v", 1},
                      {"log", log},
                      {"first_seq", range.first},
                      {"last_seq", range.last},
                      {"record_hash_before", to_hex(range.hash_before)},
                      {"record_hash", to_hex(archive.record_hash)},
                      {"peaks_before", hex_list(before.peaks())},
                      {"head_size", head.size},
                      {"consistency", hex_list(proof)},
                      {"records", records},
                      {"heads", heads}};
  const std::string text = TRY(canonical_json(manifest));
  CHECK_OK(write_file_atomically(request.folder + "/manifest.json", text));
  CHECK_OK(write_file_atomically(
      request.folder + "/manifest.ses",
      TRY(request.seal(text, kManifestMedia,
                       "log-archive-" + std::to_string(range.first) + "-" + std::to_string(range.last)))));
  archive.manifest = "sm3:" + to_hex(crypto::sm3(text));
  return archive;
}

Result<void> note_archive(storage::Transaction& transaction, const AuditTrail& trail, const ArchiveWritten& archive,
                          const std::string& actor, const std::string& division, Instant now) {
  AuditEntry entry;
  entry.kind = "log_archived";
  entry.actor = actor;
  entry.subject_type = "log";
  entry.subject_id = std::to_string(archive.first_seq) + "-" + std::to_string(archive.last_seq);
  entry.division = division;
  entry.detail = {{"first_seq", archive.first_seq}, {"last_seq", archive.last_seq}, {"head_size", archive.head_size}};
  entry.payload_digest = archive.manifest;
  (void)TRY(trail.append(transaction, entry));
  CHECK_OK(transaction.execute(
      "INSERT INTO audit_archive (last_seq, first_seq, at, head_size, record_hash, manifest) VALUES (?, ?, ?, ?, ?, ?)",
      {archive.last_seq, archive.first_seq, to_millis(now), static_cast<std::int64_t>(archive.head_size),
       storage::Blob{archive.record_hash}, archive.manifest}));
  return ok();
}

Result<std::int64_t> prune_archived(storage::Transaction& transaction, std::int64_t limit) {
  const auto rows = TRY(
      transaction.query("SELECT coalesce(max(last_seq), 0), coalesce(max(head_size), 0) FROM audit_archive", {}, "ii"));
  const auto last = rows.front().integer(0);
  const auto first =
      TRY(transaction.query("SELECT coalesce(min(seq), 0) FROM audit_record", {}, "i")).front().integer(0);
  const auto gone =
      TRY(transaction.execute("DELETE FROM audit_record WHERE seq <= ? AND seq < ?", {last, first + limit}));
  if (gone > 0) return gone;
  for (const char* sql : {"DELETE FROM audit_witness WHERE size < ?", "DELETE FROM audit_time WHERE size < ?",
                          "DELETE FROM audit_head WHERE size < ?"}) {
    CHECK_OK(transaction.execute(sql, {rows.front().integer(1)}));
  }
  return std::int64_t{0};
}

Result<void> check_archive(LogCheck& check, const std::string& folder, const LogCheckOptions& options) {
  const std::string text = TRY(read_file(folder + "/manifest.json"));
  const auto json = parse_json(text);
  const auto read = json ? read_manifest(json.value()) : Result<Manifest>(json.error());
  if (!read) return malformed(folder + "/manifest.json", read.error().message);
  const Manifest& manifest = read.value();
  const auto first = manifest.range.first;
  if (first != check.next()) {
    check.broken(
        check.next(), "missing",
        folder + " begins with record " + std::to_string(first) + ", not with " + std::to_string(check.next()) + ".");
    return ok();
  }
  if (options.trust != nullptr) {
    const auto ses = TRY(read_file(folder + "/manifest.ses"));
    const auto sealed = seal::verify(ses, text, *options.trust, {.now = options.now});
    if (!sealed.passed() || sealed.media_type != kManifestMedia) {
      check.broken(first, "head_seal_wrong", "The seal of " + folder + " does not hold: " + sealed.detail);
      return ok();
    }
  }
  if (check.previous_hash() != manifest.range.hash_before) {
    check.broken(first, "inserted", folder + " does not follow the records before it.");
    return ok();
  }
  std::vector<HeadToCheck> heads;
  {
    std::ifstream file(folder + "/heads.jsonl", std::ios::binary);
    for (std::string line; std::getline(file, line);) {
      auto head = read_head_line(line);
      if (!head) {
        check.broken(first, "head_malformed", folder + "/heads.jsonl: " + head.error().message);
        return ok();
      }
      heads.push_back(std::move(head).value());
    }
  }
  if (heads.empty() || heads.back().head.size != manifest.head_size) {
    check.broken(first, "head_malformed", folder + "/heads.jsonl lacks the head that covers all records.");
    return ok();
  }
  const HeadToCheck covering = heads.back();
  const bool beyond = manifest.head_size > static_cast<std::uint64_t>(manifest.range.last);
  if (beyond) heads.pop_back();
  CHECK_OK(check.use_heads([heads](std::uint64_t after) -> Result<std::vector<HeadToCheck>> {
    std::vector<HeadToCheck> coming;
    std::copy_if(heads.begin(), heads.end(), std::back_inserter(coming),
                 [&](const auto& head) { return head.head.size > after; });
    return coming;
  }));
  CHECK_OK(check_records_file(check, folder + "/records.txt", manifest, options));
  if (check.holds() && beyond) {
    CHECK_OK(check.check_head_beyond(covering, manifest.consistency));
  }
  if (!check.holds()) return ok();
  if (check.previous_hash() != manifest.record_hash)
    check.broken(manifest.range.last, "changed", folder + "/manifest.json tells of another last record.");
  return ok();
}

Result<LogReport> verify_archives(const LogCheckOptions& options) {
  LogCheck check(options);
  bool first = true;
  for (const auto& folder : options.archives) {
    if (std::exchange(first, false)) {
      // Archives that begin in the middle: the tree so far is taken from the manifest, and its heads prove it.
      const auto json = TRY(parse_json(TRY(read_file(folder + "/manifest.json"))));
      const auto manifest = read_manifest(json);
      if (!manifest) return malformed(folder + "/manifest.json", manifest.error().message);
      const auto before = manifest.value().range.first - 1;
      auto tree = crypto::MerkleFrontier::restore(crypto::TreeHash::sm3, static_cast<std::uint64_t>(before),
                                                  manifest.value().peaks_before);
      if (!tree) return malformed(folder + "/manifest.json", tree.error().message);
      check.begin_after(before, manifest.value().range.hash_before, std::move(tree).value());
    }
    CHECK_OK(check_archive(check, folder, options));
    if (!check.holds()) break;
  }
  CHECK_OK(check.check_end());
  return std::move(check.report());
}

}  // namespace zhida::audit
