#include "base/bytes.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace zhida {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct File {
  explicit File(int descriptor) : fd(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  int fd;
};

}  // namespace

std::string to_hex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
  return out;
}

Result<Bytes> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return refuse("hex_malformed", "Hexadecimal text needs an even number of digits.");
  Bytes out;
  out.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_digit(hex[i]);
    const int low = hex_digit(hex[i + 1]);
    if (high < 0 || low < 0)
      return refuse("hex_malformed", "Not a hexadecimal digit at offset " + std::to_string(i) + ".");
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

std::string to_base64(ByteView bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < left ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    out += kBase64[group >> 18 & 63];
    out += kBase64[group >> 12 & 63];
    out += left > 1 ? kBase64[group >> 6 & 63] : '=';
    out += left > 2 ? kBase64[group & 63] : '=';
  }
  return out;
}

Result<Bytes> from_base64(std::string_view text) {
  static const auto table = [] {
    std::array<std::int8_t, 256> t{};
    t.fill(-1);
    for (std::size_t i = 0; i < kBase64.size(); ++i)
      t[static_cast<unsigned char>(kBase64[i])] = static_cast<std::int8_t>(i);
    return t;
  }();
  if (text.size() % 4 != 0) return refuse("base64_malformed", "Base64 text must come in groups of four characters.");
  Bytes out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    std::size_t padding = 0;
    if (last && text[i + 3] == '=') padding = text[i + 2] == '=' ? 2 : 1;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      int v = 0;
      if (k < 4 - padding) {
        v = table[static_cast<unsigned char>(text[i + k])];
        if (v < 0) return refuse("base64_malformed", "Not a base64 character at offset " + std::to_string(i + k) + ".");
      }
      group = group << 6 | static_cast<std::uint32_t>(v);
    }
    if ((padding == 1 && (group & 0xff) != 0) || (padding == 2 && (group & 0xffff) != 0))
      return refuse("base64_malformed", "Bits are set behind the last octet.");
    out += static_cast<char>(group >> 16 & 0xff);
    if (padding < 2) out += static_cast<char>(group >> 8 & 0xff);
    if (padding < 1) out += static_cast<char>(group & 0xff);
  }
  return out;
}

Result<Bytes> read_file(const std::string& path, std::size_t limit_bytes) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0)
    return refuse(errno == ENOENT ? "file_missing" : "file_unreadable",
                  path + ": cannot be read (" + std::strerror(errno) + ").");
  Bytes out;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t got = ::read(file.fd, buffer.data(), buffer.size());
    if (got == 0) return out;
    if (got < 0) {
      if (errno == EINTR) continue;
      return refuse("file_unreadable", path + ": cannot be read (" + std::strerror(errno) + ").");
    }
    if (out.size() + static_cast<std::size_t>(got) > limit_bytes)
      return refuse("file_too_large", path + ": larger than the limit of " + std::to_string(limit_bytes) + " bytes.");
    out.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

Result<void> write_file_atomically(const std::string& path, ByteView content, unsigned mode) {
  const std::string temporary = path + ".new." + std::to_string(::getpid());
  const auto failed = [&](const char* what) {
    const std::string reason = std::strerror(errno);
    ::unlink(temporary.c_str());
    return retry("file_unwritable", path + ": " + what + " failed (" + reason + ").");
  };
  {
    const File file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (file.fd < 0) return failed("creating the file");
    std::size_t done = 0;
    while (done < content.size()) {
      const ssize_t wrote = ::write(file.fd, content.data() + done, content.size() - done);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return failed("writing");
      done += static_cast<std::size_t>(wrote);
    }
    if (::fsync(file.fd) != 0) return failed("flushing to disk");
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("renaming");
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const File directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.fd >= 0) (void)::fsync(directory.fd);
  return ok();
}

}  // namespace zhida
