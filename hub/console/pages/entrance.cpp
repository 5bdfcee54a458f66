// The overview, signing in and out, and what error codes mean.
#include "console/pages/frame.h"
#include "console/pages/item_trouble.h"
#include "console/pages/pages.h"
#include "console/problem.h"
#include "console/scoped_status.h"

namespace zhida::console::pages {
namespace {

/// Only a place of our own: no other host can be named.
std::string safe_next(const std::string& next) {
  const bool ours = next.starts_with('/') && !next.starts_with("//") &&
                    next.find_first_of("\\\r\n?#") == std::string::npos && find_route("GET", next).route != nullptr;
  return ours ? next : "/";
}

std::string encoded_path(const std::string& path) {
  std::string encoded;
  for (std::size_t at = 1; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    encoded += "/" + http::percent_encode(path.substr(at, end - at));
    at = end + 1;
  }
  return encoded;
}

Answer sign_in_page(App& app, const Call& call, const std::string& next, const Error* error) {
  Html content("<section class=\"card narrow\"><h1>登录</h1>");
  if (error != nullptr)
    content.add("<p class=\"note bad\">{}</p>",
                error->code == "sign_in_locked" ? "失败次数过多，请五分钟后再试。" : "用户名或密码不正确。");
  content.add(
      "<form method=\"post\" action=\"/sign-in\"><input type=\"hidden\" name=\"next\" value=\"{}\">"
      "<label for=\"id\">用户名</label><input type=\"text\" id=\"id\" name=\"id\" autocomplete=\"username\" "
      "required autofocus><label for=\"password\">密码</label><input type=\"password\" id=\"password\" "
      "name=\"password\" autocomplete=\"current-password\" required>"
      "<div class=\"row\"><button>登录</button></div></form>"
      "<p class=\"dim small\">持有证书的人员无需登录，浏览器出示证书即可。</p></section>",
      next);
  return page(app, call, {.title = "登录", .status = error == nullptr ? 200 : status_of(*error)}, content);
}

std::int64_t count_of(const Json& counts, std::initializer_list<const char*> names) {
  std::int64_t sum = 0;
  for (const char* name : names) sum += counts.value(name, std::int64_t{0});
  return sum;
}

std::string number(std::int64_t value) {
  return grouped(std::to_string(value));
}

void step(Html& html, const char* title, std::int64_t value, const std::string& note) {
  html.add("<div class=\"step\"><i>{}</i><b>{}</b><span>{}</span></div>", title, number(value), note);
}

}  // namespace

Result<Answer> sign_in_form(App& app, const Call& call) {
  return sign_in_page(app, call, safe_next(call.parameter("next")), nullptr);
}

Result<Answer> sign_in(App& app, const Call& call) {
  const std::string next = safe_next(call.field("next"));
  const auto session =
      app.sessions.sign_in(app.hub.people(), call.field("id"), call.field("password"), call.request.remote_address);
  if (!session) {
    app.log.warning("A sign-in failed.", {{"trace_id", call.trace_id}, {"code", session.error().code}});
    return sign_in_page(app, call, next, &session.error());
  }
  auto answer = redirect(encoded_path(next));
  // __Host- wants Secure: without TLS (tests on the loopback) browsers would drop it.
  answer.headers.emplace_back("Set-Cookie", (app.secure ? "__Host-zhida=" : "zhida=") + session.value() +
                                                "; Path=/; HttpOnly; SameSite=Strict" + (app.secure ? "; Secure" : ""));
  return answer;
}

Result<Answer> sign_out(App& app, const Call& call) {
  app.sessions.sign_out(call.session_id);
  auto answer = redirect("/sign-in");
  answer.headers.emplace_back("Set-Cookie", std::string(app.secure ? "__Host-zhida" : "zhida") +
                                                "=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict" +
                                                (app.secure ? "; Secure" : ""));
  return answer;
}

Result<Answer> problem(App& app, const Call& call) {
  const std::string& code = call.captures.at(0);
  const int status = status_of(refuse(code, ""));
  Html content(
      "<section class=\"card narrow\"><h1>{}</h1><p>错误代码 <code>{}</code>，HTTP 状态 {}。</p>"
      "<p class=\"dim\">详细说明在应答的 detail 字段中；追踪号可用于查找全过程。</p></section>",
      title_of(status), code, status);
  return page(app, call, {.title = title_of(status)}, content);
}

Result<Answer> overview(App& app, const Call& call) {
  const Json status = TRY(status_for(app, *call.person));
  const Json records =
      status.value("records", Json::object());  // Of the whole hub: not there for one division's people.
  const Json& cases = status.at("cases");
  const Json& payments = status.at("payments");
  std::int64_t all_cases = 0;
  for (const auto& [state, count] : cases.items()) all_cases += count.get<std::int64_t>();
  const auto amount = [&](const char* name) { return payments.value(name, std::int64_t{0}); };

  Html content("<h1>惠企政策直达总览</h1>");
  // Who acts for a part of the city has no such list: the items are the whole hub's.
  content.add("{}<section class=\"flow\">",
              show_waiting_items(call, status.value("items_waiting", Json::array()), false));
  if (!records.empty())
    step(content, "归集", records.value("received", std::int64_t{0}),
         "条记录，隔离 " + number(records.value("quarantined", std::int64_t{0})));
  step(content, "画像", status.value("profiles", std::int64_t{0}), "家企业");
  step(content, "匹配", status.at("verdicts").value("met", std::int64_t{0}),
       "项符合，待定 " + number(status.at("verdicts").value("unknown", std::int64_t{0})));
  step(content, "办理", all_cases,
       "件，在办 " + number(count_of(cases, {"matched", "notified", "confirmed", "payee_check", "payee_repair",
                                             "in_review", "publicity", "held", "approved", "rechecking"})));
  step(content, "拨付", amount("requests"), "笔申请，在途 " + number(amount("open")));
  step(content, "到账", amount("settled"), grouped(Money::from_fen(amount("settled_fen")).to_yuan()) + " 元");
  content.add("</section><section class=\"card\"><h2>事项状态</h2>");
  if (cases.empty()) {
    content.add("<p class=\"empty\">还没有事项。数据归集并匹配之后，这里会自动出现。</p>");
  } else {
    content.add("<div class=\"filters\">");
    for (const auto& [state, count] : cases.items())
      content.add("<a href=\"{}\">{} <b>{}</b></a>", link("/cases", {{"state", state}}),
                  word(WordKind::case_state, state), number(count.get<std::int64_t>()));
    content.add("</div>");
  }
  content.add("<p class=\"dim small\">送基金决定 {} 件 · 税费减免 {} 件 · 审计记录 {} 条 · {}</p></section>",
              status.at("decisions_to_fund"), status.at("reliefs"), status.at("audit").at("records"),
              status.at("idle").get<bool>() ? "系统空闲" : "系统处理中");

  content.add("<section class=\"card\"><h2>数据来源</h2>");
  if (status.at("sources").empty()) {
    content.add("<p class=\"empty\">没有接入任何来源。</p>");
  } else {
    content.add(
        "<table><tr><th>来源</th><th>最近成功</th><th class=\"right\">收到</th><th class=\"right\">采用</th>"
        "<th class=\"right\">隔离</th><th>情况</th></tr>");
    for (const auto& source : status.at("sources")) {
      const bool failing = !source.at("last_error").is_null();
      const bool paused = source.value("paused", false);
      const bool swept = source.at("first_sweep_done").get<bool>();
      const char* light = failing ? "bad" : paused || !swept ? "wait" : "good";
      const std::string note = failing  ? source.at("last_error").get<std::string>()
                               : paused ? "已暂停"
                               : swept  ? "正常"
                                        : "首次归集中";
      content.add(
          "<tr><td><span class=\"light {}\"></span>{}</td><td>{}</td><td class=\"right\">{}</td>"
          "<td class=\"right\">{}</td><td class=\"right\">{}</td><td>{}</td></tr>",
          light, source.value("title", source.at("name").get<std::string>()), minute_of(source.at("last_success")),
          source.value("received", Json("—")), source.value("accepted", Json("—")),
          source.value("quarantined", Json("—")), note);
    }
    content.add("</table>");
  }
  content.add("</section>");
  return page(app, call, {.title = "总览", .here = "/", .refresh_seconds = 5}, content);
}

}  // namespace zhida::console::pages
