#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/json.h"
#include "flow/rooms.h"
#include "flow/worker.h"

namespace zhida::seal {
class Trust;
}

namespace zhida::flow {

/// Where trusted time comes from (RFC 3161 over HTTP), and how long the hub pays without it.
struct TimeSettings {
  std::string url;      ///< Empty: no authority, nothing is time-stamped, nothing is ever held back for it.
  std::string ca_file;  ///< For https; empty: the authorities of the system.
  std::chrono::milliseconds period = std::chrono::minutes(1);             ///< Between two tokens.
  std::chrono::milliseconds payments_stop_after = std::chrono::hours(4);  ///< Business time without a token.
  std::chrono::milliseconds timeout = std::chrono::seconds(10);           ///< Of one request, real time.
  std::chrono::milliseconds difference_max = std::chrono::seconds(60);    ///< Between the authority's clock and ours.
  std::chrono::milliseconds renew_before = std::chrono::days(30);         ///< Ahead of the end of a certificate.
};

/// What is known of the time.
struct TimeState {
  bool configured = false;
  bool payments_allowed = true;
  bool alarm = false;           ///< Payments stand still, and the authority was asked in vain.
  std::optional<Instant> last;  ///< The last trusted time that could be had.
  std::chrono::milliseconds age{0};
  std::string error_code, error;  ///< Of the last attempt; empty: it succeeded.
};

Json to_json(const TimeState& state);

/// Gets a time-stamp token over the newest head of the log each period, in a thread of its own: neither the writer nor
/// a door ever waits for the authority. When none could be had for too long, no new payment request and no decision for
/// a fund may leave until one comes; everything else goes on. Takes old tokens up into the log again before their
/// authority's certificate ends.
class TimeKeeper {
 public:
  /// `authorities` may be null only where the url is empty. `resumed` is called when payments may leave again.
  TimeKeeper(const Rooms& rooms, TimeSettings settings, std::shared_ptr<const seal::Trust> authorities,
             std::function<void()> resumed);
  ~TimeKeeper();

  /// Reads what the log knows already. Before start() and before the first question.
  Result<void> begin();
  void start();
  void stop();
  void wake();  ///< A new head is there.
  bool busy() const;
  /// A token over the newest head at once, on the caller's thread; for evidence that is handed out. Not asked again
  /// where the last question just failed. Errors `timestamp_not_configured`, of the authority and of storage.
  Result<void> stamp_now();
  /// Any thread; cheap.
  bool payments_allowed() const;
  TimeState state() const;

 private:
  class Authority;
  Result<bool> round();
  /// `too_old_before`: whether payments stood still until this token came.
  Result<void> stamp(bool& too_old_before);
  Result<void> renew();
  Result<void> note(const std::string& kind, const TimeState& state);
  bool due() const;

  const Rooms& rooms_;
  const TimeSettings settings_;
  const std::shared_ptr<const seal::Trust> authorities_;  // Shared with whoever verifies with the same snapshot.
  const std::function<void()> resumed_;
  std::unique_ptr<Authority> authority_;
  Log log_{"time_keeper"};

  mutable Mutex mutex_;
  Instant last_ GUARDED_BY(mutex_){};     // Trusted time, or when the log began.
  bool ever_ GUARDED_BY(mutex_) = false;  // Was there any?
  bool alarm_ GUARDED_BY(mutex_) = false;
  std::string error_code_ GUARDED_BY(mutex_), error_ GUARDED_BY(mutex_);

  // Worker thread only; real time.
  std::chrono::steady_clock::time_point next_try_{}, last_success_{};
  std::chrono::milliseconds pause_{0};
  Instant renewed_at_{};
  Worker worker_;
};

}  // namespace zhida::flow
