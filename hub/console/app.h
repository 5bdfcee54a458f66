// What all handlers share. Inside console only.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "base/result.h"
#include "console/answers.h"
#include "console/sessions.h"
#include "flow/hub.h"
#include "platform/http/http_server.h"

namespace zhida::console {

struct App {
  flow::Hub& hub;
  bool secure = false;             ///< TLS is spoken: the cookie says so, and browsers are told to stay with it.
  std::string certificate_file{};  ///< Of the server; its last day is among the metrics.
  Sessions sessions{};
  RunningRequests running{};
  Log log{"console"};
};

/// One request on its way through a handler.
struct Call {
  const http::HttpRequest& request;
  std::string trace_id{};
  const flow::Person* person = nullptr;  ///< Who asks; never null where the route names roles.
  std::string session_id{};              ///< Of the cookie; empty where the person came by certificate.
  std::vector<std::string> captures{};   ///< The {…} of the pattern, in order.
  Json body{};                           ///< Of a POST to REST, checked against the route's members.
  http::Query form{};                    ///< Of a POST from a page; its token was checked.
  std::string form_token{};              ///< To be put into every form.

  std::string parameter(const std::string& name) const { return request.parameter(name).value_or(""); }
  std::string field(const std::string& name) const {
    const auto found = form.find(name);
    return found == form.end() ? std::string() : found->second;
  }
};

/// Reads in one consistent view.
template <class T>
Result<T> read(App& app, const std::function<Result<T>(storage::Transaction&)>& work) {
  std::optional<T> value;
  CHECK_OK(app.hub.rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
    value = TRY(work(transaction));
    return ok();
  }));
  return std::move(*value);
}

/// JSON as octets; text that is not UTF-8 (raw bytes of a source) is shown with replacement characters.
std::string dump(const Json& json);

}  // namespace zhida::console
