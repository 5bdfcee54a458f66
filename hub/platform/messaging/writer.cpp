#include "platform/messaging/writer.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mutex.h"

namespace zhida::messaging {
namespace {

using storage::Blob;
using storage::Transaction;
using Moment = std::chrono::steady_clock::time_point;

const Log& writer_log() {
  static const Log log("writer");
  return log;
}

struct Entry {
  Work work;
  std::uint64_t number = 0;
  int tries_here = 0;
  Moment not_before{};
};

/// What one run of an entry came to; told only after the commit.
struct Verdict {
  Receipt receipt;
  bool again = false;  // Tried again later, in this writer.
};

/// An error of the connection, not of the work: the whole transaction is void.
bool is_of_the_store(const Error& error) {
  return error.code == "storage_lost" || error.code == "storage_busy";
}

// ---- the rows
// -----------------------------------------------------------------------------------------------------------------

enum class Seen { fresh, same, other_bytes };

Result<Seen> enter_inbox(Transaction& transaction, const Work& work, std::string_view outcome, std::int64_t now) {
  if (work.replay > 0) {
    const auto touched = TRY(transaction.execute(
        "UPDATE inbox SET replay = ?, outcome = ? WHERE peer = ? AND message_id = ? AND sha256 = ? AND replay < ?",
        {std::int64_t{work.replay}, std::string(outcome), work.peer, work.message_id, Blob{work.digest},
         std::int64_t{work.replay}}));
    return touched == 1 ? Seen::fresh : Seen::same;
  }
  const auto touched =
      TRY(transaction.execute("INSERT INTO inbox (peer, message_id, sha256, door, outcome, received_at) VALUES (?, ?, "
                              "?, ?, ?, ?) ON CONFLICT DO NOTHING",
                              {work.peer, work.message_id, Blob{work.digest}, work.door, std::string(outcome), now}));
  if (touched == 1) return Seen::fresh;
  const auto rows = TRY(transaction.query("SELECT sha256 FROM inbox WHERE peer = ? AND message_id = ?",
                                          {work.peer, work.message_id}, "b"));
  return !rows.empty() && rows[0].blob(0) == work.digest ? Seen::same : Seen::other_bytes;
}

Result<void> write_dead_letter(Transaction& transaction, const Work& work, const Error& error, int attempts,
                               std::int64_t now) {
  const Bytes& body = work.message ? *work.message : Bytes();
  CHECK_OK(transaction.execute(
      "INSERT INTO dead_letter (peer, message_id, door, address, sha256, code, message, body, attempts, created_at, "
      "last_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (peer, message_id, sha256) WHERE message_id <> '' "
      "DO UPDATE SET code = excluded.code, message = excluded.message, attempts = dead_letter.attempts + "
      "excluded.attempts, "
      "state = 'open', last_at = excluded.last_at",
      {work.peer, work.message_id, work.door, work.address, Blob{work.digest}, error.code, error.message, Blob{body},
       std::int64_t{attempts}, now, now}));
  return ok();
}

/// Counts one failed attempt; gives how many there were.
Result<int> count_attempt(Transaction& transaction, const Work& work, const Error& error, std::int64_t now) {
  CHECK_OK(
      transaction.execute("INSERT INTO delivery_attempt (peer, message_id, door, attempts, last_code, last_message, "
                          "last_at) VALUES (?, ?, ?, 1, ?, ?, ?) "
                          "ON CONFLICT (peer, message_id) DO UPDATE SET attempts = delivery_attempt.attempts + 1, "
                          "last_code = excluded.last_code, "
                          "last_message = excluded.last_message, last_at = excluded.last_at",
                          {work.peer, work.message_id, work.door, error.code, error.message, now}));
  const auto rows = TRY(transaction.query("SELECT attempts FROM delivery_attempt WHERE peer = ? AND message_id = ?",
                                          {work.peer, work.message_id}, "i"));
  return rows.empty() ? 1 : static_cast<int>(rows[0].integer(0));
}

/// A door that throws has a mistake in it; its message is kept for when that is mended.
Result<void> run_effect(const Work& work, Transaction& transaction) {
  try {
    return work.effect ? work.effect(transaction) : ok();
  } catch (const std::exception& problem) {
    return refuse("effect_failed", "Door " + work.door + " failed: " + problem.what() + ".");
  }
}

}  // namespace

class Writer::Impl {
 public:
  Impl(storage::Database& database, const Clock& clock, WriterOptions options)
      : database_(database), clock_(clock), options_(options), thread_([this] { run(); }) {}

  ~Impl() { stop(); }

  bool submit(Work work) {
    Lock lock(mutex_);
    room_.wait(lock, [this] { return stopping_ || held_bytes_ < options_.queue_bytes_max; });
    if (stopping_) return false;
    push(std::move(work));
    return true;
  }

  bool try_submit(Work& work) {
    const Lock lock(mutex_);
    if (stopping_ || held_bytes_ >= options_.queue_bytes_max) return false;
    push(std::move(work));
    return true;
  }

  void flush() {
    Lock lock(mutex_);
    const std::uint64_t upto = next_number_;
    settled_.wait(lock, [&] {
      return stopped_ || ((queue_.empty() || queue_.front().number > upto) && (!busy_ || busy_from_ > upto));
    });
  }

  void stop() {
    {
      const Lock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    room_.notify_all();
    const Lock lock(join_mutex_);
    if (thread_.joinable()) thread_.join();
  }

  void after_batch(std::function<void()> hook) {
    const Lock lock(after_batch_mutex_);
    after_batch_ = std::move(hook);
  }

  WriterStats stats() const {
    const Lock lock(mutex_);
    WriterStats now = stats_;
    now.queued = queue_.size();
    now.queued_bytes = held_bytes_;
    now.waiting_for_retry = waiting_count_;
    return now;
  }

 private:
  void push(Work&& work) REQUIRES(mutex_) {
    ZHIDA_ASSERT(work.message_id.empty() || work.digest.size() == 32);
    held_bytes_ += work.bytes;
    queue_.push_back(Entry{std::move(work), ++next_number_, 0, {}});
    if (queue_.size() == 1) changed_.notify_all();
  }

  // ---- the writer's thread
  // ----------------------------------------------------------------------------------------------------

  void run() {
    for (;;) {
      std::vector<Entry> batch;
      if (!take(batch)) break;
      handle(batch);
      const Lock lock(mutex_);
      busy_ = false;
      settled_.notify_all();
    }
    // What waits for a retry goes back to its sender.
    std::vector<Entry> left;
    for (auto& [due, entry] : retries_) left.push_back(std::move(entry));
    for (auto& [key, entries] : behind_)
      for (Entry& entry : entries) left.push_back(std::move(entry));
    retries_.clear();
    behind_.clear();
    const Error why = retry("writer_stopped", "The writer stopped before this could be tried again.");
    for (Entry& entry : left) tell(entry, Receipt{Receipt::Kind::abandoned, why, entry.tries_here});
    const Lock lock(mutex_);
    stopped_ = true;
    waiting_count_ = 0;
    settled_.notify_all();
  }

  /// The next batch: what is due again, then everything that waits, up to the caps; nobody waits for more to come.
  bool take(std::vector<Entry>& batch) {
    Lock lock(mutex_);
    for (;;) {
      const Moment now = std::chrono::steady_clock::now();
      std::size_t bytes = 0;
      const auto full = [&] {
        return batch.size() >= options_.operations_per_commit_max || (bytes >= options_.bytes_per_commit_max);
      };
      while (!stopping_ && !retries_.empty() && retries_.begin()->first <= now && !full()) {
        bytes += retries_.begin()->second.work.bytes;
        batch.push_back(std::move(retries_.begin()->second));
        retries_.erase(retries_.begin());
      }
      while (!queue_.empty() && !full()) {
        Entry entry = std::move(queue_.front());
        queue_.pop_front();
        if (const auto blocked = behind_.find(entry.work.order_key);
            !entry.work.order_key.empty() && blocked != behind_.end()) {
          blocked->second.push_back(std::move(entry));
          ++waiting_count_;
          continue;
        }
        bytes += entry.work.bytes;
        batch.push_back(std::move(entry));
      }
      if (!batch.empty()) {
        busy_ = true;
        busy_from_ = batch.front().number;
        for (const Entry& entry : batch)
          busy_from_ = std::min(busy_from_, entry.tries_here > 0 ? UINT64_MAX : entry.number);
        return true;
      }
      settled_.notify_all();
      if (stopping_) return false;
      if (retries_.empty())
        changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      else
        changed_.wait_until(lock, retries_.begin()->first, [this] { return stopping_ || !queue_.empty(); });
    }
  }

  void handle(std::vector<Entry>& batch) {
    std::vector<Verdict> verdicts;
    Result<void> committed = commit(batch, verdicts);
    if (committed) return tell_all(batch, verdicts);
    {
      const Lock lock(mutex_);
      ++stats_.commit_failures;
    }
    writer_log().warning("A commit failed; its works are tried one at a time.",
                         {{"code", committed.error().code},
                          {"why", committed.error().message},
                          {"works", std::to_string(batch.size())}});
    for (std::size_t i = 0; i < batch.size(); ++i) {
      {
        const Lock lock(mutex_);  // One before it, tried alone, may have to wait now.
        if (const auto blocked = behind_.find(batch[i].work.order_key);
            !batch[i].work.order_key.empty() && blocked != behind_.end()) {
          blocked->second.push_back(std::move(batch[i]));
          ++waiting_count_;
          continue;
        }
      }
      std::vector<Entry> one;
      one.push_back(std::move(batch[i]));
      commit_alone(one);
    }
  }

  /// A work whose commit fails for good is kept as a dead letter; one that meets a store in trouble waits until the
  /// store is back.
  void commit_alone(std::vector<Entry>& one) {
    std::chrono::milliseconds pause = options_.retry_first;
    for (;;) {
      std::vector<Verdict> verdicts;
      const Result<void> committed = commit(one, verdicts);
      if (committed) return tell_all(one, verdicts);
      Error error = committed.error();
      if (error.fate == Fate::refuse) {
        const auto kept = database_.write([&](Transaction& transaction) -> Result<void> {
          verdicts.assign(1, Verdict{});
          return refuse_it(transaction, one[0], error, 1, verdicts[0]);
        });
        if (kept) return tell_all(one, verdicts);
        error = kept.error();
      }
      {
        Lock lock(mutex_);
        ++stats_.commit_failures;
        writer_log().error("The store cannot commit; will try again.",
                           {{"code", error.code}, {"why", error.message}, {"in_ms", std::to_string(pause.count())}});
        if (!stopping_) changed_.wait_for(lock, pause, [this] { return stopping_; });
        if (stopping_) break;
      }
      pause = std::min(2 * pause, options_.retry_max);
    }
    tell(one[0], Receipt{Receipt::Kind::abandoned,
                         retry("writer_stopped", "The store could not commit before the writer stopped."), 1});
  }

  Result<void> commit(std::vector<Entry>& batch, std::vector<Verdict>& verdicts) {
    const Moment began = std::chrono::steady_clock::now();
    const std::int64_t now = to_millis(clock_.now());
    const std::size_t operations = batch.size();
    const Result<void> committed = database_.write([&](Transaction& transaction) -> Result<void> {
      verdicts.assign(batch.size(), Verdict{});  // The store may run us again.
      std::set<std::string_view> blocked;        // Order keys whose earlier work has to be tried again.
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const std::string& key = batch[i].work.order_key;
        if (!key.empty() && blocked.contains(key)) {
          verdicts[i].again = true;
          continue;
        }
        CHECK_OK(run_one(transaction, batch[i], verdicts[i], now));
        if (verdicts[i].again && !key.empty()) blocked.insert(key);
      }
      failpoint("before_commit");
      // The deliberately wrong order, which the kill test must notice.
      if (failpoint_set("accept_before_commit")) {
        const bool from_peers =
            std::any_of(batch.begin(), batch.end(), [](const Entry& entry) { return !entry.work.message_id.empty(); });
        tell_all(batch, verdicts);
        batch.clear();
        verdicts.clear();
        // Holds the window open, so that a kill meets it; only where a peer was told something.
        if (from_peers) std::this_thread::sleep_for(std::chrono::milliseconds(400));
        failpoint("after_early_accept");
      }
      return ok();
    });
    failpoint("after_commit");
    if (!committed) attempt_rows_.reset();
    if (committed) {
      const auto micros = static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began).count());
      const Lock lock(mutex_);
      ++stats_.commits;
      stats_.operations += operations;
      stats_.operations_in_last_commit = operations;
      stats_.commit_micros_total += micros;
      stats_.commit_micros_max = std::max(stats_.commit_micros_max, micros);
    }
    return committed;
  }

  /// An error means that the transaction is void; what befalls the work alone goes into the verdict.
  Result<void> run_one(Transaction& transaction, Entry& entry, Verdict& verdict, std::int64_t now) {
    const Work& work = entry.work;
    Seen seen = Seen::fresh;
    const Result<void> done = transaction.savepoint([&]() -> Result<void> {
      if (!work.message_id.empty()) {
        seen = TRY(enter_inbox(transaction, work, "done", now));
        if (seen != Seen::fresh) return ok();
      }
      CHECK_OK(run_effect(work, transaction));
      return forget_attempts(transaction, work);
    });
    if (done && seen == Seen::same) {
      verdict.receipt.kind = Receipt::Kind::duplicate;
      return ok();
    }
    if (done && seen == Seen::other_bytes) {
      verdict.receipt.kind = Receipt::Kind::modified;
      verdict.receipt.error = refuse("message_id_reused", "Message " + work.message_id + " of " + work.peer +
                                                              " came before with other bytes: use a new message-id.");
      return write_dead_letter(transaction, work, verdict.receipt.error, 1, now);
    }
    verdict.receipt.attempts = entry.tries_here + 1;
    if (done) return ok();
    const Error& error = done.error();
    if (is_of_the_store(error)) return error;
    if (error.fate == Fate::refuse) return refuse_it(transaction, entry, error, entry.tries_here + 1, verdict);

    int attempts = entry.tries_here + 1;
    if (!work.message_id.empty()) attempts = TRY(count_attempt(transaction, work, error, now));
    attempt_rows_.reset();
    if (attempts >= options_.attempts_max) return refuse_it(transaction, entry, error, attempts, verdict);
    verdict.receipt = Receipt{Receipt::Kind::retry_later, error, attempts};
    verdict.again = !work.release_on_retry;
    return ok();
  }

  /// Most stores hold no attempts at all; then there is nothing to look for at every message.
  Result<void> forget_attempts(Transaction& transaction, const Work& work) {
    if (work.message_id.empty()) return ok();
    if (!attempt_rows_) {
      const auto rows = TRY(transaction.query("SELECT COUNT(*) FROM delivery_attempt", {}, "i"));
      attempt_rows_ = rows[0].integer(0);
    }
    if (*attempt_rows_ == 0) return ok();
    *attempt_rows_ -= TRY(transaction.execute("DELETE FROM delivery_attempt WHERE peer = ? AND message_id = ?",
                                              {work.peer, work.message_id}));
    return ok();
  }

  Result<void> refuse_it(Transaction& transaction, const Entry& entry, const Error& error, int attempts,
                         Verdict& verdict) {
    const Work& work = entry.work;
    const std::int64_t now = to_millis(clock_.now());
    if (!work.message_id.empty()) {
      const Seen seen = TRY(enter_inbox(transaction, work, "refused", now));
      if (seen == Seen::same) {  // Refused before and brought again by a commit that was tried once more.
        verdict.receipt.kind = Receipt::Kind::duplicate;
        return ok();
      }
      CHECK_OK(forget_attempts(transaction, work));
    }
    CHECK_OK(write_dead_letter(transaction, work, error, attempts, now));
    verdict.receipt = Receipt{Receipt::Kind::refused, error, attempts};
    return ok();
  }

  void tell_all(std::vector<Entry>& batch, std::vector<Verdict>& verdicts) {
    const Moment now = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!verdicts[i].again) {
        tell(batch[i], verdicts[i].receipt);
        continue;
      }
      wait_for_retry(std::move(batch[i]), verdicts[i], now);
    }
    release_followers();
    const Lock lock(after_batch_mutex_);
    if (after_batch_) after_batch_();
  }

  void wait_for_retry(Entry entry, const Verdict& verdict, Moment now) {
    const Lock lock(mutex_);
    ++waiting_count_;
    const std::string key = entry.work.order_key;
    if (verdict.receipt.kind != Receipt::Kind::retry_later) {  // Only kept back by an earlier one of its key.
      behind_[key].push_back(std::move(entry));
      return;
    }
    ++stats_.retries;
    auto pause = options_.retry_first;
    for (int i = 0; i < entry.tries_here && pause < options_.retry_max; ++i) pause *= 2;
    ++entry.tries_here;
    writer_log().info("A work will be tried again.", {{"door", entry.work.door},
                                                      {"message", entry.work.message_id},
                                                      {"code", verdict.receipt.error.code},
                                                      {"why", verdict.receipt.error.message},
                                                      {"attempt", std::to_string(entry.tries_here)}});
    if (!key.empty()) behind_[key];  // Blocks the key.
    retries_.emplace(now + std::min(pause, options_.retry_max), std::move(entry));
  }

  /// Keys whose retried work has its end: what waited behind it goes to the front of the queue, in order.
  void release_followers() {
    const Lock lock(mutex_);
    if (behind_.empty()) return;
    std::set<std::string_view> still;
    for (const auto& [due, entry] : retries_) still.insert(entry.work.order_key);
    for (auto one = behind_.begin(); one != behind_.end();) {
      if (still.contains(one->first)) {
        ++one;
        continue;
      }
      for (auto entry = one->second.rbegin(); entry != one->second.rend(); ++entry) {
        --waiting_count_;
        queue_.push_front(std::move(*entry));
      }
      one = behind_.erase(one);
    }
  }

  void tell(Entry& entry, const Receipt& receipt) {
    const Work& work = entry.work;
    {
      const Lock lock(mutex_);
      held_bytes_ -= work.bytes;
      switch (receipt.kind) {
        case Receipt::Kind::done:
          ++stats_.done;
          break;
        case Receipt::Kind::duplicate:
          ++stats_.duplicates;
          break;
        case Receipt::Kind::modified:
          ++stats_.modified;
          break;
        case Receipt::Kind::refused:
          ++stats_.refused;
          break;
        case Receipt::Kind::retry_later:
          ++stats_.retries;
          break;
        case Receipt::Kind::abandoned:
          break;
      }
      room_.notify_all();
    }
    if (receipt.kind == Receipt::Kind::modified || receipt.kind == Receipt::Kind::refused)
      writer_log().warning("A message became a dead letter.", {{"peer", work.peer},
                                                               {"message", work.message_id},
                                                               {"door", work.door},
                                                               {"code", receipt.error.code},
                                                               {"why", receipt.error.message},
                                                               {"attempts", std::to_string(receipt.attempts)}});
    const auto done = std::exchange(entry.work.done, nullptr);
    entry.work.effect = nullptr;
    try {
      if (done) done(receipt);
    } catch (const std::exception& problem) {
      writer_log().error("Whoever waited for a work failed to take its receipt.",
                         {{"door", work.door}, {"why", problem.what()}});
    }
  }

  storage::Database& database_;
  const Clock& clock_;
  const WriterOptions options_;

  // The writer's thread, under the lock as far as waiting_count_ goes along.
  std::multimap<Moment, Entry> retries_;
  std::optional<std::int64_t> attempt_rows_;         // In delivery_attempt; unknown after a failed commit.
  std::map<std::string, std::deque<Entry>> behind_;  // By order key: what waits for an earlier work of its key.

  mutable Mutex mutex_;
  zhida::Condition changed_, room_, settled_;
  std::deque<Entry> queue_ GUARDED_BY(mutex_);
  std::uint64_t next_number_ GUARDED_BY(mutex_) = 0;
  std::size_t held_bytes_ GUARDED_BY(mutex_) = 0;  // Queued, in work, and waiting for a retry.
  std::size_t waiting_count_ GUARDED_BY(mutex_) = 0;
  bool busy_ GUARDED_BY(mutex_) = false;
  std::uint64_t busy_from_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool stopped_ GUARDED_BY(mutex_) = false;
  WriterStats stats_ GUARDED_BY(mutex_);

  Mutex after_batch_mutex_;
  std::function<void()> after_batch_ GUARDED_BY(after_batch_mutex_);

  Mutex join_mutex_;
  std::thread thread_;  // Last.
};

Writer::Writer(storage::Database& database, const Clock& clock, WriterOptions options)
    : impl_(std::make_unique<Impl>(database, clock, options)) {}
Writer::~Writer() = default;
bool Writer::submit(Work work) {
  return impl_->submit(std::move(work));
}
bool Writer::try_submit(Work& work) {
  return impl_->try_submit(work);
}
void Writer::after_batch(std::function<void()> hook) {
  impl_->after_batch(std::move(hook));
}
void Writer::flush() {
  impl_->flush();
}
void Writer::stop() {
  impl_->stop();
}
WriterStats Writer::stats() const {
  return impl_->stats();
}

}  // namespace zhida::messaging
