#include "adapter_api/transports/file_drop.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/crypto/digest.h"

namespace zhida::transports {
namespace {

namespace fs = std::filesystem;

Error io_error(const std::string& what, const std::string& path, int number) {
  return retry("source_unreachable", what + " " + path + ": " + std::strerror(number) + ".");
}

// A rename is durable once the folder is flushed.
void flush_folder(const fs::path& folder) {
  const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return;
  ::fsync(handle);
  ::close(handle);
}

Result<void> move_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return io_error("Cannot move a file to", to, errno);
  flush_folder(fs::path(from).parent_path());
  flush_folder(fs::path(to).parent_path());
  return ok();
}

// Only plain files: never through a symbolic link, which could point anywhere.
std::optional<struct stat> plain_file(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  return info;
}

std::int64_t written_nanos(const struct stat& info) {
  return static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec;
}

Result<std::vector<std::string>> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    names.push_back(entry->path().filename().string());
  if (error) return retry("source_unreachable", "Cannot list " + folder + ": " + error.message() + ".");
  std::sort(names.begin(), names.end());
  return names;
}

std::string printable(std::string_view name) {
  std::string text;
  for (const char c : name.substr(0, 200)) text += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  return text;
}

}  // namespace

Result<void> check_file_name(std::string_view name) {
  bool good = !name.empty() && name.size() <= 200 && name.front() != '.';
  for (const char c : name) good = good && static_cast<unsigned char>(c) >= 0x20 && c != '/' && c != '\\' && c != 0x7F;
  if (good) return ok();
  return refuse("file_name_wrong", "\"" + printable(name) +
                                       "\" is no file name that is taken: 1 to 200 octets, without folders and control "
                                       "characters, not beginning with a dot.");
}

std::string file_batch_id(std::string_view name, ByteView content) {
  std::string text = std::to_string(name.size()) + ":";
  text += name;
  text += content;
  return "file:" + to_hex(crypto::sha256(text));
}

void complete_file_batch(SourceBatch& batch, const std::string& name, ByteView content, Instant now) {
  if (batch.batch_id.empty()) batch.batch_id = file_batch_id(name, content);
  if (batch.origin.empty()) batch.origin = name;
  if (batch.trace_id.empty()) batch.trace_id = new_trace_id();
  batch.received_at = now;
}

std::string FileDrop::in(const char* folder, const std::string& name) const {
  return options_.folder + "/" + folder + "/" + name;
}

Result<FileDrop> FileDrop::open(FileDropOptions options) {
  for (const char* folder : {"inbox", "working", "processed", "refused", "feedback"}) {
    std::error_code error;
    fs::create_directories(fs::path(options.folder) / folder, error);
    if (error) {
      return retry("drop_folder_unusable", "The exchange folder " + options.folder + "/" + folder +
                                               " cannot be made: " + error.message() + ".");
    }
  }
  return FileDrop(std::move(options));
}

Result<std::vector<std::string>> FileDrop::waiting() const {
  auto names = TRY(names_in(options_.folder + "/inbox"));
  std::erase_if(names, [&](const std::string& name) {
    const bool ours = std::any_of(options_.endings.begin(), options_.endings.end(),
                                  [&](const std::string& ending) { return name.ends_with(ending); });
    return !ours || name.starts_with(".") || !plain_file(in("inbox", name));
  });
  return names;
}

bool FileDrop::stands_still(const std::string& name) {
  const auto info = plain_file(in("inbox", name));
  if (!info) return false;
  const auto now = std::chrono::steady_clock::now();
  const auto size = static_cast<std::uintmax_t>(info->st_size);
  const auto written = written_nanos(*info);
  // Its own time may already say that nobody has written to it for long enough.
  const auto wall_now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  if (wall_now - written >= std::chrono::nanoseconds(options_.stable_for).count() && wall_now >= written) return true;
  const auto found = seen_.find(name);
  if (found == seen_.end() || found->second.size != size || found->second.written != written) {
    seen_[name] = Seen{size, written, now};
    return options_.stable_for.count() == 0;
  }
  return now - found->second.since >= options_.stable_for;
}

Result<void> FileDrop::sweep(AdapterContext& context, Delivery& delivery, const DecodeFile& decode,
                             const AfterFile& after) {
  for (const auto& name : TRY(names_in(options_.folder + "/working"))) {
    if (context.stopping()) return ok();
    CHECK_OK(take(name, context, delivery, decode, after));
  }
  const auto names = TRY(waiting());
  std::erase_if(seen_, [&](const auto& seen) { return !std::binary_search(names.begin(), names.end(), seen.first); });
  for (const auto& name : names) {
    if (context.stopping()) return ok();
    if (!stands_still(name)) continue;
    CHECK_OK(move_file(in("inbox", name), in("working", name)));
    seen_.erase(name);
    CHECK_OK(take(name, context, delivery, decode, after));
  }
  return ok();
}

Result<void> FileDrop::take(const std::string& name, AdapterContext& context, Delivery& delivery,
                            const DecodeFile& decode, const AfterFile& after) {
  const auto path = in("working", name);
  const auto refused = [&](const Error& error) -> Result<void> {
    context.log().warning(
        "A file was refused and put aside.",
        {{"source", options_.source}, {"file", printable(name)}, {"code", error.code}, {"reason", error.message}});
    if (after) {
      CHECK_OK(after(FileResult{.name = name, .batch = nullptr, .outcomes = {}, .refused = error}));
    }
    return refuse_file(name, error);
  };

  if (const auto named = check_file_name(name); !named) return refused(named.error());
  const auto info = plain_file(path);
  if (!info) return io_error("This is no plain file:", path, EINVAL);
  if (static_cast<std::uintmax_t>(info->st_size) > options_.file_bytes_max) {
    return refused(refuse("file_too_large", name + " has " + std::to_string(info->st_size) + " octets; at most " +
                                                std::to_string(options_.file_bytes_max) + " are taken."));
  }
  const auto content = read_file(path, options_.file_bytes_max);
  if (!content) return retry("source_unreachable", content.error().message);

  auto batch = decode(name, content.value());
  if (!batch) return refused(batch.error());
  complete_file_batch(batch.value(), name, content.value(), context.clock().now());
  keep_granted(context, batch.value());
  auto delivered = delivery.hand_over(batch.value());
  if (!delivered) {
    if (delivered.error().fate == Fate::retry) return delivered.error();
    return refused(delivered.error());
  }
  if (after) {
    CHECK_OK(after(
        FileResult{.name = name, .batch = &batch.value(), .outcomes = std::move(delivered.value()), .refused = {}}));
  }
  // The same name may come again with other content; what is kept of the first stays.
  auto kept = in("processed", name);
  for (int copy = 2; fs::exists(fs::symlink_status(kept)); ++copy)
    kept = in("processed", name + "." + std::to_string(copy));
  return move_file(path, kept);
}

Result<void> FileDrop::refuse_file(const std::string& name, const Error& error) const {
  auto kept = in("refused", name);
  for (int copy = 2; fs::exists(fs::symlink_status(kept)); ++copy)
    kept = in("refused", name + "." + std::to_string(copy));
  const auto reason = write_file_atomically(kept + ".reason.txt", error.code + "\n" + error.message + "\n");
  if (!reason) return retry("source_unreachable", reason.error().message);
  return move_file(in("working", name), kept);
}

Result<void> FileDrop::write_feedback(const std::string& name, ByteView content) const {
  CHECK_OK(check_file_name(name));
  return write_file_atomically(in("feedback", name), content);
}

}  // namespace zhida::transports
