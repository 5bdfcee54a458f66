// One request from the wire to its answer.
#include <algorithm>
#include <exception>

#include "base/ids.h"
#include "console/pages/pages.h"
#include "console/problem.h"
#include "console/routes.h"
#include "console/views.h"
#include "platform/crypto/digest.h"

namespace zhida::console {
namespace {

constexpr const char* kSecureCookie = "__Host-zhida";
constexpr std::size_t kJsonBytesMax = 256u << 10;  ///< Only uploads are larger.

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// W3C Trace Context: `00-<32 hex>-<16 hex>-<2 hex>`; anything else begins a trace of our own.
std::string trace_of(const http::HttpRequest& request) {
  const std::string parent = request.header("traceparent");
  if (parent.size() == 55 && parent.starts_with("00-") && parent[35] == '-' && parent[52] == '-') {
    const std::string trace = parent.substr(3, 32);
    if (is_hex(trace) && trace.find_first_not_of('0') != std::string::npos) return trace;
  }
  return new_trace_id().str();
}

Answer problem_answer(const Call& call, const Error& error) {
  Answer answer;
  answer.status = status_of(error);
  answer.content_type = "application/problem+json";
  answer.body = dump(problem_json(error, call.request.path, call.trace_id));
  if (answer.status == 503) answer.headers.emplace_back("Retry-After", "1");
  return answer;
}

void identify(App& app, Call& call) {
  call.person = app.hub.people().by_certificate(call.request.client_fingerprint);
  if (call.person != nullptr) {
    call.form_token = app.sessions.form_token("certificate:" + call.person->id);
    return;
  }
  const std::string session = cookie_of(call.request.header("cookie"), app.secure ? kSecureCookie : "zhida");
  const auto id = app.sessions.person_of(session);
  if (!id) return;
  call.person = app.hub.people().by_id(*id);
  call.session_id = session;
  call.form_token = app.sessions.form_token("session:" + session);
}

std::string identity_of(const Call& call) {
  return call.session_id.empty() ? "certificate:" + call.person->id : "session:" + call.session_id;
}

/// What a browser says about where a request comes from; a form of another site never gets this far.
bool from_elsewhere(const http::HttpRequest& request) {
  const std::string site = request.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return true;
  const std::string origin = request.header("origin");
  if (origin.empty()) return false;
  const auto host = origin.find("://");
  return host == std::string::npos || origin.substr(host + 3) != request.header("host");
}

Result<Json> parse_body(const Route& route, const http::HttpRequest& request) {
  if (request.body.size() > kJsonBytesMax)
    return refuse("body_too_large", "A body is at most " + std::to_string(kJsonBytesMax >> 10) + " KiB.");
  const std::string type = request.header("content-type");
  if (!type.starts_with("application/json")) return refuse("content_type_wrong", "The body must be application/json.");
  Json body = TRY(parse_json(request.body.empty() ? "{}" : request.body));
  if (!body.is_object()) return refuse("field_wrong_type", "The body must be an object.");
  CHECK_OK(check_body(route, body));
  return body;
}

bool is_of_one_case(const Route& route) {
  return std::string_view(route.pattern).starts_with("/api/v1/cases/{id}");
}

std::string etag_of(const Json& version) {
  return "\"" + version.dump() + "\"";
}

Answer answer_of(const Call& call, const Route& route, const Result<Json>& result) {
  if (!result) return problem_answer(call, result.error());
  Answer answer;
  answer.body = dump(result.value());
  if (is_of_one_case(route) && result.value().contains("version"))
    answer.headers.emplace_back("ETag", etag_of(result.value().at("version")));
  return answer;
}

/// If-Match (RFC 9110, 13.1.1) on what decides a case: what was looked at must be what is decided. Nothing where the
/// header is not there.
Result<void> check_if_match(App& app, const Route& route, const Call& call) {
  const std::string wanted = call.request.header("if-match");
  if (wanted.empty() || !is_of_one_case(route)) return ok();
  const Json view = TRY(read<Json>(app, [&](storage::Transaction& transaction) {
    return case_view(transaction, app.hub.rooms(), CaseId(call.captures.at(0)), call.person);
  }));
  if (wanted == "*") return ok();
  const std::string now = etag_of(view.at("version"));
  std::size_t at = 0;
  while (at < wanted.size()) {
    const auto begin = wanted.find_first_not_of(", \t", at);
    if (begin == std::string::npos) break;
    const bool weak = wanted.compare(begin, 2, "W/") == 0;  // Never equal under the strong comparison wanted here.
    const auto quote = begin + (weak ? 2 : 0);
    const auto end = quote < wanted.size() && wanted[quote] == '"' ? wanted.find('"', quote + 1) : std::string::npos;
    if (end == std::string::npos)
      return refuse("etag_malformed", "If-Match holds entity tags in double quotes, such as \"7\", or *.");
    if (!weak && wanted.substr(quote, end + 1 - quote) == now) return ok();
    at = end + 1;
  }
  return refuse("case_changed_since",
                "The case changed after you looked at it (it is " + now + " now): look at it again, then decide.");
}

/// A POST to REST: done once for each key.
Answer act(App& app, const Route& route, Call& call) {
  const std::string key_text = call.request.header("idempotency-key");
  if (key_text.empty())
    return problem_answer(call, refuse("idempotency_key_missing", "Every POST needs an Idempotency-Key."));
  if (key_text.size() > 200 ||
      !std::all_of(key_text.begin(), key_text.end(), [](char c) { return c > ' ' && c <= '~'; }))
    return problem_answer(call, refuse("idempotency_key_malformed", "A key is 1 to 200 visible ASCII characters."));
  const auto& rooms = app.hub.rooms();
  const std::string who = call.person != nullptr ? call.person->id : "certificate:" + call.request.client_fingerprint;
  const AnswerKey key{who, "POST " + call.request.path, key_text};
  const std::string digest = to_hex(crypto::sha256(call.request.body));
  if (!app.running.begin(key))
    return problem_answer(call, refuse("idempotency_key_running", "This very request is being worked on."));
  struct End {
    App& app;
    const AnswerKey& key;
    ~End() { app.running.end(key); }
  } end{app, key};

  const auto before = find_answer(rooms, key, digest);
  if (!before) return problem_answer(call, before.error());
  if (before.value()) {
    Answer answer;
    answer.status = before.value()->status;
    answer.body = before.value()->body;
    if (answer.status >= 300) answer.content_type = "application/problem+json";
    answer.headers.emplace_back("Idempotency-Replayed", "true");
    return answer;
  }
  const bool file = std::string_view(route.pattern).starts_with("/api/v1/uploads/");
  if (!file) {
    auto body = parse_body(route, call.request);
    if (!body) return problem_answer(call, body.error());
    call.body = std::move(body).value();
  }
  // Not kept under the key: who looks again may send the same request.
  if (const auto current = check_if_match(app, route, call); !current) return problem_answer(call, current.error());
  Answer answer = answer_of(call, route, std::get<JsonHandler>(route.handler)(app, call));
  if (answer.status < 500) {
    // The act is durable already. Where this fails, the same request once more meets the case as it is now.
    const auto kept = keep_answer(rooms, key, digest, {answer.status, answer.body});
    if (!kept) app.log.warning("An answer was not kept.", {{"trace_id", call.trace_id}, {"code", kept.error().code}});
  }
  return answer;
}

Answer handle(App& app, Call& call) {
  const auto& request = call.request;
  const bool api = request.path.starts_with("/api/");
  const auto fail = [&](const Error& error) {
    return api ? problem_answer(call, error) : pages::error_page(app, call, error);
  };
  identify(app, call);
  auto found = find_route(request.method, request.path);
  const bool open = found.route != nullptr && found.route->roles.empty();
  if (api && !open && call.person == nullptr)
    return fail(refuse("not_signed_in", "Show a client certificate that people.yaml knows, or sign in at /sign-in."));
  if (found.route == nullptr) {
    if (found.other_methods.empty()) return fail(refuse("not_found", "There is nothing at " + request.path + "."));
    Answer answer = fail(refuse("method_not_allowed", request.method + " is not possible here."));
    std::string allowed;
    for (const auto& method : found.other_methods) allowed += (allowed.empty() ? "" : ", ") + method;
    answer.headers.emplace_back("Allow", allowed);
    return answer;
  }
  const Route& route = *found.route;
  call.captures = std::move(found.captures);
  if (!route.roles.empty()) {
    if (call.person == nullptr) return pages::to_sign_in(call);
    if (!may(route, *call.person)) {
      std::string roles;
      for (const auto role : route.roles) roles += (roles.empty() ? "" : ", ") + std::string(role);
      return fail(refuse("role_missing", "This needs one of the roles: " + roles + "."));
    }
  }
  if (request.method == "GET") {
    const auto good = check_query(route, request.query);
    if (!good) return fail(good.error());
    if (const auto* handler = std::get_if<JsonHandler>(&route.handler))
      return answer_of(call, route, (*handler)(app, call));
  } else if (api) {
    // A browser's session needs the token also here; a certificate does not travel by itself with another site's form,
    // because those cannot send JSON.
    if (!call.session_id.empty() &&
        (from_elsewhere(request) || !app.sessions.form_token_right(identity_of(call), request.header("x-form-token"))))
      return fail(refuse("form_token_wrong", "The header X-Form-Token is missing or not of this session."));
    return act(app, route, call);
  } else {
    auto form = http::parse_query(request.body.size() > kJsonBytesMax ? std::string() : request.body);
    if (!form) return fail(form.error());
    call.form = std::move(form).value();
    if (from_elsewhere(request) || (call.person != nullptr && !route.roles.empty() &&
                                    !app.sessions.form_token_right(identity_of(call), call.field("token"))))
      return fail(refuse("form_token_wrong", "The form is too old or not ours: open the page again."));
  }
  const auto answer = std::get<PageHandler>(route.handler)(app, call);
  return answer ? answer.value() : fail(answer.error());
}

}  // namespace

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Answer serve(App& app, const http::HttpRequest& request) {
  Call call{.request = request, .trace_id = trace_of(request)};
  Answer answer;
  try {
    answer = handle(app, call);
  } catch (const std::exception& exception) {
    app.log.error("A handler failed.",
                  {{"trace_id", call.trace_id}, {"path", request.path}, {"what", exception.what()}});
    answer = problem_answer(call, refuse("internal_error", exception.what()));
  }
  if (answer.status >= 500)
    app.log.warning("A request failed.", {{"trace_id", call.trace_id},
                                          {"method", request.method},
                                          {"path", request.path},
                                          {"status", std::to_string(answer.status)}});
  const auto has = [&](std::string_view name) {
    return std::any_of(answer.headers.begin(), answer.headers.end(),
                       [&](const auto& one) { return one.first == name; });
  };
  answer.headers.emplace_back("X-Trace-Id", call.trace_id);
  answer.headers.emplace_back("Content-Security-Policy",
                              "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
                              "base-uri 'none'; frame-ancestors 'none'");
  answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
  answer.headers.emplace_back("Referrer-Policy", "same-origin");
  if (!has("Cache-Control")) answer.headers.emplace_back("Cache-Control", "no-store");
  if (app.secure) answer.headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
  return answer;
}

}  // namespace zhida::console
