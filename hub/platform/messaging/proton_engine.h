// Proton's proactor with its one thread: listeners, dialled connections, timers. Inside this folder only.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "platform/messaging/node.h"
#include "platform/messaging/proton_connection.h"

struct pn_event_t;
struct pn_listener_t;
struct pn_proactor_t;
struct pn_ssl_domain_t;

namespace zhida::messaging {

/// Credentials and rules of one side of TLS; null for Plain.
using TlsDomain = std::shared_ptr<pn_ssl_domain_t>;

/// `check_name`: a client compares the server's certificate with the name it dialled. Error `tls_files_wrong`.
Result<TlsDomain> make_tls_domain(bool server, const TlsFiles& files, bool check_name);

class Engine {
 public:
  Engine(std::string container_id, const Limits& limits, ConnectionOwner& owner);
  ~Engine();  ///< stop().
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Any thread.
  Result<std::uint16_t> listen(const std::string& host, std::uint16_t port, TlsDomain tls,
                               std::shared_ptr<const PeerRules> rules);
  void dial(std::shared_ptr<const DialOptions> options, TlsDomain tls);
  void after(std::chrono::milliseconds delay,
             std::function<void()> action);  ///< On the node's thread, in no connection's event.
  std::shared_ptr<Connection> find(std::uint64_t connection);
  std::vector<std::shared_ptr<Connection>> connections();
  std::uint64_t dials() const { return dials_; }
  std::uint64_t refused() const { return refused_; }

  // The end, in this order.
  void stop_accepting();                                       ///< No listener, no dialling from now on.
  bool wait_until_closed(std::chrono::milliseconds deadline);  ///< False when connections are left.
  void abort();                                                ///< Cuts them.
  void stop();                                                 ///< Ends the thread.

 private:
  struct Listener;
  struct Target;  // A dialled partner.
  struct Due {
    std::chrono::steady_clock::time_point at;
    std::shared_ptr<Target> target;
  };

  // The node's thread.
  void loop();
  void dispatch(pn_event_t* event);
  void accept(pn_listener_t* raw);
  void ended(pn_event_t* event, Connection& connection);
  void fire_timers();
  std::deque<std::weak_ptr<Connection>> unopened_;

  // The dialling thread: names are looked up here, because Proton would do it while it holds a lock.
  void dial_loop();
  void connect(const std::shared_ptr<Target>& target);

  void arm_timers() REQUIRES(timers_mutex_);

  const std::string container_id_;
  const Limits& limits_;
  ConnectionOwner& owner_;
  pn_proactor_t* proactor_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> done_{false};
  std::atomic<std::uint64_t> next_connection_{0};
  std::atomic<std::uint64_t> dials_{0};
  std::atomic<std::uint64_t> refused_{0};

  Mutex mutex_;
  zhida::Condition all_closed_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections_ GUARDED_BY(mutex_);
  std::unordered_map<std::uint64_t, std::shared_ptr<Target>> dialled_ GUARDED_BY(mutex_);
  std::unordered_map<pn_listener_t*, std::shared_ptr<Listener>> listeners_ GUARDED_BY(mutex_);

  Mutex timers_mutex_;
  std::multimap<std::int64_t, std::function<void()>> timers_ GUARDED_BY(timers_mutex_);

  Mutex dial_mutex_;
  zhida::Condition dial_changed_;
  std::vector<Due> due_ GUARDED_BY(dial_mutex_);
  std::thread dial_thread_ GUARDED_BY(dial_mutex_);

  std::thread thread_;
};

}  // namespace zhida::messaging
