#include "platform/messaging/handle_once.h"

#include <algorithm>
#include <deque>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"

namespace zhida::messaging {
namespace {

using Moment = std::chrono::steady_clock::time_point;

const Log& door_log() {
  static const Log log("door");
  return log;
}

/// What is to be said to peers: gathered during a commit, said at its end; some of it after a pause. Outlives
/// HandleOnce in the hands of works that wait for a retry; nobody hears those any more.
class Answers {
 public:
  Answers(Node& node, const HandleOnceOptions& options) : node_(node), options_(options) {}

  /// The writer's thread, after the commit.
  void take(const Token& token, const Receipt& receipt) {
    Outcome outcome;
    switch (receipt.kind) {
      case Receipt::Kind::done:
      case Receipt::Kind::duplicate:
      case Receipt::Kind::refused:
        break;  // Accepted: done, done before, or kept here as a dead letter.
      case Receipt::Kind::modified:
        outcome = {OutcomeKind::rejected, receipt.error.code, receipt.error.message};
        break;
      case Receipt::Kind::abandoned:
        outcome.kind = OutcomeKind::released;
        break;
      case Receipt::Kind::retry_later:
        outcome.kind = OutcomeKind::released;
        return take_late(token, receipt);
    }
    const Lock lock(mutex_);
    if (!closed_) said_.push_back({token, std::move(outcome)});
  }

  void say() {
    std::vector<Settlement> said;
    {
      const Lock lock(mutex_);
      if (closed_) return;
      said.swap(said_);
    }
    if (!said.empty()) node_.settle(said);
  }

  /// Pauses end now.
  void hurry() {
    const Lock lock(mutex_);
    for (auto& [due, settlement] : late_) said_.push_back(std::move(settlement));
    late_.clear();
  }

  void close() {
    say();
    const Lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  /// A thread's work until close().
  void release_late() {
    Lock lock(mutex_);
    while (!closed_) {
      if (late_.empty()) {
        changed_.wait(lock);
      } else if (const Moment due = late_.begin()->first; due > std::chrono::steady_clock::now()) {
        changed_.wait_until(lock, due);
      } else {
        const Settlement settlement = std::move(late_.begin()->second);
        late_.erase(late_.begin());
        node_.settle({&settlement, 1});
      }
    }
  }

 private:
  void take_late(const Token& token, const Receipt& receipt) {
    auto pause = options_.release_after_first;
    for (int i = 1; i < receipt.attempts && pause < options_.release_after_max; ++i) pause *= 2;
    pause = std::min(pause, options_.release_after_max);
    door_log().info("A message goes back to its sender for now.", {{"code", receipt.error.code},
                                                                   {"why", receipt.error.message},
                                                                   {"attempts", std::to_string(receipt.attempts)},
                                                                   {"in_ms", std::to_string(pause.count())}});
    const Lock lock(mutex_);
    late_.emplace(std::chrono::steady_clock::now() + pause, Settlement{token, Outcome{OutcomeKind::released, {}, {}}});
    changed_.notify_all();
  }

  Node& node_;
  const HandleOnceOptions options_;
  Mutex mutex_;
  zhida::Condition changed_;
  std::vector<Settlement> said_ GUARDED_BY(mutex_);
  std::multimap<Moment, Settlement> late_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace

class HandleOnce::Impl {
 public:
  Impl(Node& node, Writer& writer, HandleOnceOptions options)
      : node_(node),
        writer_(writer),
        sender_of_(options.sender_of),
        answers_(std::make_shared<Answers>(node, options)),
        lanes_(std::max<std::size_t>(options.workers, 1)) {
    writer_.after_batch([answers = answers_] { answers->say(); });
    for (Lane& lane : lanes_) lane.thread = std::thread([this, &lane] { work(lane); });
    releaser_ = std::thread([this] { answers_->release_late(); });
    incoming_ = node_.on_incoming([this](Incoming incoming) { take(std::move(incoming)); });
  }

  ~Impl() {
    incoming_ = Registration();
    drain();
    {
      const Lock lock(mutex_);
      stopping_ = true;
    }
    for (Lane& lane : lanes_) {
      lane.arrived.notify_all();
      lane.thread.join();
    }
    writer_.after_batch({});
    answers_->close();
    releaser_.join();
  }

  void open_door(const std::string& address, Door door) {
    const Lock lock(mutex_);
    doors_[address] = std::make_shared<const Door>(std::move(door));
  }

  void drain() {
    {
      Lock lock(mutex_);
      idle_.wait(lock, [this] { return unfinished_ == 0; });
    }
    writer_.flush();
    answers_->hurry();
    answers_->say();
  }

 private:
  /// One worker with what it has to do; messages of one group take one lane, so that they keep their order.
  struct Lane {
    std::deque<Incoming> queue;  // Under mutex_. Bounded by the node's byte budget and credit.
    zhida::Condition arrived;
    std::thread thread;
  };

  // The node's thread.
  void take(Incoming incoming) {
    const Lock lock(mutex_);
    const std::size_t index = incoming.group_id.empty() ? next_lane_++ : std::hash<std::string>{}(incoming.group_id);
    Lane& lane = lanes_[index % lanes_.size()];
    ++unfinished_;
    lane.queue.push_back(std::move(incoming));
    if (lane.queue.size() == 1) lane.arrived.notify_one();
  }

  void work(Lane& lane) {
    Lock lock(mutex_);
    for (;;) {
      lane.arrived.wait(lock, [&] { return stopping_ || !lane.queue.empty(); });
      if (lane.queue.empty()) return;
      std::deque<Incoming> mine;
      mine.swap(lane.queue);
      lock.unlock();
      for (Incoming& incoming : mine) knock(std::move(incoming));
      lock.lock();
      unfinished_ -= mine.size();
      if (unfinished_ == 0) idle_.notify_all();
    }
  }

  std::shared_ptr<const Door> door_of(const std::string& address) {
    const Lock lock(mutex_);
    const auto found = doors_.find(address);
    return found == doors_.end() ? nullptr : found->second;
  }

  void knock(Incoming incoming) {
    const auto door = door_of(incoming.address);
    if (!door)
      return say_now(incoming.token,
                     {OutcomeKind::rejected, "amqp:not-found", "No door here leads on from " + incoming.address + "."});
    if (sender_of_) incoming.peer = sender_of_(incoming.peer, incoming.address);
    Work work;
    work.peer = incoming.peer;
    work.message_id = incoming.message_id;
    work.door = door->name;
    work.address = incoming.address;
    work.bytes = incoming.message.size();
    if (!incoming.group_id.empty()) work.order_key = incoming.address + "\n" + incoming.group_id;
    const auto message = std::make_shared<const Bytes>(std::move(incoming.message));
    const auto bare = bare_message(*message);
    work.digest = sha256(bare ? bare.value().bytes : ByteView(*message));
    work.message = message;
    std::function<void()> committed;
    if (const auto effect = think(*door, incoming, *message)) {
      work.effect = effect.value().run();
      committed = effect.value().committed();
    } else {
      work.release_on_retry = true;
      work.effect = [error = effect.error()](storage::Transaction&) -> Result<void> { return error; };
    }
    work.done = [answers = answers_, token = incoming.token, committed = std::move(committed)](const Receipt& receipt) {
      answers->take(token, receipt);
      if (committed && receipt.kind == Receipt::Kind::done) committed();
    };
    if (!writer_.submit(std::move(work))) say_now(incoming.token, {OutcomeKind::released, {}, {}});
  }

  static Result<Effect> think(const Door& door, const Incoming& incoming, const Bytes& message) {
    try {
      auto envelope = TRY(decode(message));
      return door.handle(DoorMessage{incoming.peer, incoming.address, std::move(envelope)});
    } catch (const std::exception& problem) {
      return refuse("door_failed", "Door " + door.name + " failed: " + problem.what() + ".");
    }
  }

  void say_now(const Token& token, Outcome outcome) {
    const Settlement settlement{token, std::move(outcome)};
    node_.settle({&settlement, 1});
  }

  Node& node_;
  Writer& writer_;
  const std::function<std::string(const std::string&, const std::string&)> sender_of_;
  const std::shared_ptr<Answers> answers_;  // Shared with works that outlive us.

  Mutex mutex_;
  zhida::Condition idle_;
  std::map<std::string, std::shared_ptr<const Door>> doors_ GUARDED_BY(mutex_);
  std::size_t next_lane_ GUARDED_BY(mutex_) = 0;
  std::size_t unfinished_ GUARDED_BY(mutex_) = 0;  // Taken and not yet with the writer.
  bool stopping_ GUARDED_BY(mutex_) = false;

  std::vector<Lane> lanes_;
  std::thread releaser_;
  Registration incoming_;
};

HandleOnce::HandleOnce(Node& node, Writer& writer, HandleOnceOptions options)
    : impl_(std::make_unique<Impl>(node, writer, options)) {}
HandleOnce::~HandleOnce() = default;
void HandleOnce::open_door(const std::string& address, Door door) {
  impl_->open_door(address, std::move(door));
}
void HandleOnce::drain() {
  impl_->drain();
}

}  // namespace zhida::messaging
