// Who signed in at the pages. In memory: whoever restarts the hub signs everybody out.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "flow/people.h"

namespace zhida::console {

/// Sessions of local accounts, and the patience with wrong passwords. Any thread. Time is real time.
class Sessions {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;
  static constexpr auto kLongest = std::chrono::hours(8);
  static constexpr auto kIdle = std::chrono::minutes(30);
  static constexpr int kFailuresMax = 5;  ///< Of one account, or from one address, within kFailuresCount.
  static constexpr auto kFailuresCount = std::chrono::minutes(5);
  static constexpr std::size_t kSessionsMax = 1'000;

  explicit Sessions(Now now = [] { return std::chrono::steady_clock::now(); });

  /// Gives the new session's id. Errors `sign_in_failed` (the same for an unknown name and a wrong password),
  /// `sign_in_locked`.
  Result<std::string> sign_in(const flow::PeopleBook& people, const std::string& id, const std::string& password,
                              const std::string& address);
  /// The person's id; nothing for a stranger's or an old session.
  std::optional<std::string> person_of(const std::string& session_id);
  void sign_out(const std::string& session_id);

  /// What each form of this identity must carry. Not to be had from the outside: made with a key of this process.
  std::string form_token(const std::string& identity) const;
  bool form_token_right(const std::string& identity, const std::string& token) const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Session {
    std::string person;
    Time began, seen;
  };
  struct Failures {
    int count = 0;
    Time since;
  };
  bool locked(const std::string& whom, Time now) REQUIRES(mutex_);
  void failed(const std::string& whom, Time now) REQUIRES(mutex_);
  void forget_old(Time now) REQUIRES(mutex_);

  const Now now_;
  const std::string key_;
  mutable Mutex mutex_;
  std::map<std::string, Session> sessions_ GUARDED_BY(mutex_);  // By the SHA-256 of the id.
  std::map<std::string, Failures> failures_ GUARDED_BY(mutex_);
};

/// The value of one cookie of the header; empty where it is absent.
std::string cookie_of(const std::string& header, const std::string& name);

}  // namespace zhida::console
