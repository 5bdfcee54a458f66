#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/json.h"
#include "base/time.h"
#include "base/result.h"

namespace zhida::townspeople {

/// One person's connection to the hub's REST: a client certificate and patience. A hub that is down or restarting is
/// asked again until `patience` is over; a POST carries an idempotency key made from its content, so that asking again
/// is safe.
class HubClient {
 public:
  /// `name` picks `<certs>/tls/<name>.crt` and `.key`; the hub is checked against `<certs>/tls/ca.crt`.
  HubClient(std::string base_url, const std::string& certs, const std::string& name, std::chrono::seconds patience);
  ~HubClient();

  /// Errors: `hub_silent` when patience is over; otherwise the hub's own code and sentence (problem+json).
  Result<Json> get(const std::string& path);
  Result<Json> post(const std::string& path, const Json& body);
  Result<Json> post_bytes(const std::string& path, const std::string& content_type, const Bytes& body);
  /// Follows `next` to the end of a list.
  Result<void> each(const std::string& path, const std::function<Result<void>(const Json&)>& visit);

 private:
  struct State;
  Result<Json> ask(const char* method, const std::string& path, const std::string& content_type, const Bytes& body);
  std::unique_ptr<State> state_;
};

}  // namespace zhida::townspeople
