// One AMQP connection over Proton's engine. Inside this folder only: node.h is what others use.
// Everything here belongs to the node's thread, within an event of this very connection; only post(),
// push_settlements() and push_send() may be called by others.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/bytes.h"
#include "base/mutex.h"
#include "platform/messaging/node.h"

struct pn_connection_t;
struct pn_delivery_t;
struct pn_event_t;
struct pn_link_t;
struct pn_session_t;
struct pn_transport_t;

namespace zhida::messaging {

/// An AMQP error condition (part 2, section 2.8.14 and following); an empty name means none.
struct AmqpError {
  std::string name;
  std::string description;
  explicit operator bool() const { return !name.empty(); }
};

/// What every thread may know of an attached link; kept by node.cpp.
struct Route;

/// One message on its way out.
struct Sending {
  std::shared_ptr<Route> route;
  std::uint64_t link = 0;
  SendToken id = 0;
  std::size_t bytes = 0;
  Bytes message;
  std::function<void(SendToken, const Outcome&)> on_outcome;
};

/// One attached link. `id` is never used again within its connection: other threads hold numbers, never pointers,
/// because Proton uses addresses again.
struct Link {
  std::uint64_t id = 0;
  pn_link_t* raw = nullptr;
  std::string address;  // Without the broker's prefix.
  bool sending = false;
  bool dialled = false;
  bool attached = false;
  std::uint64_t message_bytes_max = 0;  // The peer's largest message; 0: it did not say.
  std::shared_ptr<Route> route;

  // Receiving.
  struct Open {
    pn_delivery_t* delivery;
    std::size_t bytes;
  };
  Bytes partial;
  std::unordered_map<std::uint64_t, Open> open;
  std::uint64_t next_delivery = 0;
  std::size_t credit_due = 0;  // Owed to the peer.

  // Sending.
  std::unordered_map<std::uint64_t, Sending> sent;  // By delivery tag, until the peer's answer.
  std::uint64_t next_tag = 0;
};

class Connection;

/// What the node decides. Called on the node's thread; an exception ends the connection and nothing else.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual AmqpError authorise(Connection& connection) = 0;  // Sets connection.peer.
  virtual void opened(Connection& connection) = 0;
  virtual AmqpError may_attach(Connection& connection, const Link& link) = 0;
  virtual void attached(Connection& connection, Link& link) = 0;
  virtual void detached(Connection& connection, Link& link, const AmqpError& why) = 0;
  virtual bool take_bytes(std::size_t bytes) = 0;  // Into the global budget; false: there is no room at all.
  virtual void give_back_bytes(std::size_t bytes) = 0;
  /// A whole message; it is settled later by its token, or at once when an outcome is given back.
  virtual std::optional<Outcome> message(Connection& connection, Link& link, std::uint64_t delivery, Bytes message) = 0;
  virtual void message_refused(Connection& connection, Link& link, const AmqpError& why) = 0;
  virtual bool may_grant() = 0;  // Whether credit may be given now.
  virtual void credit_withheld(Connection& connection) = 0;
  virtual void settled(Link& link, OutcomeKind kind, bool was_whole) = 0;
  virtual void flow(Link& link, std::size_t credit, bool sent_one) = 0;
  virtual void outcome(Link& link, Sending sending, const Outcome& outcome) = 0;
  virtual void unsendable(Sending sending) = 0;  // Its link is gone.
  virtual void killed(Connection& connection, const AmqpError& why) = 0;
  virtual void closed(Connection& connection, const AmqpError& why) = 0;
  virtual void after(std::chrono::milliseconds delay, std::function<void()> action) = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::uint64_t id, ConnectionOwner& owner, const Limits& limits, pn_connection_t* raw, bool server,
             bool tls);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const std::uint64_t id;
  const bool server;
  const bool tls;
  std::string peer;                         // Configured name; empty until authorised.
  std::string ip;                           // Where it comes from or goes to.
  std::string fingerprint;                  // Of its certificate.
  std::shared_ptr<const PeerRules> rules;   // Server side.
  std::shared_ptr<const DialOptions> dial;  // Client side.
  bool draining = false;                    // What arrives is released; no credit.

  // Any thread. False when the connection is gone.
  bool post(std::function<void()> action);
  bool push_settlements(std::vector<Settlement> settlements);
  bool push_send(Sending& sending);

  // This connection's events only.
  void handle(pn_event_t* event);
  /// Proton's last event of it: nothing can wake it any more. Gives the reason it ended.
  AmqpError end();
  bool is_open() const { return open_; }
  void close(const AmqpError& why);
  void kill(const AmqpError& why);  ///< close(), stop reading, and cut when the peer does not finish.
  void cut();                       ///< At once, without a word.
  void open_link(bool sending, const std::string& address);
  void close_link(Link& link, const AmqpError& why);
  void grant_credit(Link& link);
  void grant_all_credit();
  Link* find(std::uint64_t link);
  std::vector<Link*> links();

 private:
  void note_address();
  void on_remote_open();
  void on_session_open(pn_session_t* session);
  void on_session_close(pn_session_t* session);
  void on_link_open(pn_link_t* raw);
  void on_link_close(pn_link_t* raw, bool closed);
  void on_delivery(pn_delivery_t* delivery);
  void on_wake();
  void receive(Link& link);
  void refuse_delivery(Link& link, pn_delivery_t* delivery, OutcomeKind kind, const AmqpError& why);
  void drop_partial(Link& link);
  void drop(pn_link_t* raw, const AmqpError& why);
  void settle(const Settlement& settlement);
  void send(Sending sending);
  void expect_soon(std::function<bool()> done);  ///< Cuts the connection when it is not done by the close deadline.

  ConnectionOwner& owner_;
  const Limits& limits_;
  pn_connection_t* raw_;
  bool open_ = false;
  bool killed_ = false;
  std::uint64_t next_link_ = 0;
  std::size_t sessions_ever_ = 0;
  std::size_t partial_bytes_ = 0;
  std::unordered_map<pn_link_t*, std::unique_ptr<Link>> links_;
  std::unordered_map<std::uint64_t, Link*> by_id_;
  std::unordered_set<pn_link_t*> refused_;  // Answered with an error, not yet let go by the peer.
  AmqpError error_;

  Mutex mutex_;
  pn_connection_t* live_ GUARDED_BY(mutex_);  // Null once it cannot be woken.
  std::vector<std::function<void()>> posts_ GUARDED_BY(mutex_);
  std::vector<Settlement> settlements_ GUARDED_BY(mutex_);
  std::vector<Sending> sends_ GUARDED_BY(mutex_);
};

}  // namespace zhida::messaging
