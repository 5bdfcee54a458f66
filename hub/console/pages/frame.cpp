#include "console/pages/frame.h"

#include <set>

#include "console/pages/pages.h"
#include "console/problem.h"

namespace zhida::console::pages {
namespace {

struct Place {
  const char* path;
  const char* title;
  bool whole_hub = false;  ///< Only for who sees the hub's city.
};
constexpr Place kPlaces[] = {{"/", "总览"},
                             {"/firms", "企业"},
                             {"/cases", "事项办理"},
                             {"/items", "政策事项"},
                             {"/rounds", "名额与资金", true},
                             {"/quarantine", "隔离区"},
                             {"/dead-letters", "死信"},
                             {"/money", "资金"}};

bool may_open(const flow::Person& person, const char* path) {
  const auto found = find_route("GET", path);
  return found.route != nullptr && may(*found.route, person);
}

const char* tone_of(WordKind kind, const std::string& code) {
  static const std::set<std::string> good = {"paid", "decided", "met", "known", "settled", "replayed"};
  static const std::set<std::string> bad = {"refused", "void",     "conflict", "held",      "payee_repair",
                                            "not_met", "rejected", "returned", "cancelled", "lapsed"};
  static const std::set<std::string> idle = {"missing", "discarded", "none"};
  if (kind == WordKind::quarantine && code == "open") return "wait";
  if (kind == WordKind::item_state)
    return code == "in_force" || code == "done" ? "good" : code == "proposed" || code == "approved" ? "wait" : "idle";
  if (kind == WordKind::round_state) return code == "decided" ? "good" : code == "draft" ? "wait" : "idle";
  return good.contains(code) ? "good" : bad.contains(code) ? "bad" : idle.contains(code) ? "idle" : "wait";
}

}  // namespace

http::HttpResponse page(App& app, const Call& call, const Frame& frame, const Html& content) {
  Html html(
      "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
  if (frame.refresh_seconds > 0) html.add("<meta http-equiv=\"refresh\" content=\"{}\">", frame.refresh_seconds);
  html.add(
      "<title>{} · 直达</title><link rel=\"stylesheet\" href=\"/style.css\"></head><body>"
      "<header><a class=\"brand\" href=\"/\">直达</a>",
      frame.title);
  if (call.person != nullptr) {
    html.add("<nav>");
    for (const auto& [path, title, whole_hub] : kPlaces)
      if (may_open(*call.person, path) && (!whole_hub || call.person->sees(app.hub.rooms().city)))
        html.add("<a href=\"{}\" class=\"{}\">{}</a>", path, std::string_view(path) == frame.here ? "here" : "", title);
    html.add("</nav><div class=\"me\">{}", call.person->name);
    if (!call.session_id.empty())
      html.add(
          "<form method=\"post\" action=\"/sign-out\"><input type=\"hidden\" name=\"token\" value=\"{}\">"
          "<button class=\"quiet\">退出</button></form>",
          call.form_token);
    html.add("</div>");
  }
  html.add("</header>");
  if (call.person != nullptr && app.hub.time_state().alarm)
    html.add(
        "<p class=\"alarm\" "
        "role=\"alert\">长时间取不到可信时间：暂停发出新的支付申请和基金兑付决定，查询与受理照常，恢复后自动继续。</"
        "p>");
  html.add("<main>{}</main><footer>业务时间 {} · 追踪号 {}</footer></body></html>", content,
           minute_of(to_rfc3339(app.hub.rooms().clock.now())), call.trace_id);
  http::HttpResponse response;
  response.status = frame.status;
  response.content_type = "text/html; charset=utf-8";
  response.body = html.markup();
  return response;
}

http::HttpResponse redirect(const std::string& path) {
  http::HttpResponse response;
  response.status = 303;
  response.content_type = "text/plain; charset=utf-8";
  response.headers.emplace_back("Location", path);
  return response;
}

Answer error_page(App& app, const Call& call, const Error& error) {
  const int status = status_of(error);
  Html content("<section class=\"card narrow\"><h1>{}</h1>", title_of(status));
  if (status < 500) content.add("<p>{}</p>", refusal_text(error));
  content.add(
      "<p class=\"dim\">代码 <code>{}</code>，追踪号 <code>{}</code>。如需帮助，请把追踪号告诉管理员。</p>"
      "<p><a href=\"/\">返回总览</a></p></section>",
      published_code(error), call.trace_id);
  return page(app, call, {.title = title_of(status), .status = status}, content);
}

Answer to_sign_in(const Call& call) {
  const bool back = call.request.method == "GET" && call.request.path != "/";
  return redirect(link("/sign-in", {{"next", back ? call.request.path : ""}}));
}

Html badge(WordKind kind, const std::string& code) {
  return Html("<span class=\"badge {}\">{}</span>", tone_of(kind, code), word(kind, code));
}

Html case_link(const Json& item) {
  return Html("<a href=\"/cases/{}\">{}</a>", http::percent_encode(item.at("id").get<std::string>()), item.at("title"));
}

Html firm_link(const std::string& uscc, const std::string& name) {
  return Html("<a href=\"/firms/{}\">{}</a>", http::percent_encode(uscc), name.empty() ? uscc : name);
}

Html item_link(const Call& call, const std::string& id, const std::string& title) {
  if (!may_open(*call.person, "/items/x")) return Html("{}", title.empty() ? id : title);
  return Html("<a href=\"/items/{}\">{}</a>", http::percent_encode(id), title.empty() ? id : title);
}

std::string link(const std::string& path, const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::vector<std::pair<std::string, std::string>> used;
  for (const auto& one : parameters)
    if (!one.second.empty()) used.push_back(one);
  return used.empty() ? path : path + "?" + http::build_query(used);
}

Html more(const std::string& path, std::vector<std::pair<std::string, std::string>> parameters, const Json& next) {
  if (next.is_null()) return {};
  parameters.emplace_back("cursor", next.get<std::string>());
  return Html("<p><a class=\"button\" href=\"{}\">下一页</a></p>", link(path, parameters));
}

std::string minute_of(const Json& time) {
  if (!time.is_string()) return "—";
  std::string text = time.get<std::string>().substr(0, 16);
  if (text.size() == 16) text[10] = ' ';
  return text;
}

std::string actor_name(const flow::PeopleBook& people, const std::string& actor) {
  if (const auto* person = actor.starts_with("user:") ? people.by_id(actor.substr(5)) : nullptr) return person->name;
  const auto colon = actor.find(':');
  return word(WordKind::source, colon == std::string::npos ? actor : actor.substr(colon + 1));
}

std::string refusal_text(const Error& error) {
  // Handlers of pages say it in Chinese themselves; rooms below speak to programs and operators.
  const bool chinese = !error.message.empty() && static_cast<unsigned char>(error.message.front()) >= 0x80;
  const auto said = word(WordKind::refusal, error.code);
  return chinese || said == error.code ? error.message : said;
}

Html yuan(const Json& amount) {
  if (amount.is_null()) return Html("<span class=\"dim\">—</span>");
  return Html("<span class=\"sum\">{}</span>", grouped(amount.get<std::string>()));
}

}  // namespace zhida::console::pages
