#include "flow/log_keeper.h"

#include <utility>

#include "audit/audit_trail.h"
#include "audit/head_store.h"
#include "seal/sealer.h"

namespace zhida::flow {
namespace {

constexpr std::chrono::seconds kHeadEvery{1};
constexpr std::uint64_t kRecordsPerHead = 1'000;

}  // namespace

LogKeeper::LogKeeper(const Rooms& rooms, std::function<void()> sealed)
    : rooms_(rooms),
      sealed_(std::move(sealed)),
      worker_("log_keeper", rooms.clock, 200ms, [this] { return round(); }) {}

Result<void> LogKeeper::begin() {
  CHECK_OK(rooms_.database.read([](storage::Transaction& transaction) { return audit::check_last_head(transaction); }));
  return commit(rooms_.writer, "log", {}, [this](storage::Transaction& transaction) -> Result<void> {
    log_ = TRY(audit::ensure_log(transaction, rooms_.clock.now()));
    return ok();
  });
}

Result<bool> LogKeeper::round() {
  return seal_next(false);
}

Result<void> LogKeeper::seal_rest() {
  while (TRY(seal_next(true))) continue;
  return ok();
}

Result<bool> LogKeeper::seal_next(bool at_once) {
  std::optional<audit::NextHead> next;
  std::uint64_t waiting = 0;
  const auto since = std::chrono::steady_clock::now() - last_sealed_;
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    const auto head = TRY(audit::last_head(transaction));
    waiting = TRY(audit::last_seq(transaction)) - (head ? head->size : 0);
    if (waiting == 0 || (!at_once && waiting < kRecordsPerHead && since < kHeadEvery)) return ok();
    next = TRY(audit::next_head(transaction, log_, rooms_.clock.now()));
    return ok();
  }));
  if (!next) return false;
  const Bytes payload = seal::to_payload(next->head);
  const Bytes seal = TRY(rooms_.sealer.seal(payload, seal::kTreeHeadMedia,
                                            "tree-head-" + std::to_string(next->head.size), "", next->head.time));
  CHECK_OK(commit(rooms_.writer, "log", {},
                  [&](storage::Transaction& transaction) { return audit::store_head(transaction, *next, seal); }));
  last_sealed_ = std::chrono::steady_clock::now();
  sealed_();
  return waiting >= 2 * kRecordsPerHead;
}

Result<LogKeeper::Numbers> LogKeeper::numbers() const {
  Numbers numbers;
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    numbers.log = TRY(audit::log_id(transaction));
    numbers.records = TRY(audit::last_seq(transaction));
    const auto head = TRY(audit::last_head(transaction));
    if (!head) return ok();
    numbers.sealed = head->size;
    numbers.sealed_at = to_rfc3339(head->at);
    return ok();
  }));
  return numbers;
}

}  // namespace zhida::flow
