// Every URL, who may use it, its handler and its sentence: one table. Dispatch, OpenAPI and the reference are made from
// it.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "console/app.h"

namespace zhida::console {

using Answer = http::HttpResponse;
using JsonHandler = Result<Json> (*)(App&, const Call&);
using PageHandler = Result<Answer> (*)(App&, const Call&);

struct Route {
  const char* method;
  const char* pattern;  ///< `/api/v1/cases/{id}`
  /// Who may: one of these roles is enough. Empty: nobody needs to say who they are.
  std::vector<std::string_view> roles;
  /// Query parameters (GET) or members of the JSON body (POST): `name:type` with `!` for what must be there.
  const char* takes;
  std::variant<JsonHandler, PageHandler> handler;
  const char* sentence;

  bool is_api() const { return std::string_view(pattern).starts_with("/api/"); }
};

std::span<const Route> routes();

/// The route for a path and the text that stands for its {…}. `other_method`: the path is known with another method.
struct Found {
  const Route* route = nullptr;
  std::vector<std::string> captures;
  std::vector<std::string> other_methods;
};
Found find_route(std::string_view method, std::string_view path);

/// Who may do what this route does.
bool may(const Route& route, const flow::Person& person);

/// One parameter or member as declared in Route::takes.
struct Member {
  std::string name, type;  ///< `string`, `integer`, `boolean`, `object`, `array`
  bool required = false;
};
std::vector<Member> members_of(const Route& route);
/// The body of a POST to REST against the members: unknown ones are refused too.
Result<void> check_body(const Route& route, const Json& body);
Result<void> check_query(const Route& route, const http::Query& query);

/// OpenAPI 3.1, made from the table.
Json openapi_document();

/// Answers one request: identity, role, token or key, handler, headers. Never fails: errors are answers too.
Answer serve(App& app, const http::HttpRequest& request);

}  // namespace zhida::console
