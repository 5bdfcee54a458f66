// Cases: the list, one case from its reason to its money, and the form of whoever is to act.
#include "console/lists.h"
#include "console/pages/frame.h"
#include "console/pages/pages.h"
#include "console/views.h"
#include "flow/desk.h"

namespace zhida::console::pages {
namespace {

using storage::Transaction;

constexpr const char* kFilters[] = {"notified", "payee_repair", "in_review", "publicity", "held",
                                    "approved", "requested",    "paid",      "decided",   "refused"};

std::string text_of(const Json& object, const char* name) {
  return object.at(name).is_null() ? std::string() : object.at(name).get<std::string>();
}

std::string who_text(const Json& next) {
  std::string text;
  for (const auto& who : next.at("who"))
    text += (text.empty() ? "" : " · ") + word(WordKind::role, who.get<std::string>());
  return text.empty() ? "—" : text;
}

/// Values and thresholds are stored as programs want them.
std::string plain_words(const std::string& text) {
  static constexpr std::pair<std::string_view, const char*> kWords[] = {{"true", "是"},
                                                                        {"false", "否"},
                                                                        {"is_true", "为是"},
                                                                        {"is_false", "为否"},
                                                                        {"listed", "在名单内"},
                                                                        {"not_listed", "不在名单内"},
                                                                        {"first_time", "首次认定"},
                                                                        {"exists", "有数据"}};
  for (const auto& [code, said] : kWords)
    if (text == code) return said;
  return text.empty() ? "—" : text;
}

struct Form {
  std::string act, department, step, yes, no, note;
};

/// The one form that this person may use on this case now.
std::optional<Form> form_for(const flow::Person& person, const Json& view) {
  const Json& next = view.at("next");
  const std::string action = text_of(next, "action");
  if (action == "review") {
    const Json& review = next.at("reviews").at(0);
    const std::string department = text_of(review, "department"), step = text_of(review, "step");
    if (!person.of_department(department) || !person.has_role(step == "make" ? "reviewer_maker" : "reviewer_checker"))
      return std::nullopt;
    return Form{"review", department, step, "同意", "不同意", department + word(WordKind::step, step) + "意见"};
  }
  if (action == "approve" && person.has_role("finance_releaser"))
    return Form{"release", {}, {}, "放行", "不予放行", "放行意见（不予放行时必填）"};
  if (action == "settle_objection" && person.has_role("reviewer_checker"))
    return Form{"settle", {}, {}, "异议不成立", "异议成立", "核查结论"};
  if (action == "repair_account" && person.has_role("finance_releaser"))
    return Form{"correct", {}, {}, "已更正，重新申请", "", "更正说明"};
  return std::nullopt;
}

void show_form(Html& html, const Call& call, const Json& view) {
  const auto form = form_for(*call.person, view);
  if (!form) return;
  html.add(
      "<section class=\"card\"><h2>轮到您办理</h2><form method=\"post\" action=\"/cases/{}\">"
      "<input type=\"hidden\" name=\"token\" value=\"{}\"><input type=\"hidden\" name=\"act\" value=\"{}\">"
      "<input type=\"hidden\" name=\"version\" value=\"{}\"><input type=\"hidden\" name=\"department\" value=\"{}\">"
      "<input type=\"hidden\" name=\"step\" value=\"{}\"><label for=\"reason\">{}</label>"
      "<textarea id=\"reason\" name=\"reason\" rows=\"3\" maxlength=\"1000\"></textarea>"
      "<div class=\"row\"><button name=\"decision\" value=\"yes\">{}</button>",
      http::percent_encode(text_of(view, "id")), call.form_token, form->act, view.at("version"), form->department,
      form->step, form->note, form->yes);
  if (!form->no.empty()) html.add("<button class=\"no\" name=\"decision\" value=\"no\">{}</button>", form->no);
  html.add("</div></form></section>");
}

void show_why(Html& html, const Json& view) {
  html.add("<section class=\"card\"><h2>为什么符合</h2>");
  if (view.at("clauses").empty()) {
    html.add("<p class=\"empty\">没有评估记录。</p></section>");
    return;
  }
  html.add("<table><tr><th>条件</th><th>结论</th><th>当前值</th><th>要求</th><th>来源</th><th>数据日期</th></tr>");
  for (const auto& clause : view.at("clauses")) {
    const std::string unknown = text_of(clause, "unknown_reason");
    html.add(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", clause.at("text"),
        badge(WordKind::verdict, text_of(clause, "verdict")),
        unknown.empty() ? Html("{}", plain_words(text_of(clause, "value"))) : badge(WordKind::field_state, unknown),
        plain_words(text_of(clause, "threshold")),
        clause.at("source").is_null() ? "—" : word(WordKind::source, text_of(clause, "source")), clause.at("as_of"));
  }
  html.add("</table>");
  if (!view.at("amount_trace").is_null()) html.add("<p class=\"small\">金额：{}</p>", view.at("amount_trace"));
  html.add("<p class=\"dim small\">评估日期 {} · 政策版本 {}</p></section>", view.at("evaluated_on"),
           text_of(view, "policy_version").substr(0, 12));
}

/// What a receiver would not have: nothing moves until somebody acts, so the page says who and how.
void show_refused(Html& html, const Json& view) {
  for (const auto& message : view.at("refused_messages")) {
    const std::string what = word(WordKind::message, text_of(message, "message"));
    const std::string why = text_of(message, "code") + "：" + text_of(message, "reason");
    if (message.at("leaves_again").get<bool>()) {
      html.add("<p class=\"note\">{}曾被对方拒收（{}），已重发，等待对方接收。</p>", what, why);
      continue;
    }
    html.add(
        "<p class=\"note bad\">{} {} 被对方（{}）拒收，原因：{}。款项已占用的继续占用，不会自动重发。请运行人员与对方"
        "查明原因后，执行 <code>{}</code>，原样重发。</p>",
        what, message.at("message_id"), message.at("address"), why, message.at("do"));
  }
}

/// Whose seal: what each department decided, and the seals over it: its own, and that of the person who decided.
void show_office_seals(Html& html, const flow::PeopleBook& people, const Json& view) {
  if (view.at("office_seals").empty()) return;
  html.add(
      "<section "
      "class=\"card\"><h2>部门与个人印章</h2><table><tr><th>部门</th><th>签章人</th><th>环节</th><th>决定</"
      "th><th>印章</th>"
      "<th>签章时间</th><th>核验</th></tr>");
  for (const auto& seal : view.at("office_seals")) {
    const bool sealed = text_of(seal, "state") == "sealed";
    const std::string error = text_of(seal, "error"), holder = text_of(seal, "holder");
    html.add("<tr><td>{}</td><td>{}</td><td>{}（第{}轮）</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
             seal.at("department"), holder == "department" ? std::string("单位") : actor_name(people, holder),
             word(WordKind::step, text_of(seal, "step")), seal.at("round"),
             text_of(seal, "decision") == "approve" ? "同意" : "不同意",
             sealed ? text_of(seal, "seal_name") + " " + text_of(seal, "seal_id") : std::string("—"),
             sealed ? minute_of(seal.at("signed_at")) : std::string("—"),
             !sealed ? (error.empty() ? std::string("等待印章平台") : "尚未取得：" + error)
             : seal.at("valid").get<bool>() ? std::string("有效")
                                            : "无效：" + text_of(seal, "finding"));
  }
  html.add("</table></section>");
}

void show_happened(Html& html, const flow::PeopleBook& people, const Json& view) {
  html.add(
      "<section class=\"card\"><h2>办理过程</h2><table><tr><th>时间</th><th>事项</th><th>状态</th><th>办理人</th>"
      "<th>说明</th></tr>");
  for (const auto& event : view.at("events"))
    html.add("<tr><td>{}</td><td>{}</td><td>{}</td><td>{} {}</td><td>{}</td></tr>", minute_of(event.at("at")),
             word(WordKind::event, text_of(event, "event")), badge(WordKind::case_state, text_of(event, "to")),
             actor_name(people, text_of(event, "actor")), text_of(event, "department"), event.at("reason"));
  html.add("</table></section>");
  show_office_seals(html, people, view);
  if (!view.at("objections").empty()) {
    html.add(
        "<section class=\"card\"><h2>异议</h2><table><tr><th>序号</th><th>提出人</th><th>内容</th><th>结论</th></tr>");
    for (const auto& objection : view.at("objections"))
      html.add("<tr><td>{}</td><td>{}</td><td>{}</td><td>{} {}</td></tr>", objection.at("number"),
               objection.at("on_behalf_of").is_null() ? actor_name(people, text_of(objection, "raised_by"))
                                                      : text_of(objection, "on_behalf_of"),
               objection.at("text"),
               text_of(objection, "state") == "open"        ? "待处理"
               : text_of(objection, "state") == "upheld"    ? "成立"
               : text_of(objection, "state") == "dismissed" ? "不成立"
                                                            : "重新审核",
               text_of(objection, "decision_reason"));
    html.add("</table></section>");
  }
  if (view.at("payments").empty()) return;
  html.add(
      "<section class=\"card\"><h2>拨付</h2><table><tr><th>业务号</th><th>次数</th><th class=\"right\">金额（元）</th>"
      "<th>状态</th><th>支付日期</th><th>凭证号</th><th>说明</th></tr>");
  for (const auto& payment : view.at("payments"))
    html.add("<tr><td>{}</td><td>{}</td><td class=\"right\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
             payment.at("business_no"), payment.at("attempt"), yuan(payment.at("amount")),
             badge(WordKind::payment_state, text_of(payment, "state")), payment.at("paid_on"),
             payment.at("pay_cert_no"), payment.at("reason"));
  html.add("</table></section>");
}

}  // namespace

Result<Answer> cases(App& app, const Call& call) {
  const std::string state = call.parameter("state");
  Slice slice;
  slice.after = TRY(key_of(call.parameter("cursor"), 1));
  const Json list = TRY(read<Json>(app, [&](Transaction& transaction) {
    return list_cases(transaction, app.hub.rooms(), *call.person, {state, "", ""}, slice);
  }));
  Html content("<h1>事项办理</h1><div class=\"filters\"><a href=\"/cases\" class=\"{}\">全部</a>",
               state.empty() ? "here" : "");
  for (const char* filter : kFilters)
    content.add("<a href=\"{}\" class=\"{}\">{}</a>", link("/cases", {{"state", filter}}),
                state == filter ? "here" : "", word(WordKind::case_state, filter));
  content.add("</div><section class=\"card\">");
  if (list.at("items").empty()) {
    content.add("<p class=\"empty\">没有这样的事项。</p>");
  } else {
    content.add(
        "<table><tr><th>事项</th><th>企业</th><th class=\"right\">金额（元）</th><th>状态</th><th>下一步</th>"
        "<th>期限</th></tr>");
    for (const auto& item : list.at("items"))
      content.add(
          "<tr><td>{}<br><span class=\"dim small\">{} {}</span></td><td>{}</td><td class=\"right\">{}</td>"
          "<td>{}</td><td>{}<br><span class=\"dim small\">{}</span></td><td>{}</td></tr>",
          case_link(item), item.at("policy"), word(WordKind::tranche, text_of(item, "tranche")),
          firm_link(text_of(item, "uscc"), text_of(item, "name")), yuan(item.at("amount")),
          badge(WordKind::case_state, text_of(item, "state")),
          word(WordKind::action, text_of(item.at("next"), "action")), who_text(item.at("next")), item.at("due_on"));
    content.add("</table>");
  }
  content.add("</section>{}", more("/cases", {{"state", state}}, list.at("next")));
  return page(app, call, {.title = "事项办理", .here = "/cases"}, content);
}

Result<Answer> benefit_case(App& app, const Call& call) {
  const Json view = TRY(read<Json>(app, [&](Transaction& transaction) {
    return case_view(transaction, app.hub.rooms(), CaseId(call.captures.at(0)), call.person);
  }));
  Html content("<h1>{}</h1>", view.at("title"));
  if (!call.parameter("done").empty()) content.add("<p class=\"note\">已办理，并已记入审计。</p>");
  if (view.at("frozen").get<bool>()) content.add("<p class=\"note bad\">国库的答复前后矛盾，等待人工裁定。</p>");
  content.add(
      "<section class=\"card\"><dl class=\"facts\"><div><dt>状态</dt><dd>{}</dd></div>"
      "<div><dt>企业</dt><dd>{}</dd></div><div><dt>金额（元）</dt><dd>{}</dd></div>"
      "<div><dt>资金渠道</dt><dd>{} · {}</dd></div><div><dt>下一步</dt><dd>{}（{}）</dd></div>"
      "<div><dt>期限</dt><dd>{}</dd></div><div><dt>政策</dt><dd>{} · {}</dd></div><div><dt>编号</dt><dd>{}</dd></div>",
      badge(WordKind::case_state, text_of(view, "state")), firm_link(text_of(view, "uscc"), text_of(view, "name")),
      yuan(view.at("amount")), word(WordKind::channel, text_of(view, "channel")),
      word(WordKind::tranche, text_of(view, "tranche")), word(WordKind::action, text_of(view.at("next"), "action")),
      who_text(view.at("next")), view.at("due_on"), item_link(call, text_of(view, "policy"), text_of(view, "policy")),
      view.at("period"), view.at("id"));
  if (!view.at("payee").is_null())
    content.add("<div><dt>收款账户</dt><dd>{}<br>{} · {}</dd></div>", view.at("payee").at("account_name"),
                view.at("payee").at("account_no"), view.at("payee").at("bank_name"));
  if (!view.at("reason").is_null()) content.add("<div><dt>说明</dt><dd>{}</dd></div>", view.at("reason"));
  content.add("</dl></section>");
  show_refused(content, view);
  show_form(content, call, view);
  show_why(content, view);
  show_happened(content, app.hub.people(), view);
  show_evidence_form(content, call, view);
  return page(app, call, {.title = text_of(view, "title"), .here = "/cases"}, content);
}

Result<Answer> decide(App& app, const Call& call) {
  const CaseId id(call.captures.at(0));
  const Json view = TRY(read<Json>(
      app, [&](Transaction& transaction) { return case_view(transaction, app.hub.rooms(), id, call.person); }));
  // What was looked at must be what is decided.
  if (view.at("version").dump() != call.field("version"))
    return refuse("case_changed_since", "事项在您查看之后有了变化，请重新打开页面查看后再办理。");
  const auto form = form_for(*call.person, view);
  if (!form || form->act != call.field("act") || form->department != call.field("department") ||
      form->step != call.field("step"))
    return refuse("case_state_wrong", "现在不轮到您办理这一步。");
  const std::string decision = call.field("decision"), reason = call.field("reason");
  if ((decision != "yes" && decision != "no") || (decision == "no" && form->no.empty()))
    return refuse("decision_unknown", "请选择一个结论。");
  const bool yes = decision == "yes";
  const bool blank = reason.find_first_not_of(" \t\r\n") == std::string::npos;
  if (blank && (!yes || form->act == "settle" || form->act == "correct"))
    return refuse("field_missing", "请填写理由。");
  if (reason.size() > 4'000) return refuse("field_too_long", "理由过长。");
  auto& desk = app.hub.desk();
  if (form->act == "review") {
    CHECK_OK(desk.review(*call.person, id, form->department, form->step, yes ? "approve" : "refuse", reason));
  } else if (form->act == "release") {
    if (yes) {
      CHECK_OK(desk.release(*call.person, id));
    } else {
      CHECK_OK(desk.refuse_case(*call.person, id, reason));
    }
  } else if (form->act == "correct") {
    CHECK_OK(desk.correct(*call.person, id, reason));
  } else {
    for (const auto& objection : view.at("objections")) {
      if (text_of(objection, "state") != "open") continue;
      CHECK_OK(desk.settle_objection(*call.person, id, text_of(objection, "id"), !yes, reason));
      if (!yes) break;  // One that is upheld ends the case.
    }
  }
  return redirect(link("/cases/" + http::percent_encode(id.str()), {{"done", "1"}}));
}

}  // namespace zhida::console::pages
