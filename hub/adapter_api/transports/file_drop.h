// File drop: the other side puts files into a folder. Each is claimed by a rename, read once, delivered, and kept in
// `processed` or, with the reason beside it, in `refused`.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapter_api/adapter.h"
#include "adapter_api/transports/delivery.h"

namespace zhida::transports {

struct FileDropOptions {
  std::string source;                ///< `social_security`
  std::string folder;                ///< Holds inbox/, working/, processed/, refused/, feedback/; made where missing.
  std::vector<std::string> endings;  ///< `.xml`; other files and names that begin with a dot are left alone.
  std::size_t file_bytes_max = 64u << 20;
  /// A file whose size and time stand still this long (real time) is complete. Writers that rename into place may be
  /// given zero.
  std::chrono::milliseconds stable_for{1'000};
};

/// One pass over the inbox. `decode` is the adapter's pure function; a file that it refuses goes to refused/ together
/// with NAME.reason.txt, and the pass goes on. `after` (may be unset) learns what became of a delivered file's rows, to
/// write a feedback file.
using DecodeFile = std::function<Result<SourceBatch>(const std::string& name, ByteView content)>;
struct FileResult {
  std::string name;
  const SourceBatch* batch = nullptr;   ///< Null for a file that was refused.
  std::vector<RecordOutcome> outcomes;  ///< In the order of SourceBatch::records, then the unreadable ones.
  std::optional<Error> refused;
};
using AfterFile = std::function<Result<void>(const FileResult&)>;

class FileDrop {
 public:
  /// Errors `drop_folder_unusable`.
  static Result<FileDrop> open(FileDropOptions options);

  /// Ask types_to_pull() first: without a grant nothing is even claimed.
  /// Takes the stable files in the order of their names; what a crash left in working/ comes first. A file is moved out
  /// of working/ only after its batch is durable, so that a crash delivers it again under the same batch id. Errors of
  /// delivery with Fate::retry end the pass and leave the file for the next one.
  Result<void> sweep(AdapterContext& context, Delivery& delivery, const DecodeFile& decode,
                     const AfterFile& after = {});

  /// Writes feedback/NAME whole or not at all.
  Result<void> write_feedback(const std::string& name, ByteView content) const;
  /// Files waiting in the inbox, by name (`zhida adapter test`).
  Result<std::vector<std::string>> waiting() const;
  const FileDropOptions& options() const { return options_; }

 private:
  explicit FileDrop(FileDropOptions options) : options_(std::move(options)) {}
  struct Seen {
    std::uintmax_t size = 0;
    std::int64_t written = 0;
    std::chrono::steady_clock::time_point since;
  };
  std::string in(const char* folder, const std::string& name) const;
  Result<void> take(const std::string& name, AdapterContext& context, Delivery& delivery, const DecodeFile& decode,
                    const AfterFile& after);
  Result<void> refuse_file(const std::string& name, const Error& error) const;
  bool stands_still(const std::string& name);
  FileDropOptions options_;
  std::map<std::string, Seen> seen_;
};

/// Fills what `decode` left open: batch id (file_batch_id, unless the file carries a package number of its own), origin
/// (the name), time and trace.
void complete_file_batch(SourceBatch& batch, const std::string& name, ByteView content, Instant now);
/// `file:` and the SHA-256 of name and content: the same file is the same batch, however it comes.
std::string file_batch_id(std::string_view name, ByteView content);
/// Whether `name` is a plain file name: no folders, no control characters, at most 200 octets. Error `file_name_wrong`.
Result<void> check_file_name(std::string_view name);

}  // namespace zhida::transports
