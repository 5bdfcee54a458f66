#include "platform/messaging/proton_engine.h"

#include <algorithm>
#include <random>
#include <utility>

#include <arpa/inet.h>
#include <netdb.h>
#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/event.h>
#include <proton/listener.h>
#include <proton/logger.h>
#include <proton/netaddr.h>
#include <proton/proactor.h>
#include <proton/sasl.h>
#include <proton/ssl.h>
#include <proton/transport.h>

#include "base/log.h"

namespace zhida::messaging {
namespace {

const Log& engine_log() {
  static const Log log("messaging");
  return log;
}

/// Proton writes to standard error by itself; its words go the way of ours. What ends a connection is said by the node
/// anyway.
pn_proactor_t* quiet_proactor() {
  pn_logger_set_log_sink(
      pn_default_logger(),
      [](std::intptr_t, pn_log_subsystem_t, pn_log_level_t, const char* text) {
        engine_log().debug("Proton says something.", {{"text", text}});
      },
      0);
  return pn_proactor();
}

std::uint16_t as_port(const char* digits) {
  return static_cast<std::uint16_t>(std::strtoul(digits, nullptr, 10));
}

/// Every address of a name, as numbers. Empty when there is none now.
std::vector<std::string> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  std::vector<std::string> all;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return all;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      all.emplace_back(text);
  }
  freeaddrinfo(found);
  return all;
}

std::chrono::milliseconds jittered(std::chrono::milliseconds delay) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  const auto span = static_cast<unsigned>(std::max<std::int64_t>(delay.count(), 1));
  return delay / 2 + std::chrono::milliseconds(random() % span);
}

}  // namespace

struct Engine::Listener {
  TlsDomain tls;
  std::shared_ptr<const PeerRules> rules;
  std::promise<Result<std::uint16_t>> port;
  bool answered = false;  // The node's thread.
};

struct Engine::Target {
  std::shared_ptr<const DialOptions> options;
  TlsDomain tls;
  std::chrono::milliseconds delay{0};
  std::size_t attempts = 0;
  std::chrono::steady_clock::time_point dialled_at;
};

Result<TlsDomain> make_tls_domain(bool server, const TlsFiles& files, bool check_name) {
  TlsDomain domain(pn_ssl_domain(server ? PN_SSL_MODE_SERVER : PN_SSL_MODE_CLIENT), [](pn_ssl_domain_t* raw) {
    if (raw != nullptr) pn_ssl_domain_free(raw);
  });
  const auto wrong = [&](const std::string& what) { return refuse("tls_files_wrong", what); };
  if (!domain) return wrong("TLS is not available in this build of Proton.");
  const std::string& phrase = files.passphrase.reveal();
  if (pn_ssl_domain_set_credentials(domain.get(), files.certificate_file.c_str(), files.key_file.c_str(),
                                    phrase.empty() ? nullptr : phrase.c_str()) != 0)
    return wrong("Certificate " + files.certificate_file + " and key " + files.key_file +
                 " cannot be used together: check paths, rights and passphrase.");
  if (pn_ssl_domain_set_trusted_ca_db(domain.get(), files.ca_file.c_str()) != 0)
    return wrong("CA file " + files.ca_file + " cannot be read.");
  const auto mode = server || !check_name ? PN_SSL_VERIFY_PEER : PN_SSL_VERIFY_PEER_NAME;
  if (pn_ssl_domain_set_peer_authentication(domain.get(), mode, server ? files.ca_file.c_str() : nullptr) != 0)
    return wrong("CA file " + files.ca_file + " holds no certificates.");
  if (pn_ssl_domain_set_protocols(domain.get(), "TLSv1.2 TLSv1.3") != 0)
    return wrong("TLS 1.2 and 1.3 are not available.");
  return domain;
}

Engine::Engine(std::string container_id, const Limits& limits, ConnectionOwner& owner)
    : container_id_(std::move(container_id)),
      limits_(limits),
      owner_(owner),
      proactor_(quiet_proactor()),
      thread_([this] { loop(); }) {}

Engine::~Engine() {
  stop_accepting();
  stop();
  pn_proactor_free(proactor_);
}

// ---- any thread
// ---------------------------------------------------------------------------------------------------------------

Result<std::uint16_t> Engine::listen(const std::string& host, std::uint16_t port, TlsDomain tls,
                                     std::shared_ptr<const PeerRules> rules) {
  auto listener = std::make_shared<Listener>();
  listener->tls = std::move(tls);
  listener->rules = std::move(rules);
  auto answer = listener->port.get_future();
  {
    const Lock lock(mutex_);
    if (stopping_) return refuse("listen_failed", "The node is shutting down.");
    pn_listener_t* raw = pn_listener();
    pn_listener_set_context(raw, listener.get());
    listeners_.emplace(raw, std::move(listener));
    char address[PN_MAX_ADDR];
    pn_proactor_addr(address, sizeof address, host.c_str(), std::to_string(port).c_str());
    pn_proactor_listen(proactor_, raw, address, 128);
  }
  return answer.get();
}

void Engine::dial(std::shared_ptr<const DialOptions> options, TlsDomain tls) {
  auto target = std::make_shared<Target>();
  target->delay = options->reconnect_first;
  target->options = std::move(options);
  target->tls = std::move(tls);
  const Lock lock(dial_mutex_);
  if (stopping_) return;
  due_.push_back({std::chrono::steady_clock::now(), std::move(target)});
  if (!dial_thread_.joinable()) dial_thread_ = std::thread([this] { dial_loop(); });
  dial_changed_.notify_all();
}

void Engine::after(std::chrono::milliseconds delay, std::function<void()> action) {
  const Lock lock(timers_mutex_);
  timers_.emplace(pn_proactor_now_64() + delay.count(), std::move(action));
  arm_timers();
}

// The proactor has one time-out; the earliest of ours sets it.
void Engine::arm_timers() {
  if (timers_.empty()) return;
  const std::int64_t wait = std::max<std::int64_t>(0, timers_.begin()->first - pn_proactor_now_64());
  pn_proactor_set_timeout(proactor_, static_cast<pn_millis_t>(wait));
}

std::shared_ptr<Connection> Engine::find(std::uint64_t connection) {
  const Lock lock(mutex_);
  const auto found = connections_.find(connection);
  return found == connections_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<Connection>> Engine::connections() {
  const Lock lock(mutex_);
  std::vector<std::shared_ptr<Connection>> all;
  for (const auto& [id, connection] : connections_) all.push_back(connection);
  return all;
}

void Engine::stop_accepting() {
  stopping_ = true;
  {
    const Lock lock(mutex_);
    for (const auto& [raw, listener] : listeners_) pn_listener_close(raw);
  }
  std::thread ending;
  {
    const Lock lock(dial_mutex_);
    due_.clear();
    ending.swap(dial_thread_);
  }
  dial_changed_.notify_all();
  if (ending.joinable()) ending.join();
}

bool Engine::wait_until_closed(std::chrono::milliseconds deadline) {
  Lock lock(mutex_);
  return all_closed_.wait_for(lock, deadline, [this] { return connections_.empty() && listeners_.empty(); });
}

void Engine::abort() {
  pn_proactor_disconnect(proactor_, nullptr);
}

void Engine::stop() {
  if (done_.exchange(true)) return;
  {
    const Lock lock(timers_mutex_);
    timers_.clear();
  }
  pn_proactor_cancel_timeout(proactor_);
  pn_proactor_interrupt(proactor_);
  if (thread_.joinable()) thread_.join();
}

// ---- the dialling thread
// ------------------------------------------------------------------------------------------------------

void Engine::dial_loop() {
  for (;;) {
    std::shared_ptr<Target> target;
    {
      Lock lock(dial_mutex_);
      for (;;) {
        if (stopping_) return;
        const auto next =
            std::min_element(due_.begin(), due_.end(), [](const Due& a, const Due& b) { return a.at < b.at; });
        if (next == due_.end()) {
          dial_changed_.wait(lock);
        } else if (next->at > std::chrono::steady_clock::now()) {
          const auto until = next->at;
          dial_changed_.wait_until(lock, until);
        } else {
          target = std::move(next->target);
          due_.erase(next);
          break;
        }
      }
    }
    connect(target);
  }
}

void Engine::connect(const std::shared_ptr<Target>& target) {
  const DialOptions& options = *target->options;
  const std::vector<std::string> addresses = look_up(options.host);
  if (addresses.empty()) {
    engine_log().warning("Peer has no address now; will look again.", {{"peer", options.name}, {"host", options.host}});
    target->delay = std::min(2 * target->delay, options.reconnect_max);
    const Lock lock(dial_mutex_);
    due_.push_back({std::chrono::steady_clock::now() + jittered(target->delay), target});
    return;
  }
  const std::string& ip = addresses[target->attempts++ % addresses.size()];
  target->dialled_at = std::chrono::steady_clock::now();
  ++dials_;

  pn_transport_t* transport = pn_transport();
  pn_transport_set_max_frame(transport, options.max_frame);
  pn_transport_set_idle_timeout(transport, static_cast<pn_millis_t>(limits_.idle_timeout.count()));
  pn_connection_t* raw = pn_connection();
  pn_connection_set_container(raw, container_id_.c_str());
  const std::string& server_name = options.server_name.empty() ? options.host : options.server_name;
  pn_connection_set_hostname(raw, server_name.c_str());
  if (!options.user.empty()) {
    pn_connection_set_user(raw, options.user.c_str());
    pn_connection_set_password(raw, options.password.reveal().c_str());
  }
  if (target->tls) {
    pn_ssl_init(pn_ssl(transport), target->tls.get(), nullptr);
    pn_ssl_set_peer_hostname(pn_ssl(transport), server_name.c_str());
  }
  pn_sasl_allowed_mechs(pn_sasl(transport), !options.user.empty() ? "PLAIN" : target->tls ? "EXTERNAL" : "ANONYMOUS");
  if (!options.user.empty() && !target->tls)
    pn_sasl_set_allow_insecure_mechs(pn_sasl(transport), true);  // DialOptions said Plain.

  const std::uint64_t id = ++next_connection_;
  auto connection = std::make_shared<Connection>(id, owner_, limits_, raw, false, target->tls != nullptr);
  connection->dial = target->options;
  connection->peer = options.name;
  connection->ip = ip;
  char address[PN_MAX_ADDR];
  pn_proactor_addr(address, sizeof address, ip.c_str(), std::to_string(options.port).c_str());
  {
    const Lock lock(mutex_);
    connections_.emplace(id, connection);
    dialled_.emplace(id, target);
  }
  pn_proactor_connect2(proactor_, raw, transport, address);
  // A peer that takes the call and then says nothing.
  after(limits_.handshake_deadline, [weak = std::weak_ptr(connection)] {
    if (const auto self = weak.lock())
      self->post([raw_self = self.get()] {
        if (!raw_self->is_open()) raw_self->cut();
      });
  });
}

// ---- the node's thread
// --------------------------------------------------------------------------------------------------------

void Engine::loop() {
  while (!done_) {
    pn_event_batch_t* batch = pn_proactor_wait(proactor_);
    while (pn_event_t* event = pn_event_batch_next(batch)) dispatch(event);
    pn_proactor_done(proactor_, batch);
  }
}

void Engine::dispatch(pn_event_t* event) {
  switch (pn_event_type(event)) {
    case PN_LISTENER_OPEN: {
      pn_listener_t* raw = pn_event_listener(event);
      auto* listener = static_cast<Listener*>(pn_listener_get_context(raw));
      char port[16] = "0";
      pn_netaddr_host_port(pn_listener_addr(raw), nullptr, 0, port, sizeof port);
      if (!std::exchange(listener->answered, true)) listener->port.set_value(as_port(port));
      return;
    }
    case PN_LISTENER_ACCEPT:
      return accept(pn_event_listener(event));
    case PN_LISTENER_CLOSE: {
      pn_listener_t* raw = pn_event_listener(event);
      auto* listener = static_cast<Listener*>(pn_listener_get_context(raw));
      pn_condition_t* condition = pn_listener_condition(raw);
      const char* why = pn_condition_is_set(condition) ? pn_condition_get_description(condition) : nullptr;
      if (!std::exchange(listener->answered, true))
        listener->port.set_value(
            retry("listen_failed", std::string("Cannot listen: ") + (why == nullptr ? "closed" : why) + "."));
      else if (why != nullptr)
        engine_log().error("A listener failed.", {{"why", why}});
      const Lock lock(mutex_);
      listeners_.erase(raw);
      all_closed_.notify_all();
      return;
    }
    case PN_PROACTOR_TIMEOUT:
      return fire_timers();
    default:
      break;
  }
  pn_connection_t* raw = pn_event_connection(event);
  if (raw == nullptr) return;
  auto* connection = static_cast<Connection*>(pn_connection_get_context(raw));
  if (connection == nullptr) {  // Over the limit of connections: answered, and let go.
    if (pn_event_type(event) == PN_CONNECTION_BOUND) {
      pn_transport_close_tail(pn_event_transport(event));
      pn_transport_close_head(pn_event_transport(event));
    }
    return;
  }
  connection->handle(event);
  if (pn_event_type(event) == PN_TRANSPORT_CLOSED) ended(event, *connection);
}

void Engine::ended(pn_event_t*, Connection& connection) {
  const auto self = connection.shared_from_this();
  const AmqpError why = connection.end();
  owner_.closed(connection, why);
  std::shared_ptr<Target> target;
  {
    const Lock lock(mutex_);
    connections_.erase(connection.id);
    if (const auto found = dialled_.find(connection.id); found != dialled_.end()) {
      target = std::move(found->second);
      dialled_.erase(found);
    }
    all_closed_.notify_all();
  }
  if (!target || stopping_) return;
  const DialOptions& options = *target->options;
  const auto now = std::chrono::steady_clock::now();
  const bool was_good = connection.is_open() && now - target->dialled_at > std::chrono::seconds(1);
  const auto wait = jittered(was_good ? options.reconnect_first : target->delay);
  target->delay = was_good ? options.reconnect_first : std::min(2 * target->delay, options.reconnect_max);
  engine_log().warning(
      "Peer is away; will dial again.",
      {{"peer", options.name}, {"why", why.name + ": " + why.description}, {"in_ms", std::to_string(wait.count())}});
  const Lock lock(dial_mutex_);
  due_.push_back({now + wait, std::move(target)});
  dial_changed_.notify_all();
}

void Engine::accept(pn_listener_t* raw_listener) {
  const auto* listener = static_cast<Listener*>(pn_listener_get_context(raw_listener));
  pn_transport_t* transport = pn_transport();
  pn_transport_set_server(transport);  // Before TLS and SASL are touched.
  pn_transport_set_max_frame(transport, 65'536);
  pn_transport_set_channel_max(transport, static_cast<std::uint16_t>(limits_.sessions_max - 1));
  pn_transport_set_idle_timeout(transport, static_cast<pn_millis_t>(limits_.idle_timeout.count()));
  if (listener->tls) {
    pn_ssl_init(pn_ssl(transport), listener->tls.get(), nullptr);
    pn_transport_require_auth(transport, true);
  }
  pn_sasl_allowed_mechs(pn_sasl(transport), listener->tls ? "EXTERNAL" : "ANONYMOUS");
  pn_connection_t* raw = pn_connection();
  pn_connection_set_container(raw, container_id_.c_str());

  std::shared_ptr<Connection> connection;
  {
    const Lock lock(mutex_);
    if (!stopping_ && connections_.size() < limits_.connections_max) {
      const std::uint64_t id = ++next_connection_;
      connection = std::make_shared<Connection>(id, owner_, limits_, raw, true, listener->tls != nullptr);
      connection->rules = listener->rules;
      connections_.emplace(id, connection);
    }
  }
  pn_listener_accept2(raw_listener, raw, transport);  // Every accept event must be answered, also for those we let go.
  if (!connection) {
    ++refused_;
    return;
  }
  std::erase_if(unopened_, [](const std::weak_ptr<Connection>& weak) {
    const auto one = weak.lock();
    return !one || one->is_open();
  });
  unopened_.push_back(connection);
  if (unopened_.size() >
      limits_.connections_unopened_max) {  // Somebody calls without signing in: the oldest makes room.
    if (const auto oldest = unopened_.front().lock()) oldest->post([one = oldest.get()] { one->cut(); });
    unopened_.pop_front();
    ++refused_;
  }
  // Proton's idle time-out starts only after the AMQP header.
  after(limits_.handshake_deadline, [weak = std::weak_ptr(connection)] {
    if (const auto self = weak.lock())
      self->post([one = self.get()] {
        if (!one->is_open()) one->cut();
      });
  });
}

void Engine::fire_timers() {
  std::vector<std::function<void()>> due;
  {
    const Lock lock(timers_mutex_);
    while (!timers_.empty() && timers_.begin()->first <= pn_proactor_now_64()) {
      due.push_back(std::move(timers_.begin()->second));
      timers_.erase(timers_.begin());
    }
    arm_timers();
  }
  for (const auto& action : due) action();
}

}  // namespace zhida::messaging
