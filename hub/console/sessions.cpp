#include "console/sessions.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "platform/crypto/digest.h"

namespace zhida::console {
namespace {

/// A person who is not there costs as much time as one who is.
const std::string& nobodys_hash() {
  static const std::string hash = crypto::hash_password(to_hex(crypto::random_bytes(16)));
  return hash;
}

std::string host_of(const std::string& address) {
  const auto colon = address.rfind(':');
  return colon == std::string::npos ? address : address.substr(0, colon);
}

}  // namespace

Sessions::Sessions(Now now) : now_(std::move(now)), key_(crypto::random_bytes(32)) {}

bool Sessions::locked(const std::string& whom, Time now) {
  const auto found = failures_.find(whom);
  return found != failures_.end() && found->second.count >= kFailuresMax && now < found->second.since + kFailuresCount;
}

void Sessions::failed(const std::string& whom, Time now) {
  auto& failures = failures_[whom];
  if (failures.count == 0 || now >= failures.since + kFailuresCount) failures = {0, now};
  ++failures.count;
}

void Sessions::forget_old(Time now) {
  std::erase_if(failures_, [&](const auto& entry) { return now >= entry.second.since + kFailuresCount; });
  std::erase_if(sessions_, [&](const auto& entry) {
    return now >= entry.second.began + kLongest || now >= entry.second.seen + kIdle;
  });
}

Result<std::string> Sessions::sign_in(const flow::PeopleBook& people, const std::string& id,
                                      const std::string& password, const std::string& address) {
  const std::string account = "account:" + id.substr(0, 100), place = "address:" + host_of(address);
  {
    const Lock lock(mutex_);
    const auto now = now_();
    forget_old(now);
    if (locked(account, now) || locked(place, now))
      return refuse("sign_in_locked", "Too many failed attempts: try again in five minutes.");
    // Counted before the password is looked at, so that many attempts at once gain nothing.
    failed(account, now);
    failed(place, now);
  }
  const auto* person = people.by_id(id);
  const bool known = person != nullptr && !person->password_hash.empty();
  const bool right = crypto::verify_password(password, known ? person->password_hash : nobodys_hash());
  if (!known || !right) return refuse("sign_in_failed", "The name or the password is wrong.");

  std::string session_id = to_hex(crypto::random_bytes(32));
  const Lock lock(mutex_);
  const auto now = now_();
  failures_.erase(account);
  failures_.erase(place);
  if (sessions_.size() >= kSessionsMax) {
    sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(), [](const auto& left, const auto& right_one) {
      return left.second.seen < right_one.second.seen;
    }));
  }
  sessions_[crypto::sha256(session_id)] = {id, now, now};
  return session_id;
}

std::optional<std::string> Sessions::person_of(const std::string& session_id) {
  if (session_id.empty()) return std::nullopt;
  const std::string key = crypto::sha256(session_id);
  const Lock lock(mutex_);
  const auto now = now_();
  const auto found = sessions_.find(key);
  if (found == sessions_.end()) return std::nullopt;
  auto& session = found->second;
  if (now >= session.began + kLongest || now >= session.seen + kIdle) {
    sessions_.erase(found);
    return std::nullopt;
  }
  session.seen = now;
  return session.person;
}

void Sessions::sign_out(const std::string& session_id) {
  const std::string key = crypto::sha256(session_id);
  const Lock lock(mutex_);
  sessions_.erase(key);
}

std::string Sessions::form_token(const std::string& identity) const {
  return to_hex(crypto::hmac_sha256(key_, "form:" + identity));
}

bool Sessions::form_token_right(const std::string& identity, const std::string& token) const {
  return crypto::constant_time_equal(form_token(identity), token);
}

std::string cookie_of(const std::string& header, const std::string& name) {
  std::size_t at = 0;
  while (at < header.size()) {
    const auto end = std::min(header.find(';', at), header.size());
    auto begin = header.find_first_not_of(' ', at);
    if (begin != std::string::npos && begin < end && header.compare(begin, name.size() + 1, name + "=") == 0)
      return header.substr(begin + name.size() + 1, end - begin - name.size() - 1);
    at = end + 1;
  }
  return {};
}

}  // namespace zhida::console
