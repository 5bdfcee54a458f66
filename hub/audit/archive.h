// Archives: the log's oldest records in files of their own, with everything that proves them. A folder holds
//   records.txt    one record a line: its leaf hash, a blank, its canonical form
//   heads.jsonl    the sealed heads over them, with time-stamps and countersignatures; the last one covers all records
//   manifest.json  what is in the folder, where it stands in the log, digests of both files, a proof to the last head
//   manifest.ses   the hub's seal over the manifest
#pragma once
#include <functional>
#include <string>

#include "audit/verify_log.h"

namespace zhida::audit {

class LogCheck;

struct ArchiveRequest {
  Instant before{};        ///< Records written before this.
  std::string folder;      ///< Must not be there yet.
  bool with_token = true;  ///< Only as far as a time-stamped head reaches, where there is one.
  /// Seals octets (media type, name) with the hub's seal.
  std::function<Result<Bytes>(ByteView payload, const std::string& media_type, const std::string& name)> seal;
};
struct ArchiveWritten {
  std::int64_t first_seq = 0, last_seq = 0;
  std::uint64_t head_size = 0;
  Bytes record_hash;     ///< Of the last record.
  std::string manifest;  ///< `sm3:<hex>` of manifest.json
};

/// Writes the records that no archive holds yet, whole tiles only. Errors `archive_empty` (nothing is old enough and
/// sealed), `archive_folder_there`, of storage, of writing and of the seal.
Result<ArchiveWritten> write_archive(storage::Transaction& transaction, const ArchiveRequest& request);
/// Notes the archive in the log and in the store; from then on prune_archived() may delete its records here.
Result<void> note_archive(storage::Transaction& transaction, const AuditTrail& trail, const ArchiveWritten& archive,
                          const std::string& actor, const std::string& division, Instant now);
/// Deletes archived records, and the heads below the archive's last one, at most `limit` records a call; the hashes of
/// all stay. Gives how many records went.
Result<std::int64_t> prune_archived(storage::Transaction& transaction, std::int64_t limit);

/// Checks an archive as the next part of a log. Errors of reading, `archive_malformed`.
Result<void> check_archive(LogCheck& check, const std::string& folder, const LogCheckOptions& options);
/// Archives alone, without a store: from the first record of the first one. For those who keep them.
Result<LogReport> verify_archives(const LogCheckOptions& options);

}  // namespace zhida::audit
