#include "platform/messaging/outbox_relay.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/mutex.h"
#include "platform/messaging/outbox.h"

namespace zhida::messaging {
namespace {

using storage::Transaction;
using Moment = std::chrono::steady_clock::time_point;

const Log& relay_log() {
  static const Log log("outbox");
  return log;
}

constexpr std::size_t kWaitingMax = 10'000;      // Rows known by number only, because their group or link is busy.
constexpr std::size_t kNoCreditInARowMax = 100;  // Then an address is left alone until somebody has credit.

/// What others tell the relay: from the node's thread and the writer's. Outlives the relay in their hands.
struct Mailbox {
  struct Note {
    SendToken id = 0;
    bool marked = false;  // The writer's note: the row has its end.
    Outcome outcome;      // Else the peer's answer.
  };
  Mutex mutex;
  zhida::Condition changed;
  std::vector<Note> notes GUARDED_BY(mutex);
  bool awake GUARDED_BY(mutex) = true;
  bool stopping GUARDED_BY(mutex) = false;
  OutboxRelayStats stats GUARDED_BY(mutex);

  void put(Note note) {
    const Lock lock(mutex);
    notes.push_back(std::move(note));
    changed.notify_all();
  }
};

}  // namespace

class OutboxRelay::Impl {
 public:
  Impl(storage::Database& database, Writer& writer, Node& node, const Clock& clock, OutboxRelayOptions options)
      : database_(database), writer_(writer), node_(node), clock_(clock), options_(options), thread_([this] {
          run();
        }) {
    ready_ = node_.on_ready([mail = mail_](const std::string&) {
      const Lock lock(mail->mutex);
      mail->awake = true;
      mail->changed.notify_all();
    });
  }
  ~Impl() { stop(); }

  void wake() {
    const Lock lock(mail_->mutex);
    mail_->awake = true;
    mail_->changed.notify_all();
  }

  void stop() {
    ready_ = Registration();
    {
      const Lock lock(mail_->mutex);
      mail_->stopping = true;
      mail_->changed.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

  OutboxRelayStats stats() const {
    const Lock lock(mail_->mutex);
    return mail_->stats;
  }

 private:
  using GroupKey = std::pair<std::string, std::string>;  // Address and group.
  enum class Phase { waiting, flying, marking };

  /// A row that the relay has in mind, so that a second look at the table passes over it.
  struct Known {
    std::string address;
    std::string group;
    Phase phase = Phase::waiting;
    std::size_t bytes = 0;
    int sent = 0;
  };

  // ---- the relay's thread: all below
  // ------------------------------------------------------------------------------------------

  void run() {
    Moment look_back_at = std::chrono::steady_clock::now() + options_.poll;
    for (;;) {
      take_notes();
      Result<void> done = ok();
      if (std::chrono::steady_clock::now() >= look_back_at) {  // By the clock: a busy outbox has no quiet moment.
        done = look_back();
        look_back_at = std::chrono::steady_clock::now() + options_.poll;
      }
      if (done) done = send_what_waits();
      if (!done)
        relay_log().warning("The outbox cannot be read now; will try again.",
                            {{"code", done.error().code}, {"why", done.error().message}});
      Lock lock(mail_->mutex);
      mail_->stats.in_flight = flying_;
      const auto news = [this] { return mail_->stopping || mail_->awake || !mail_->notes.empty(); };
      Moment until = look_back_at;
      if (!later_.empty()) until = std::min(until, later_.begin()->first);
      mail_->changed.wait_until(lock, until, news);
      mail_->awake = false;
      if (!mail_->stopping) continue;
      lock.unlock();
      take_notes();  // What was answered meanwhile is still marked.
      return;
    }
  }

  void take_notes() {
    std::vector<Mailbox::Note> notes;
    {
      const Lock lock(mail_->mutex);
      notes.swap(mail_->notes);
    }
    for (const Mailbox::Note& note : notes) {
      const auto found = known_.find(note.id);
      if (found == known_.end()) continue;
      if (note.marked)
        known_.erase(found);
      else
        answered(note.id, found->second, note.outcome);
    }
  }

  void answered(SendToken id, Known& row, const Outcome& outcome) {
    --flying_;
    flying_bytes_ -= row.bytes;
    {
      const Lock lock(mail_->mutex);
      OutboxRelayStats& stats = mail_->stats;
      ++(outcome.kind == OutcomeKind::accepted   ? stats.accepted
         : outcome.kind == OutcomeKind::rejected ? stats.rejected
         : outcome.kind == OutcomeKind::released ? stats.released
                                                 : stats.lost);
    }
    if (outcome.kind == OutcomeKind::released || outcome.kind == OutcomeKind::lost) {
      row.phase = Phase::waiting;  // Its group stays busy: nothing overtakes it.
      const auto pause =
          outcome.kind == OutcomeKind::released ? options_.pause_after_release : std::chrono::milliseconds(0);
      later_.emplace(std::chrono::steady_clock::now() + pause, id);
      return;
    }
    failpoint("outbox_answered");
    finish(id, row, outcome);
  }

  /// The row has its end; it is marked in the writer's next commit, and its group goes on at once.
  void finish(SendToken id, Known& row, const Outcome& outcome) {
    row.phase = Phase::marking;
    if (outcome.kind == OutcomeKind::rejected)
      relay_log().warning("A peer rejected a message; it is kept with the reason.", {{"row", std::to_string(id)},
                                                                                     {"address", row.address},
                                                                                     {"code", outcome.code},
                                                                                     {"why", outcome.description}});
    free_group(row);
    Work work;
    work.door = "outbox";
    work.bytes = 256;
    work.effect = [clock = &clock_, id, outcome](Transaction& transaction) {
      return outcome.kind == OutcomeKind::accepted
                 ? mark_sent(transaction, id, clock->now())
                 : mark_rejected(transaction, id, outcome.code, outcome.description, clock->now());
    };
    work.done = [mail = mail_, id](const Receipt&) { mail->put({id, true, {}}); };
    // A stopped writer leaves the row unsent: it is sent once more by the next relay, and the peer drops it by its
    // message-id.
    writer_.submit(std::move(work));
  }

  /// The row that kept its group busy is on its way no more; the next one of the group may go.
  void free_group(const Known& row) {
    const auto group = groups_.find({row.address, row.group});
    if (group == groups_.end()) return;
    if (group->second.empty())
      groups_.erase(group);
    else
      free_groups_.insert(group->first);
  }

  /// Rows behind the cursor that are unsent and not in mind were made unsent again: back to the first of them.
  Result<void> look_back() {
    for (auto& [address, cursor] : cursors_) {
      std::vector<std::int64_t> ids;
      CHECK_OK(database_.read([&, &address = address, &cursor = cursor](Transaction& transaction) -> Result<void> {
        ids = TRY(unsent_ids(transaction, address, cursor));
        return ok();
      }));
      const auto first = std::find_if(ids.begin(), ids.end(), [&](std::int64_t id) { return !known_.contains(id); });
      if (first != ids.end()) cursor = *first - 1;
    }
    return ok();
  }

  Result<void> send_what_waits() {
    std::vector<SendToken> due;
    while (!later_.empty() && later_.begin()->first <= std::chrono::steady_clock::now()) {
      due.push_back(later_.begin()->second);
      later_.erase(later_.begin());
    }
    // First what was sent before, then what waited for its group, then what nobody looked at yet.
    due.insert(due.end(), starved_.begin(), starved_.end());
    starved_.clear();
    do {
      // Sending may free a group at once: its row was ended elsewhere, or is too large for the peer.
      for (const GroupKey& key : std::exchange(free_groups_, {})) {
        const auto group = groups_.find(key);
        if (group == groups_.end() || group->second.empty()) continue;
        due.push_back(group->second.front());
        group->second.pop_front();
      }
      std::sort(due.begin(), due.end());
      CHECK_OK(send_known(std::exchange(due, {})));
    } while (!free_groups_.empty());

    std::vector<std::string> addresses;
    CHECK_OK(database_.read([&](Transaction& transaction) -> Result<void> {
      addresses = TRY(unsent_addresses(transaction));
      return ok();
    }));
    for (const std::string& address : addresses) {
      if (!node_.has_receiver(address)) continue;
      CHECK_OK(send_new(address));
    }
    return ok();
  }

  /// Rows of which only the numbers were kept.
  Result<void> send_known(const std::vector<SendToken>& ids) {
    std::set<std::string> closed;  // Addresses that take nothing now.
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto found = known_.find(ids[i]);
      if (found == known_.end()) continue;
      if (!has_space() || closed.contains(found->second.address) || !node_.has_receiver(found->second.address)) {
        starved_.push_back(ids[i]);
        continue;
      }
      std::vector<OutboxRow> rows;
      const auto read = database_.read([&](Transaction& transaction) -> Result<void> {
        rows = TRY(read_unsent(transaction, found->second.address, ids[i] - 1, 1));
        return ok();
      });
      if (!read) {
        starved_.insert(starved_.end(), ids.begin() + static_cast<std::ptrdiff_t>(i), ids.end());
        return read;
      }
      if (rows.empty() || rows[0].id != ids[i]) {  // Somebody else gave it an end.
        free_group(found->second);
        known_.erase(found);
        continue;
      }
      if (!send_row(rows[0], found->second)) closed.insert(found->second.address);
    }
    return ok();
  }

  Result<void> send_new(const std::string& address) {
    std::int64_t& cursor = cursors_[address];
    std::size_t no_credit_in_a_row = 0;
    while (has_space() && known_.size() - flying_ < kWaitingMax) {
      std::vector<OutboxRow> page;
      CHECK_OK(database_.read([&](Transaction& transaction) -> Result<void> {
        page = TRY(read_unsent(transaction, address, cursor, static_cast<std::int64_t>(options_.rows_per_read)));
        return ok();
      }));
      for (const OutboxRow& row : page) {
        if (!has_space()) return ok();
        cursor = row.id;
        const std::string& group = row.message.group_id;
        const auto [known, is_new] = known_.emplace(row.id, Known{address, group, Phase::waiting, 0, 0});
        if (!is_new) continue;
        if (!group.empty()) {
          const auto [place, was_free] = groups_.try_emplace({address, group});
          if (!was_free) {
            place->second.push_back(row.id);
            continue;
          }
        }
        if (send_row(row, known->second))
          no_credit_in_a_row = 0;
        else if (group.empty() || ++no_credit_in_a_row >= kNoCreditInARowMax)
          return ok();
      }
      if (page.size() < options_.rows_per_read) return ok();
    }
    return ok();
  }

  bool has_space() const { return flying_ < options_.in_flight_max && flying_bytes_ < options_.in_flight_bytes_max; }

  /// False when the peer takes nothing now; the row is tried again as soon as somebody has credit.
  bool send_row(const OutboxRow& row, Known& known) {
    const Bytes message = encode(row);
    known.bytes = message.size();
    known.phase = Phase::flying;
    ++flying_;
    flying_bytes_ += known.bytes;
    const auto result =
        node_.send(known.address, known.group, message, row.id, [mail = mail_](SendToken id, const Outcome& outcome) {
          mail->put({id, false, outcome});
        });
    if (result == SendResult::taken) {
      {
        const Lock lock(mail_->mutex);
        ++mail_->stats.sent;
        if (known.sent++ > 0) ++mail_->stats.resent;
      }
      failpoint("outbox_sent");
      return true;
    }
    --flying_;
    flying_bytes_ -= known.bytes;
    known.phase = Phase::waiting;
    if (result == SendResult::too_large) {
      finish(row.id, known,
             {OutcomeKind::rejected, "amqp:link:message-size-exceeded", "The message is larger than the peer takes."});
      return true;
    }
    starved_.push_back(row.id);
    return false;
  }

  storage::Database& database_;
  Writer& writer_;
  Node& node_;
  const Clock& clock_;
  const OutboxRelayOptions options_;
  const std::shared_ptr<Mailbox> mail_ = std::make_shared<Mailbox>();  // Shared with callbacks that may outlive us.

  std::unordered_map<SendToken, Known> known_;
  std::map<GroupKey, std::deque<SendToken>> groups_;  // Busy groups, with the rows that wait behind the one on its way.
  std::set<GroupKey> free_groups_;                    // Whose row has its end, and more wait.
  std::vector<SendToken> starved_;                    // For want of credit or a receiver.
  std::multimap<Moment, SendToken> later_;            // Released or lost.
  std::map<std::string, std::int64_t> cursors_;       // By address: looked at so far.
  std::size_t flying_ = 0;
  std::size_t flying_bytes_ = 0;

  Registration ready_;
  std::thread thread_;  // Last: it uses all of the above.
};

OutboxRelay::OutboxRelay(storage::Database& database, Writer& writer, Node& node, const Clock& clock,
                         OutboxRelayOptions options)
    : impl_(std::make_unique<Impl>(database, writer, node, clock, options)) {}
OutboxRelay::~OutboxRelay() = default;
void OutboxRelay::wake() {
  impl_->wake();
}
void OutboxRelay::stop() {
  impl_->stop();
}
OutboxRelayStats OutboxRelay::stats() const {
  return impl_->stats();
}

}  // namespace zhida::messaging
