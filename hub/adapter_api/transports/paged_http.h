// The page loop that survives what gateways do: pages served twice, totals that move, empty pages in the middle, page
// sizes ignored, log-in pages instead of JSON, refusals inside HTTP 200, slow answers and lost connections.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "adapter_api/adapter.h"
#include "adapter_api/transports/delivery.h"

namespace zhida::transports {

struct PageRequest {
  int number = 1;
  int size = 100;
  std::string since;  ///< Empty: from the beginning.
  std::string uscc;   ///< Not empty: only this firm.
};

/// What one answer says.
struct PageAnswer {
  std::vector<SourceRecord> records;
  std::vector<SourceBatch::Unreadable> unreadable;
  std::optional<std::int64_t> total;  ///< Rows of the whole answer, as this page claims.
  std::string newest;  ///< The latest update time among the rows, as sortable text; empty where no row tells.
};

struct PagedOptions {
  std::string source;  ///< `tax`
  std::string stream;  ///< Cursor name: `tax.arrears`.
  std::string origin;  ///< For people: the address without query.
  int page_size = 100;
  int pages_max = 100'000;                     ///< More is taken for a server that never ends: `source_endless`.
  int attempts = 6;                            ///< Of one page, the first included.
  int sweeps = 3;                              ///< Of the whole list, when totals say that rows were missed.
  int batch_rows = 1'000;                      ///< Pages are put together up to this many rows a batch.
  std::chrono::milliseconds first_pause{100};  ///< Doubles with each attempt, plus chance up to the same again.
  std::chrono::milliseconds pause_max{3'000};
};

struct Pager {
  std::function<Result<Bytes>(const PageRequest&)> fetch;  ///< One call.
  /// Pure. Errors with Fate::retry (a log-in page, a refusal inside 200) are asked again.
  std::function<Result<PageAnswer>(ByteView)> decode;
  /// The position to ask from next time, some way before `newest`, so that rows which got their time stamp before a
  /// sweep and became visible after it are seen. `newest` is empty where the rows tell no time; `now` is the business
  /// time at which the sweep began, and no position lies after it.
  std::function<std::string(const std::string& newest, Instant now)> resume_from;
};

/// Sweeps one list from its cursor (or for one firm, without touching the cursor) and hands each group of pages over.
/// The cursor goes along with the last batch of a sweep that missed nothing, never earlier.
Result<void> sweep_pages(AdapterContext& context, Delivery& delivery, const PagedOptions& options, const Pager& pager,
                         const PullRequest& request);

/// Calls `sweep` for each record type that shall be pulled now. A list that is refused or makes no sense does not cost
/// the others; a gateway that is away (`source_unreachable`) does. The first error is given back when all is done.
Result<void> sweep_each(const AdapterContext& context, const std::vector<std::string>& emitted,
                        const PullRequest& request, const std::function<Result<void>(const std::string& type)>& sweep);

/// `2025-11-03 09:00:00` (or with `T`, `/`, without seconds, date alone) `minutes` earlier, capped at `now`, written as
/// `YYYY-MM-DD HH:MM:SS`; empty for text that is no time.
std::string time_before(std::string_view text, std::chrono::minutes overlap, Instant now);
/// Brings a source's time to the sortable form `YYYY-MM-DD HH:MM:SS`; empty where it is none.
std::string sortable_time(std::string_view text);

}  // namespace zhida::transports
