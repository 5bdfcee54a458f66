#include "platform/messaging/proton_connection.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/disposition.h>
#include <proton/event.h>
#include <proton/link.h>
#include <proton/netaddr.h>
#include <proton/proactor.h>
#include <proton/sasl.h>
#include <proton/session.h>
#include <proton/ssl.h>
#include <proton/terminus.h>
#include <proton/transport.h>

namespace zhida::messaging {
namespace {

AmqpError read(pn_condition_t* condition) {
  if (condition == nullptr || !pn_condition_is_set(condition)) return {};
  const auto text = [](const char* value) { return std::string(value == nullptr ? "" : value); };
  return {text(pn_condition_get_name(condition)), text(pn_condition_get_description(condition))};
}

void write(pn_condition_t* condition, const AmqpError& error) {
  if (!error) return;
  pn_condition_set_name(condition, error.name.c_str());
  pn_condition_set_description(condition, error.description.c_str());
}

bool is_active(pn_link_t* link) {
  return (pn_link_state(link) & PN_LOCAL_ACTIVE) != 0 && (pn_link_state(link) & PN_REMOTE_ACTIVE) != 0;
}

constexpr std::size_t kFramesNeverReached = 1'000'000;

/// Says the outcome and forgets the delivery; its pointer is dead afterwards.
void finish(pn_delivery_t* delivery, const Outcome& outcome) {
  std::uint64_t state = PN_RELEASED;
  if (outcome.kind == OutcomeKind::accepted) state = PN_ACCEPTED;
  if (outcome.kind == OutcomeKind::rejected) {
    state = PN_REJECTED;
    write(pn_disposition_condition(pn_delivery_local(delivery)), {outcome.code, outcome.description});
  }
  pn_delivery_update(delivery, state);
  pn_delivery_settle(delivery);
}

}  // namespace

Connection::Connection(std::uint64_t connection_id, ConnectionOwner& owner, const Limits& limits, pn_connection_t* raw,
                       bool is_server, bool has_tls)
    : id(connection_id), server(is_server), tls(has_tls), owner_(owner), limits_(limits), raw_(raw), live_(raw) {
  pn_connection_set_context(raw, this);
}

// ---- any thread
// ---------------------------------------------------------------------------------------------------------------

// Proton coalesces wakes, so each of the three is a queue; the first entry of all wakes.
bool Connection::post(std::function<void()> action) {
  const Lock lock(mutex_);
  if (live_ == nullptr) return false;
  posts_.push_back(std::move(action));
  pn_connection_wake(live_);
  return true;
}

bool Connection::push_settlements(std::vector<Settlement> settlements) {
  const Lock lock(mutex_);
  if (live_ == nullptr) return false;
  const bool first = settlements_.empty();
  if (first)
    settlements_ = std::move(settlements);
  else
    settlements_.insert(settlements_.end(), std::make_move_iterator(settlements.begin()),
                        std::make_move_iterator(settlements.end()));
  if (first) pn_connection_wake(live_);
  return true;
}

bool Connection::push_send(Sending& sending) {
  const Lock lock(mutex_);
  if (live_ == nullptr) return false;
  const bool first = sends_.empty();
  sends_.push_back(std::move(sending));
  if (first) pn_connection_wake(live_);
  return true;
}

// ---- the connection's own events
// ----------------------------------------------------------------------------------------------

void Connection::handle(pn_event_t* event) {
  try {
    switch (pn_event_type(event)) {
      case PN_CONNECTION_WAKE:
        on_wake();
        break;
      case PN_CONNECTION_REMOTE_OPEN:
        on_remote_open();
        break;
      case PN_CONNECTION_REMOTE_CLOSE:
        if (!error_) error_ = read(pn_connection_remote_condition(raw_));
        pn_connection_close(raw_);
        break;
      case PN_SESSION_REMOTE_OPEN:
        on_session_open(pn_event_session(event));
        break;
      case PN_SESSION_REMOTE_CLOSE:
        on_session_close(pn_event_session(event));
        break;
      case PN_LINK_REMOTE_OPEN:
        on_link_open(pn_event_link(event));
        break;
      case PN_LINK_REMOTE_CLOSE:
        on_link_close(pn_event_link(event), true);
        break;
      case PN_LINK_REMOTE_DETACH:
        on_link_close(pn_event_link(event), false);
        break;
      case PN_LINK_FLOW: {
        pn_link_t* raw = pn_event_link(event);
        auto* link = static_cast<Link*>(pn_link_get_context(raw));
        if (killed_ || link == nullptr || !link->sending) break;
        if (pn_link_get_drain(raw))
          pn_link_drained(raw);  // Nothing is held back here: what credit there is, is not needed now.
        owner_.flow(*link, static_cast<std::size_t>(std::max(0, pn_link_credit(raw))), false);
        break;
      }
      case PN_DELIVERY:
        on_delivery(pn_event_delivery(event));
        break;
      case PN_TRANSPORT_ERROR:
        if (AmqpError error = read(pn_transport_condition(pn_event_transport(event))); error && !error_)
          error_ = std::move(error);
        break;
      default:
        break;
    }
  } catch (const std::exception& problem) {  // A handler's mistake costs its own connection, never the node.
    kill({"amqp:internal-error", problem.what()});
  } catch (...) {
    kill({"amqp:internal-error", "A handler failed."});
  }
}

// The address is known only once bytes came, and asked for again at the end for callers that say nothing sensible.
void Connection::note_address() {
  pn_transport_t* transport = pn_connection_transport(raw_);
  if (!ip.empty() || transport == nullptr) return;
  char host[128] = "";
  if (const pn_netaddr_t* address = pn_transport_remote_addr(transport))
    pn_netaddr_host_port(address, host, sizeof host, nullptr, 0);
  ip = host;
}

AmqpError Connection::end() {
  note_address();
  std::vector<Sending> unsent;
  {
    const Lock lock(mutex_);
    live_ = nullptr;
    posts_.clear();
    settlements_.clear();
    unsent.swap(sends_);
  }
  pn_connection_set_context(raw_, nullptr);
  killed_ = true;
  while (!links_.empty()) drop(links_.begin()->first, error_);
  for (Sending& sending : unsent) owner_.unsendable(std::move(sending));
  return error_;
}

void Connection::on_wake() {
  std::vector<std::function<void()>> posts;
  std::vector<Settlement> settlements;
  std::vector<Sending> sends;
  {
    const Lock lock(mutex_);
    posts.swap(posts_);
    settlements.swap(settlements_);
    sends.swap(sends_);
  }
  // Settlements first: a close that was posted behind them must find them said.
  std::unordered_set<std::uint64_t> touched;
  for (const Settlement& settlement : settlements) {
    settle(settlement);
    touched.insert(settlement.token.link);
  }
  for (const std::uint64_t link_id : touched)
    if (Link* link = find(link_id)) grant_credit(*link);
  for (Sending& sending : sends) send(std::move(sending));
  for (auto& action : posts) action();
}

void Connection::on_remote_open() {
  pn_transport_t* transport = pn_connection_transport(raw_);
  AmqpError refused;
  note_address();
  if (tls) {
    char digits[65] = "";
    if (pn_ssl_get_cert_fingerprint(pn_ssl(transport), digits, sizeof digits, PN_SSL_SHA256) != 0)
      refused = {"amqp:unauthorized-access", "A certificate is needed."};
    fingerprint = digits;
    const char* mechanism = pn_sasl_get_mech(pn_sasl(transport));
    if (server &&
        (!pn_transport_is_authenticated(transport) || mechanism == nullptr || std::strcmp(mechanism, "EXTERNAL") != 0))
      refused = {"amqp:unauthorized-access", "SASL EXTERNAL is needed."};
  }
  if (!refused) refused = owner_.authorise(*this);
  if ((pn_connection_state(raw_) & PN_LOCAL_UNINIT) != 0) pn_connection_open(raw_);
  if (refused) return kill(refused);
  open_ = true;
  owner_.opened(*this);
}

void Connection::on_session_open(pn_session_t* session) {
  if (killed_ || !open_) return;
  if ((pn_session_state(session) & PN_LOCAL_UNINIT) == 0) return;  // Our own, answered.
  if (++sessions_ever_ > limits_.sessions_ever_max)
    return kill({"amqp:resource-limit-exceeded", "Too many sessions in one connection."});
  pn_session_set_incoming_capacity(session, 2 * limits_.message_bytes_max);
  pn_session_open(session);
}

void Connection::on_session_close(pn_session_t* session) {
  const AmqpError why = read(pn_session_remote_condition(session));
  std::vector<pn_link_t*> gone;
  for (const auto& [raw, link] : links_)
    if (pn_link_session(raw) == session) gone.push_back(raw);
  std::erase_if(refused_, [&](pn_link_t* raw) { return pn_link_session(raw) == session; });
  for (pn_link_t* raw : gone) drop(raw, why);
  pn_session_close(session);
  pn_session_free(session);
}

void Connection::on_link_open(pn_link_t* raw) {
  if (killed_ || !open_) return;
  if ((pn_link_state(raw) & PN_LOCAL_UNINIT) == 0) {  // The answer to our own attach.
    auto* own = static_cast<Link*>(pn_link_get_context(raw));
    if (own == nullptr || std::exchange(own->attached, true)) return;
    own->message_bytes_max = pn_link_remote_max_message_size(raw);
    owner_.attached(*this, *own);
    return;
  }
  if (links_.size() + refused_.size() >= limits_.links_max)
    return kill({"amqp:resource-limit-exceeded", "Too many links in one connection."});
  auto link = std::make_unique<Link>();
  link->id = ++next_link_;
  link->raw = raw;
  link->sending = pn_link_is_sender(raw);
  const char* address =
      pn_terminus_get_address(link->sending ? pn_link_remote_source(raw) : pn_link_remote_target(raw));
  link->address = address == nullptr ? "" : address;
  if (const AmqpError why = owner_.may_attach(*this, *link)) {
    // An attach without terminus, then a detach that says why (AMQP 1.0 part 2, section 2.6.3).
    refused_.insert(raw);
    pn_link_open(raw);
    write(pn_link_condition(raw), why);
    pn_link_close(raw);
    return;
  }
  pn_terminus_copy(pn_link_source(raw), pn_link_remote_source(raw));
  pn_terminus_copy(pn_link_target(raw), pn_link_remote_target(raw));
  pn_link_set_snd_settle_mode(raw, pn_link_remote_snd_settle_mode(raw));
  if (!link->sending) pn_link_set_max_message_size(raw, limits_.message_bytes_max);
  link->attached = true;
  link->message_bytes_max = pn_link_remote_max_message_size(raw);
  Link& kept = *link;
  pn_link_set_context(raw, &kept);
  by_id_.emplace(kept.id, &kept);
  links_.emplace(raw, std::move(link));
  pn_link_open(raw);
  owner_.attached(*this, kept);
}

void Connection::on_link_close(pn_link_t* raw, bool closed) {
  refused_.erase(raw);
  drop(raw, read(pn_link_remote_condition(raw)));
  if (closed)
    pn_link_close(raw);
  else
    pn_link_detach(raw);
  pn_link_free(raw);  // None of its deliveries may be touched any more.
}

void Connection::drop(pn_link_t* raw, const AmqpError& why) {
  const auto found = links_.find(raw);
  if (found == links_.end()) return;
  const std::unique_ptr<Link> link = std::move(found->second);
  links_.erase(found);
  by_id_.erase(link->id);
  pn_link_set_context(raw, nullptr);
  drop_partial(*link);
  for (auto& [tag, sending] : link->sent) owner_.outcome(*link, std::move(sending), Outcome{OutcomeKind::lost, {}, {}});
  link->sent.clear();
  owner_.detached(*this, *link, why);
}

void Connection::drop_partial(Link& link) {
  owner_.give_back_bytes(link.partial.size());
  partial_bytes_ -= link.partial.size();
  link.partial = Bytes();
}

// ---- deliveries
// ---------------------------------------------------------------------------------------------------------------

void Connection::on_delivery(pn_delivery_t* delivery) {
  pn_link_t* raw = pn_delivery_link(delivery);
  auto* link = static_cast<Link*>(pn_link_get_context(raw));
  if (pn_link_is_receiver(raw)) {
    if (!killed_ && link != nullptr && (pn_link_state(raw) & PN_LOCAL_ACTIVE) != 0) return receive(*link);
    // Proton would go on buffering. An outcome is said: RabbitMQ ends a session over a settlement without one.
    while (pn_delivery_t* current = pn_link_current(raw)) finish(current, Outcome{OutcomeKind::released, {}, {}});
    return;
  }
  if (!pn_delivery_updated(delivery)) {
    // Proton takes and buffers transfers even on a link on which we send.
    if (pn_delivery_pending(delivery) > 0) kill({"amqp:not-allowed", "A transfer came on a link on which we send."});
    return;
  }
  if (link == nullptr) return;
  pn_delivery_clear(delivery);
  const std::uint64_t state = pn_delivery_remote_state(delivery);
  const bool terminal = state == PN_ACCEPTED || state == PN_REJECTED || state == PN_RELEASED || state == PN_MODIFIED;
  if (!terminal && !pn_delivery_settled(delivery)) return;
  Outcome outcome;
  outcome.kind = state == PN_ACCEPTED   ? OutcomeKind::accepted
                 : state == PN_REJECTED ? OutcomeKind::rejected
                 : terminal             ? OutcomeKind::released
                                        : OutcomeKind::lost;
  if (state == PN_REJECTED) {
    AmqpError why = read(pn_disposition_condition(pn_delivery_remote(delivery)));
    outcome.code = std::move(why.name);
    outcome.description = std::move(why.description);
  }
  std::uint64_t tag = 0;
  const pn_delivery_tag_t octets = pn_delivery_tag(delivery);
  std::memcpy(&tag, octets.start, std::min(octets.size, sizeof tag));
  pn_delivery_settle(delivery);
  const auto sent = link->sent.find(tag);
  if (sent == link->sent.end()) return;
  Sending sending = std::move(sent->second);
  link->sent.erase(sent);
  owner_.outcome(*link, std::move(sending), outcome);
}

void Connection::receive(Link& link) {
  pn_link_t* raw = link.raw;
  while (pn_delivery_t* delivery = pn_link_current(raw)) {
    if (pn_delivery_aborted(delivery)) {  // Nothing of it can be read; settling frees it.
      drop_partial(link);
      pn_delivery_settle(delivery);
      ++link.credit_due;
      owner_.message_refused(*this, link, {"aborted", "The peer gave it up."});
      grant_credit(link);
      continue;
    }
    const bool partial = pn_delivery_partial(delivery);  // Must be asked before the bytes are taken.
    const std::size_t pending = pn_delivery_pending(delivery);
    const std::size_t before = link.partial.size();
    if (before + pending > limits_.message_bytes_max) {
      const AmqpError why{"amqp:link:message-size-exceeded",
                          "A message may have " + std::to_string(limits_.message_bytes_max) + " bytes."};
      refuse_delivery(link, delivery, OutcomeKind::rejected, why);
      close_link(link, why);
      return;
    }
    if (partial && partial_bytes_ + pending > 2 * limits_.message_bytes_max)
      return kill({"amqp:resource-limit-exceeded", "Too many large messages at once in one connection."});
    if (!owner_.take_bytes(pending)) {
      refuse_delivery(link, delivery, OutcomeKind::released, {"busy", "The byte budget is used up."});
      grant_credit(link);
      continue;
    }
    if (pending > 0) {
      link.partial.resize(before + pending);
      partial_bytes_ += pending;
      const ssize_t taken = pn_link_recv(raw, link.partial.data() + before, pending);
      if (taken < 0 || static_cast<std::size_t>(taken) != pending)
        throw std::runtime_error("A delivery could not be read.");
    }
    if (partial) return;
    pn_link_advance(raw);
    // Proton does not hold peers to their credit. A broker we dialled may overshoot by what was on its way when it got
    // new credit (RabbitMQ 3.10 does, see grant_credit()); a partner that came to us may not.
    const int overshoot = link.dialled ? static_cast<int>(limits_.credit_per_link) : 0;
    if (pn_link_credit(raw) < -overshoot) {
      drop_partial(link);
      const AmqpError why{"amqp:link:transfer-limit-exceeded", "A transfer came without credit."};
      finish(delivery, Outcome{OutcomeKind::released, {}, {}});
      owner_.message_refused(*this, link, why);
      return close_link(link, why);
    }
    Bytes message = std::exchange(link.partial, Bytes());
    partial_bytes_ -= message.size();
    const std::uint64_t number = ++link.next_delivery;
    link.open.emplace(number, Link::Open{delivery, message.size()});
    const std::uint64_t link_id = link.id;
    const std::size_t bytes = message.size();
    if (const auto outcome = owner_.message(*this, link, number, std::move(message))) {
      owner_.give_back_bytes(bytes);
      settle({Token{id, link_id, number, bytes}, *outcome});
      grant_credit(link);
    }
    if (killed_ || find(link_id) == nullptr || (pn_link_state(raw) & PN_LOCAL_ACTIVE) == 0) return;
  }
}

void Connection::refuse_delivery(Link& link, pn_delivery_t* delivery, OutcomeKind kind, const AmqpError& why) {
  drop_partial(link);
  finish(delivery, Outcome{kind, why.name, why.description});  // Settled in the middle, Proton throws the rest away.
  ++link.credit_due;
  owner_.settled(link, kind, false);
  owner_.message_refused(*this, link, why);
}

void Connection::settle(const Settlement& settlement) {
  Link* link = find(settlement.token.link);
  if (link == nullptr) return;
  const auto open = link->open.find(settlement.token.delivery);
  if (open == link->open.end()) return;
  finish(open->second.delivery, settlement.outcome);
  link->open.erase(open);
  ++link->credit_due;
  owner_.settled(*link, settlement.outcome.kind, true);
}

void Connection::send(Sending sending) {
  Link* link = find(sending.link);
  if (link == nullptr || killed_ || !is_active(link->raw)) return owner_.unsendable(std::move(sending));
  const std::uint64_t tag = ++link->next_tag;
  char octets[sizeof tag];
  std::memcpy(octets, &tag, sizeof tag);
  pn_delivery(link->raw, pn_dtag(octets, sizeof octets));
  pn_link_send(link->raw, sending.message.data(), sending.message.size());
  pn_link_advance(link->raw);
  sending.message = Bytes();  // Proton has its copy.
  link->sent.emplace(tag, std::move(sending));
  owner_.flow(*link, static_cast<std::size_t>(std::max(0, pn_link_credit(link->raw))), true);
}

// ---- orders
// -------------------------------------------------------------------------------------------------------------------

void Connection::grant_credit(Link& link) {
  if (link.credit_due == 0 || draining || killed_ || (pn_link_state(link.raw) & PN_LOCAL_ACTIVE) == 0) return;
  // A peer with plenty left need not be told of each message: brokers find that expensive. A broker we dialled uses up
  // all of it first: RabbitMQ 3.10 counts new credit against what its session has sent and forgets what its queue has
  // handed to that session already, so that every early grant adds to what comes without credit, and without end.
  const int left = pn_link_remote_credit(link.raw);  // Less what lies unread in Proton.
  if (left > (link.dialled ? 0 : static_cast<int>(limits_.credit_per_link / 2))) return;
  if (left + static_cast<int>(link.credit_due) <= 0) return;  // Proton would write a negative number as an endless one.
  if (!owner_.may_grant()) return owner_.credit_withheld(*this);
  pn_link_flow(link.raw, static_cast<int>(std::exchange(link.credit_due, 0)));
}

void Connection::grant_all_credit() {
  for (Link* link : links())
    if (!link->sending) grant_credit(*link);
}

Link* Connection::find(std::uint64_t link) {
  const auto found = by_id_.find(link);
  return found == by_id_.end() ? nullptr : found->second;
}

std::vector<Link*> Connection::links() {
  std::vector<Link*> all;
  for (const auto& [raw, link] : links_) all.push_back(link.get());
  return all;
}

void Connection::open_link(bool sending, const std::string& address) {
  const std::string wire = (dial ? dial->address_prefix : std::string()) + address;
  pn_session_t* session = pn_session(raw_);
  // The window is never to close: Proton opens it anew by repeating each link's credit, and RabbitMQ 3.10 takes what
  // was repeated for more. What comes is read at once, and bounded by receive().
  pn_session_set_incoming_capacity(session, kFramesNeverReached * (dial ? dial->max_frame : 65'536));
  pn_session_open(session);
  auto link = std::make_unique<Link>();
  link->id = ++next_link_;
  const std::string name = address + "#" + std::to_string(id) + "." + std::to_string(link->id);
  link->raw = sending ? pn_sender(session, name.c_str()) : pn_receiver(session, name.c_str());
  link->address = address;
  link->sending = sending;
  link->dialled = true;
  pn_terminus_set_address(pn_link_source(link->raw), wire.c_str());
  pn_terminus_set_address(pn_link_target(link->raw), wire.c_str());
  pn_link_set_snd_settle_mode(link->raw, PN_SND_UNSETTLED);
  if (!sending) pn_link_set_max_message_size(link->raw, limits_.message_bytes_max);
  pn_link_set_context(link->raw, link.get());
  by_id_.emplace(link->id, link.get());
  pn_link_t* raw = link->raw;
  const std::uint64_t link_id = link->id;
  links_.emplace(raw, std::move(link));
  pn_link_open(raw);
  // A broker may never answer an attach, say for a queue without a leader: then the whole connection is tried anew.
  owner_.after(limits_.handshake_deadline, [weak = weak_from_this(), link_id] {
    const auto self = weak.lock();
    if (!self) return;
    self->post([connection = self.get(), link_id] {
      const Link* waiting = connection->find(link_id);
      if (waiting != nullptr && !waiting->attached)
        connection->kill(
            {"amqp:connection:forced", "The attach to " + waiting->address + " was not answered in time."});
    });
  });
}

void Connection::close(const AmqpError& why) {
  write(pn_connection_condition(raw_), why);
  pn_connection_close(raw_);
}

void Connection::kill(const AmqpError& why) {
  if (std::exchange(killed_, true)) return;
  if (!error_) error_ = why;
  owner_.killed(*this, why);
  if ((pn_connection_state(raw_) & PN_LOCAL_UNINIT) != 0) pn_connection_open(raw_);
  close(why);
  // Stop reading, but in the next batch: in this one it would replace our condition by a framing error.
  post([this] {
    if (pn_transport_t* transport = pn_connection_transport(raw_)) pn_transport_close_tail(transport);
  });
  expect_soon([] { return false; });
}

void Connection::cut() {
  pn_transport_t* transport = pn_connection_transport(raw_);
  if (transport == nullptr) return;
  pn_transport_close_tail(transport);
  pn_transport_close_head(transport);
}

void Connection::close_link(Link& link, const AmqpError& why) {
  write(pn_link_condition(link.raw), why);
  pn_link_close(link.raw);
  expect_soon([this, link_id = link.id] { return find(link_id) == nullptr; });
}

void Connection::expect_soon(std::function<bool()> done) {
  owner_.after(limits_.close_deadline, [weak = weak_from_this(), done = std::move(done)] {
    const auto self = weak.lock();
    if (!self) return;
    self->post([raw = self.get(), done] {
      if (!done()) raw->cut();
    });
  });
}

}  // namespace zhida::messaging
