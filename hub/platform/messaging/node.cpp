#include "platform/messaging/node.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include <arpa/inet.h>

#include "base/log.h"
#include "base/mutex.h"
#include "platform/messaging/proton_connection.h"
#include "platform/messaging/proton_engine.h"

namespace zhida::messaging {

/// One attached link as other threads see it.
struct Route {
  std::shared_ptr<Connection> connection;
  std::uint64_t link = 0;
  std::string peer;
  std::string address;
  bool sending = false;
  std::uint64_t message_bytes_max = 0;
  std::size_t window = 0;

  // Under Impl::routes_mutex_ for sending links; the node's thread alone writes the others' `unsettled`.
  std::size_t credit = 0;  // As the peer gave it, less what Proton has of ours.
  std::size_t queued = 0;  // Taken by send(), not yet with Proton.
  std::atomic<std::size_t> unsettled{0};
  std::size_t unsettled_bytes = 0;
  bool starved = true;  // Somebody was told no_credit or no_receiver: tell on_ready.
};

namespace {

const Log& node_log() {
  static const Log log("messaging");
  return log;
}

constexpr std::chrono::milliseconds kReattachPause{1'000};

/// Address bytes and their number of bits; empty when it is no IP address.
Bytes ip_bytes(const std::string& text) {
  char bytes[16];
  if (inet_pton(AF_INET, text.c_str(), bytes) == 1) return Bytes(bytes, 4);
  if (inet_pton(AF_INET6, text.c_str(), bytes) != 1) return {};
  const Bytes whole(bytes, 16);
  const Bytes mapped_prefix("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  return whole.starts_with(mapped_prefix) ? whole.substr(12) : whole;  // An IPv4 peer of a dual-stack listener.
}

}  // namespace

bool ip_in(std::string_view ip, std::span<const std::string> ranges) {
  const Bytes candidate = ip_bytes(std::string(ip));
  if (candidate.empty()) return false;
  return std::any_of(ranges.begin(), ranges.end(), [&](const std::string& range) {
    const auto slash = range.find('/');
    const Bytes base = ip_bytes(range.substr(0, slash));
    if (base.size() != candidate.size()) return false;
    std::size_t bits = 8 * base.size();
    if (slash != std::string::npos) {
      const std::string digits = range.substr(slash + 1);
      if (digits.empty() || digits.size() > 3 || digits.find_first_not_of("0123456789") != std::string::npos)
        return false;
      const auto wanted = static_cast<std::size_t>(std::stoul(digits));
      if (wanted > bits) return false;
      bits = wanted;
    }
    for (std::size_t i = 0; i < bits; ++i) {
      const auto mask = static_cast<char>(0x80 >> i % 8);
      if ((base[i / 8] & mask) != (candidate[i / 8] & mask)) return false;
    }
    return true;
  });
}

class Node::Impl final : public ConnectionOwner {
 public:
  explicit Impl(NodeOptions options)
      : options_(std::move(options)),
        engine_(std::make_unique<Engine>(options_.container_id, options_.limits, *this)) {}

  ~Impl() override {
    shutdown({}, std::chrono::milliseconds(1'000));
    engine_.reset();
  }

  // ---- any thread
  // -------------------------------------------------------------------------------------------------------------

  Registration on_incoming(std::function<void(Incoming)> handler) {
    const Lock lock(incoming_mutex_);
    incoming_ = std::move(handler);
    return Registration([this] {
      const Lock again(incoming_mutex_);
      incoming_ = nullptr;
    });
  }

  Registration on_ready(std::function<void(const std::string&)> handler) {
    const Lock lock(ready_mutex_);
    const std::uint64_t number = ++next_ready_;
    ready_.emplace(number, std::move(handler));
    return Registration([this, number] {
      const Lock again(ready_mutex_);
      ready_.erase(number);
    });
  }

  Result<std::uint16_t> listen(const std::string& host, std::uint16_t port,
                               const std::variant<TlsFiles, Plain>& security, PeerRules rules) {
    TlsDomain tls;
    if (const auto* files = std::get_if<TlsFiles>(&security)) tls = TRY(make_tls_domain(true, *files, false));
    return engine_->listen(host, port, std::move(tls), std::make_shared<const PeerRules>(std::move(rules)));
  }

  Result<void> dial(DialOptions options) {
    if (stopping_) return refuse("dial_stopping", "The node is shutting down and dials nobody.");
    TlsDomain tls;
    if (const auto* files = std::get_if<TlsFiles>(&options.security))
      tls = TRY(make_tls_domain(false, *files, options.server_fingerprints.empty()));
    engine_->dial(std::make_shared<const DialOptions>(std::move(options)), std::move(tls));
    return ok();
  }

  void recheck_trust() {
    for (const auto& connection : engine_->connections()) {
      if (!connection->server) continue;
      connection->post([this, raw = connection.get()] {
        if (!raw->is_open()) return;
        const std::string before = raw->peer;
        const AmqpError refused = who_is(*raw);
        if (refused || raw->peer != before)
          return raw->kill(refused ? refused
                                   : AmqpError{"amqp:unauthorized-access", "The certificate has another name now."});
        for (Link* link : raw->links())
          if (const AmqpError why = may_attach(*raw, *link)) raw->close_link(*link, why);
      });
    }
  }

  void settle(std::span<const Settlement> settlements) {
    std::unordered_map<std::uint64_t, std::vector<Settlement>> by_connection;
    std::size_t bytes = 0;
    for (const Settlement& settlement : settlements) {
      by_connection[settlement.token.connection].push_back(settlement);
      bytes += settlement.token.bytes;
    }
    give_back_bytes(bytes);
    for (auto& [id, group] : by_connection)
      if (const auto connection = engine_->find(id)) connection->push_settlements(std::move(group));
  }

  SendResult send(const std::string& address, const std::string& group, ByteView message, SendToken id,
                  std::function<void(SendToken, const Outcome&)> on_outcome) {
    if (stopping_) return SendResult::stopping;
    if (message.size() > options_.limits.message_bytes_max) return SendResult::too_large;
    Sending sending{nullptr, 0, id, message.size(), Bytes(), std::move(on_outcome)};
    std::shared_ptr<Connection> connection;
    {
      const Lock lock(routes_mutex_);
      const auto found = senders_.find(address);
      if (found == senders_.end()) return SendResult::no_receiver;
      std::shared_ptr<Route> route;
      std::vector<std::shared_ptr<Route>>& all = found->second;
      if (group.empty()) {
        for (std::size_t i = 0; i < all.size() && !route; ++i)
          if (const auto& candidate = all[next_route_++ % all.size()]; has_room(*candidate, message.size()))
            route = candidate;
      } else if (const auto& only = all[std::hash<std::string>{}(group) % all.size()];
                 has_room(*only, message.size())) {
        route = only;
      }
      if (!route) {
        for (const auto& candidate : all) candidate->starved = true;
        return SendResult::no_credit;
      }
      if (route->message_bytes_max != 0 && message.size() > route->message_bytes_max) return SendResult::too_large;
      ++route->queued;
      ++route->unsettled;
      route->unsettled_bytes += message.size();
      sending.link = route->link;
      connection = route->connection;
      sending.route = std::move(route);
    }
    sending.message = message;
    if (connection->push_send(sending)) return SendResult::taken;
    forget(*sending.route, sending.bytes, true);
    return SendResult::no_receiver;
  }

  bool has_receiver(const std::string& address) const {
    const Lock lock(routes_mutex_);
    return senders_.contains(address);
  }

  void shutdown(const std::function<void()>& barrier, std::chrono::milliseconds deadline) {
    if (stopping_.exchange(true)) return;
    engine_->stop_accepting();
    // Every connection releases what arrives from now on. Whoever is gone already counts as told: its share of `told`
    // dies with the post.
    auto told = std::make_shared<Told>();
    auto everyone = told->everyone.get_future();
    for (const auto& connection : engine_->connections())
      connection->post([told, raw = connection.get()] { raw->draining = true; });
    told.reset();
    everyone.wait_for(deadline);
    if (barrier) barrier();
    for (const auto& connection : engine_->connections())
      connection->post([raw = connection.get()] { raw->close({"amqp:connection:forced", "The node shuts down."}); });
    if (!engine_->wait_until_closed(deadline)) {
      node_log().warning("Peers did not finish in time; their connections are cut.",
                         {{"left", std::to_string(engine_->connections().size())}});
      engine_->abort();
      engine_->wait_until_closed(std::chrono::milliseconds(1'000));
    }
    engine_->stop();
  }

  NodeStats stats() const {
    NodeStats all;
    {
      const Lock lock(stats_mutex_);
      all = stats_;
    }
    all.dials = engine_->dials();
    all.connections_refused += engine_->refused();
    all.in_flight_bytes = in_flight_;
    const Lock lock(routes_mutex_);
    for (const auto& route : routes_) {
      const std::size_t unsettled = route->unsettled;
      const std::size_t most = options_.limits.credit_per_link;
      const std::size_t credit = route->sending ? room(*route) : unsettled < most ? most - unsettled : 0;
      all.links.push_back({route->peer, route->address, route->sending, unsettled, credit});
    }
    return all;
  }

  // ---- the node's thread: what the connections ask and tell
  // --------------------------------------------------------------------

  AmqpError authorise(Connection& connection) override {
    if (stopping_) return {"amqp:connection:forced", "The node shuts down."};
    if (connection.server) return who_is(connection);
    const auto& expected = connection.dial->server_fingerprints;
    if (connection.tls && !expected.empty() &&
        std::find(expected.begin(), expected.end(), connection.fingerprint) == expected.end())
      return {"amqp:unauthorized-access", "The server shows certificate " + connection.fingerprint +
                                              ", which is not expected of " + connection.peer + "."};
    return {};
  }

  void opened(Connection& connection) override {
    count([](NodeStats& stats) {
      ++stats.connections;
      ++stats.connections_ever;
    });
    node_log().info("Peer connected.",
                    {{"peer", connection.peer}, {"ip", connection.ip}, {"certificate", connection.fingerprint}});
    if (connection.server) return;
    for (const std::string& address : connection.dial->receive_from) connection.open_link(false, address);
    for (const std::string& address : connection.dial->send_to) connection.open_link(true, address);
  }

  AmqpError may_attach(Connection& connection, const Link& link) override {
    if (!connection.server) return {"amqp:not-allowed", "We dialled: links are ours to open."};
    if (link.address.empty()) return {"amqp:invalid-field", "An address is needed."};
    const PeerRules& rules = *connection.rules;
    const auto& may = link.sending ? rules.may_receive : rules.may_send;
    if (may && may(connection.peer, link.address)) return {};
    node_log().warning(
        "Peer asked for an address that it may not use.",
        {{"peer", connection.peer}, {"address", link.address}, {"wanted", link.sending ? "receive" : "send"}});
    return {"amqp:unauthorized-access",
            "This peer may not " + std::string(link.sending ? "receive from " : "send to ") + link.address + "."};
  }

  void attached(Connection& connection, Link& link) override {
    auto route = std::make_shared<Route>();
    route->connection = connection.shared_from_this();
    route->link = link.id;
    route->peer = connection.peer;
    route->address = link.address;
    route->sending = link.sending;
    route->message_bytes_max = link.message_bytes_max;
    route->window = connection.dial && connection.dial->window > 0 ? connection.dial->window
                                                                   : options_.limits.unsettled_per_sender_max;
    link.route = route;
    {
      const Lock lock(routes_mutex_);
      routes_.insert(route);
      if (link.sending) senders_[link.address].push_back(route);
    }
    if (!link.sending) {
      link.credit_due = options_.limits.credit_per_link;
      connection.grant_credit(link);
    }
  }

  void detached(Connection& connection, Link& link, const AmqpError& why) override {
    if (link.route) {
      const Lock lock(routes_mutex_);
      routes_.erase(link.route);
      if (link.sending) {
        auto& all = senders_[link.address];
        std::erase(all, link.route);
        for (const auto& other : all) other->starved = true;
        if (all.empty()) senders_.erase(link.address);
      }
      link.route->connection.reset();
    }
    if (why && !stopping_)
      node_log().warning(
          "A link ended with an error.",
          {{"peer", connection.peer}, {"address", link.address}, {"why", why.name + ": " + why.description}});
    if (!link.dialled || stopping_) return;
    // A partner may lack the address for a while: ask again as long as the connection lives.
    after(kReattachPause, [weak = connection.weak_from_this(), sending = link.sending, address = link.address] {
      if (const auto self = weak.lock())
        self->post([raw = self.get(), sending, address] {
          if (raw->is_open() && !raw->draining) raw->open_link(sending, address);
        });
    });
  }

  bool take_bytes(std::size_t bytes) override {
    if (in_flight_ + bytes > 2 * options_.limits.in_flight_bytes_high) return false;
    in_flight_ += bytes;
    return true;
  }

  void give_back_bytes(std::size_t bytes) override {
    if (bytes == 0) return;
    const std::size_t left = in_flight_.fetch_sub(bytes) - bytes;
    if (!any_withheld_ || left > options_.limits.in_flight_bytes_high / 4 * 3) return;
    std::set<std::uint64_t> waiting;
    {
      const Lock lock(withheld_mutex_);
      waiting.swap(withheld_);
      any_withheld_ = false;
    }
    for (const std::uint64_t id : waiting)
      if (const auto connection = engine_->find(id))
        connection->post([raw = connection.get()] { raw->grant_all_credit(); });
  }

  bool may_grant() override { return in_flight_ <= options_.limits.in_flight_bytes_high; }

  void credit_withheld(Connection& connection) override {
    {
      const Lock lock(withheld_mutex_);
      withheld_.insert(connection.id);
      any_withheld_ = true;
    }
    // The bytes may have been given back between the question and this note.
    if (in_flight_ <= options_.limits.in_flight_bytes_high / 4 * 3)
      connection.post([raw = &connection] { raw->grant_all_credit(); });
  }

  std::optional<Outcome> message(Connection& connection, Link& link, std::uint64_t delivery, Bytes message) override {
    const std::size_t bytes = message.size();
    if (link.route) ++link.route->unsettled;
    if (connection.draining || stopping_) return Outcome{OutcomeKind::released, {}, {}};
    auto bare = bare_message(message);
    if (!bare) {
      count([](NodeStats& stats) { ++stats.malformed; });
      node_log().warning("A message was refused.", {{"peer", connection.peer},
                                                    {"address", link.address},
                                                    {"code", bare.error().code},
                                                    {"why", bare.error().message}});
      return Outcome{OutcomeKind::rejected, "amqp:decode-error", bare.error().message};
    }
    count([bytes](NodeStats& stats) {
      ++stats.received;
      stats.received_bytes += bytes;
    });
    const Lock lock(incoming_mutex_);
    if (!incoming_) return Outcome{OutcomeKind::released, {}, {}};
    try {
      incoming_(Incoming{Token{connection.id, link.id, delivery, bytes}, connection.peer, link.address,
                         std::move(bare.value().message_id), std::move(bare.value().group_id), std::move(message)});
    } catch (...) {  // Nobody will settle it; the connection ends for this.
      give_back_bytes(bytes);
      throw;
    }
    return std::nullopt;
  }

  void message_refused(Connection& connection, Link& link, const AmqpError& why) override {
    const bool aborted = why.name == "aborted";
    const bool oversize = why.name == "amqp:link:message-size-exceeded";
    count([=](NodeStats& stats) {
      if (aborted) ++stats.aborted;
      if (oversize) ++stats.oversize;
    });
    if (aborted || why.name == "busy") return;
    node_log().warning(
        "A delivery was refused.",
        {{"peer", connection.peer}, {"address", link.address}, {"why", why.name + ": " + why.description}});
  }

  void settled(Link& link, OutcomeKind kind, bool was_whole) override {
    if (was_whole && link.route) --link.route->unsettled;
    count([kind](NodeStats& stats) {
      ++(kind == OutcomeKind::accepted   ? stats.accepted
         : kind == OutcomeKind::rejected ? stats.rejected
                                         : stats.released);
    });
  }

  void flow(Link& link, std::size_t credit, bool sent_one) override {
    bool tell = false;
    if (link.route) {
      const Lock lock(routes_mutex_);
      link.route->credit = credit;
      if (sent_one) --link.route->queued;
      tell = link.route->starved && room(*link.route) > 0;
      if (tell) link.route->starved = false;
    }
    if (sent_one) count([](NodeStats& stats) { ++stats.sent; });
    if (tell) tell_ready(link.address);
  }

  void outcome(Link& link, Sending sending, const Outcome& outcome) override {
    if (forget(*sending.route, sending.bytes, false)) tell_ready(link.address);
    finish(sending, outcome);
  }

  void unsendable(Sending sending) override {
    forget(*sending.route, sending.bytes, true);
    finish(sending, Outcome{OutcomeKind::lost, {}, {}});
  }

  void killed(Connection& connection, const AmqpError& why) override {
    count([](NodeStats& stats) { ++stats.connections_killed; });
    node_log().warning("A connection was ended.", {{"peer", connection.peer},
                                                   {"ip", connection.ip},
                                                   {"certificate", connection.fingerprint},
                                                   {"why", why.name + ": " + why.description}});
  }

  void closed(Connection& connection, const AmqpError& why) override {
    if (connection.is_open()) {
      count([](NodeStats& stats) { --stats.connections; });
      node_log().info("Peer left.", {{"peer", connection.peer}, {"why", why.name + ": " + why.description}});
    } else if (connection.server) {
      count([](NodeStats& stats) { ++stats.connections_refused; });
      node_log().info("A caller did not sign in.",
                      {{"ip", connection.ip},
                       {"why", why ? why.name + ": " + why.description : "It left or said nothing in time."}});
    }
  }

  void after(std::chrono::milliseconds delay, std::function<void()> action) override {
    engine_->after(delay, std::move(action));
  }

 private:
  /// Fulfilled when the last holder lets go.
  struct Told {
    std::promise<void> everyone;
    ~Told() { everyone.set_value(); }
  };

  AmqpError who_is(Connection& connection) const {
    const PeerRules& rules = *connection.rules;
    const auto name = rules.peer_of ? rules.peer_of(connection.fingerprint) : std::nullopt;
    if (!name)
      return {"amqp:unauthorized-access", "Certificate " + connection.fingerprint + " belongs to no known peer."};
    connection.peer = *name;
    if (rules.may_come_from && !rules.may_come_from(*name, connection.ip))
      return {"amqp:unauthorized-access", "Peer " + *name + " may not come from " + connection.ip + "."};
    return {};
  }

  std::size_t room(const Route& route) const REQUIRES(routes_mutex_) {
    if (route.unsettled_bytes >= options_.limits.unsettled_bytes_per_sender_max) return 0;
    const std::size_t by_credit = route.credit > route.queued ? route.credit - route.queued : 0;
    const std::size_t unsettled = route.unsettled;
    return std::min(by_credit, route.window > unsettled ? route.window - unsettled : 0);
  }

  bool has_room(const Route& route, std::size_t bytes) const REQUIRES(routes_mutex_) {
    return room(route) > 0 &&
           (route.unsettled == 0 || route.unsettled_bytes + bytes <= options_.limits.unsettled_bytes_per_sender_max);
  }

  /// A message of ours has its answer or was never sent. True when somebody waits for the room it leaves.
  bool forget(Route& route, std::size_t bytes, bool was_queued) {
    const Lock lock(routes_mutex_);
    --route.unsettled;
    route.unsettled_bytes -= bytes;
    if (was_queued) --route.queued;
    const bool tell = route.starved && room(route) > 0;
    if (tell) route.starved = false;
    return tell;
  }

  static void finish(Sending& sending, const Outcome& outcome_now) noexcept {
    try {
      if (sending.on_outcome) sending.on_outcome(sending.id, outcome_now);
    } catch (const std::exception& problem) {
      node_log().error("A sender's callback failed.", {{"why", problem.what()}});
    } catch (...) {
      node_log().error("A sender's callback failed.");
    }
  }

  void tell_ready(const std::string& address) {
    const Lock lock(ready_mutex_);
    for (const auto& [number, handler] : ready_) handler(address);
  }

  template <class Change>
  void count(Change change) {
    const Lock lock(stats_mutex_);
    change(stats_);
  }

  const NodeOptions options_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> in_flight_{0};
  std::atomic<bool> any_withheld_{false};

  Mutex incoming_mutex_;
  std::function<void(Incoming)> incoming_ GUARDED_BY(incoming_mutex_);
  Mutex ready_mutex_;
  std::map<std::uint64_t, std::function<void(const std::string&)>> ready_ GUARDED_BY(ready_mutex_);
  std::uint64_t next_ready_ GUARDED_BY(ready_mutex_) = 0;

  mutable Mutex routes_mutex_;
  std::set<std::shared_ptr<Route>> routes_ GUARDED_BY(routes_mutex_);
  std::unordered_map<std::string, std::vector<std::shared_ptr<Route>>> senders_ GUARDED_BY(routes_mutex_);
  std::size_t next_route_ GUARDED_BY(routes_mutex_) = 0;

  Mutex withheld_mutex_;
  std::set<std::uint64_t> withheld_ GUARDED_BY(withheld_mutex_);
  mutable Mutex stats_mutex_;
  NodeStats stats_ GUARDED_BY(stats_mutex_);

  std::unique_ptr<Engine> engine_;  // Last: its thread uses all of the above.
};

Node::Node(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Node::~Node() = default;

Result<std::unique_ptr<Node>> Node::create(NodeOptions options) {
  const Limits& limits = options.limits;
  if (limits.message_bytes_max == 0 || limits.credit_per_link == 0 || limits.links_max == 0 ||
      limits.sessions_max == 0 || limits.sessions_max > 65'536)
    return refuse("limits_wrong", "A node needs limits above zero, and at most 65536 sessions a connection.");
  return std::unique_ptr<Node>(new Node(std::make_unique<Impl>(std::move(options))));
}

Registration Node::on_incoming(std::function<void(Incoming)> handler) {
  return impl_->on_incoming(std::move(handler));
}
Registration Node::on_ready(std::function<void(const std::string&)> handler) {
  return impl_->on_ready(std::move(handler));
}
Result<std::uint16_t> Node::listen(const std::string& host, std::uint16_t port,
                                   const std::variant<TlsFiles, Plain>& security, PeerRules rules) {
  return impl_->listen(host, port, security, std::move(rules));
}
Result<void> Node::dial(DialOptions options) {
  return impl_->dial(std::move(options));
}
void Node::recheck_trust() {
  impl_->recheck_trust();
}
void Node::settle(std::span<const Settlement> settlements) {
  impl_->settle(settlements);
}
SendResult Node::send(const std::string& address, const std::string& group, ByteView message, SendToken id,
                      std::function<void(SendToken, const Outcome&)> on_outcome) {
  return impl_->send(address, group, message, id, std::move(on_outcome));
}
bool Node::has_receiver(const std::string& address) const {
  return impl_->has_receiver(address);
}
void Node::shutdown(const std::function<void()>& barrier, std::chrono::milliseconds deadline) {
  impl_->shutdown(barrier, deadline);
}
NodeStats Node::stats() const {
  return impl_->stats();
}

}  // namespace zhida::messaging
