// The last step of every transport: drop what is not granted, hand the batch to the source door, count.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "adapter_api/adapter.h"

namespace zhida::transports {

/// Removes record types without a grant and columns without a grant. Where a column was dropped, the record's body
/// becomes the canonical JSON of the columns that stay: what is not granted is not stored anywhere. A payload that the
/// source itself sealed stays as it is, because a seal proves octets and not parts of them.
void keep_granted(const AdapterContext& context, SourceBatch& batch);

/// Record types that shall be pulled now: emitted by the adapter, asked for (empty: all) and granted.
std::vector<std::string> types_to_pull(const AdapterContext& context, const std::vector<std::string>& emitted,
                                       const PullRequest& request);

/// A batch id that is the same whenever the same rows come again on the same day: SHA-256 over types, keys, changes,
/// bodies, days and `day` (the day of extraction: the same rows on a later day are newer news, so they must not be
/// taken for a repetition). `prefix` says what it was: `page`, `rows`.
std::string digest_batch_id(std::string_view prefix, const SourceBatch& batch, Date day);

/// Hands batches over and keeps count. One a pull.
class Delivery {
 public:
  explicit Delivery(AdapterContext& context) : context_(context) {}
  /// Filters by grant, then delivers. A batch without rows, cursors and complete_for is not delivered at all.
  /// Gives the outcomes of the rows that were handed over.
  Result<std::vector<RecordOutcome>> hand_over(SourceBatch batch);
  const PullSummary& summary() const { return summary_; }

 private:
  AdapterContext& context_;
  PullSummary summary_;
};

}  // namespace zhida::transports
