// What the tests of this folder set up again and again.
#pragma once
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "platform/messaging/node.h"

namespace zhida::messaging::testing {

using namespace std::chrono_literals;

/// Waits for a condition, not for a time. False when it did not come true.
inline bool comes_true(const std::function<bool()>& condition, std::chrono::milliseconds deadline = 20s) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

inline Envelope envelope_of(const std::string& id, Bytes body = "payload", const std::string& group = "") {
  Envelope envelope;
  envelope.message_id = id;
  envelope.subject = "test/1";
  envelope.group_id = group;
  envelope.body = std::move(body);
  return envelope;
}

/// On a Plain listener everybody is `name`; addresses that begin with "forbidden" are for nobody.
inline PeerRules everybody_is(const std::string& name) {
  PeerRules rules;
  rules.peer_of = [name](const std::string&) { return std::optional(name); };
  const auto allowed = [](const std::string&, const std::string& address) { return !address.starts_with("forbidden"); };
  rules.may_send = allowed;
  rules.may_receive = allowed;
  return rules;
}

/// A node that writes down what comes, and accepts it.
class Inbox {
 public:
  explicit Inbox(Node& node, bool accept = true) : node_(node), accept_(accept) {
    registration_ = node.on_incoming([this](Incoming incoming) { take(std::move(incoming)); });
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return seen_.size();
  }
  std::vector<Incoming> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  void settle_all(const Outcome& outcome = {}) {
    std::vector<Settlement> all;
    {
      const std::lock_guard lock(mutex_);
      for (; settled_ < seen_.size(); ++settled_) all.push_back({seen_[settled_].token, outcome});
    }
    node_.settle(all);
  }

 private:
  void take(Incoming incoming) {
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(std::move(incoming));
    }
    if (accept_) settle_all();
  }
  Node& node_;
  const bool accept_;
  mutable std::mutex mutex_;
  std::vector<Incoming> seen_;
  std::size_t settled_ = 0;
  Registration registration_;
};

/// A node that dials `port` on the loopback without TLS.
inline std::unique_ptr<Node> dialler(std::uint16_t port, std::vector<std::string> send_to,
                                     std::vector<std::string> receive_from = {}, NodeOptions options = {}) {
  auto node = std::move(Node::create(std::move(options)).value());
  DialOptions dial;
  dial.name = "hub";
  dial.host = "127.0.0.1";
  dial.port = port;
  dial.security = Plain{};
  dial.send_to = std::move(send_to);
  dial.receive_from = std::move(receive_from);
  (void)node->dial(std::move(dial));
  return node;
}

/// Sends one message and waits for the peer's answer.
inline std::optional<Outcome> send_and_wait(Node& node, const std::string& address, const Envelope& envelope) {
  struct Answer {
    std::mutex mutex;
    std::optional<Outcome> outcome;
  };
  const auto answer = std::make_shared<Answer>();
  const Bytes message = encode(envelope);
  const bool sent = comes_true([&] {
    return node.send(address, envelope.group_id, message, 1, [answer](SendToken, const Outcome& outcome) {
      const std::lock_guard lock(answer->mutex);
      answer->outcome = outcome;
    }) == SendResult::taken;
  });
  if (!sent) return std::nullopt;
  comes_true([&] {
    const std::lock_guard lock(answer->mutex);
    return answer->outcome.has_value();
  });
  const std::lock_guard lock(answer->mutex);
  return answer->outcome;
}

}  // namespace zhida::messaging::testing
