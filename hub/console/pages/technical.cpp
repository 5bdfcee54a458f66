// What was kept out, and the money.
#include "console/lists.h"
#include "console/pages/frame.h"
#include "console/pages/pages.h"
#include "console/views.h"

namespace zhida::console::pages {
namespace {

using storage::Transaction;

bool may_replay(const flow::Person& person) {
  return person.has_role("operator") || person.has_role("integration_admin");
}

std::string text_of(const Json& object, const char* name) {
  return object.at(name).is_null() ? std::string() : object.at(name).get<std::string>();
}

}  // namespace

Result<Answer> quarantine(App& app, const Call& call) {
  const std::string source = call.parameter("source"), code = call.parameter("code"), state = call.parameter("state");
  Slice slice;
  slice.after = TRY(key_of(call.parameter("cursor"), 1));
  const Json list = TRY(read<Json>(app, [&](Transaction& transaction) {
    return list_quarantine(transaction, app.hub.rooms(), *call.person, {source, code, state}, slice);
  }));
  Html content(
      "<h1>隔离区</h1><p class=\"dim\">读不懂或无法归属的记录留在这里，不参与任何计算。</p>"
      "<div class=\"filters\"><a href=\"/quarantine\" class=\"{}\">全部</a>",
      state.empty() ? "here" : "");
  for (const char* filter : {"open", "replayed", "discarded"})
    content.add("<a href=\"{}\" class=\"{}\">{}</a>", link("/quarantine", {{"state", filter}}),
                state == filter ? "here" : "", word(WordKind::quarantine, filter));
  content.add("</div><section class=\"card\">");
  if (list.at("items").empty()) {
    content.add("<p class=\"empty\">没有被隔离的记录。</p>");
  } else {
    content.add(
        "<table><tr><th>编号</th><th>来源</th><th>记录</th><th>原因</th><th>说明</th><th>状态</th><th>首次</th></tr>");
    for (const auto& item : list.at("items"))
      content.add(
          "<tr><td><a href=\"/quarantine/{}\">{}</a></td><td>{}</td><td>{}<br><span class=\"dim small\">{}</span>"
          "</td><td><a href=\"{}\"><code>{}</code></a></td><td>{}</td><td>{}</td><td>{}</td></tr>",
          item.at("id"), item.at("id"), word(WordKind::source, text_of(item, "source")), item.at("record_type"),
          item.at("record_key"), link("/quarantine", {{"code", text_of(item, "code")}, {"state", state}}),
          item.at("code"), item.at("message"), badge(WordKind::quarantine, text_of(item, "state")),
          minute_of(item.at("first_at")));
    content.add("</table>");
  }
  content.add("</section>{}",
              more("/quarantine", {{"source", source}, {"code", code}, {"state", state}}, list.at("next")));
  return page(app, call, {.title = "隔离区", .here = "/quarantine"}, content);
}

Result<Answer> quarantined(App& app, const Call& call) {
  const Json view = TRY(read<Json>(app, [&](Transaction& transaction) {
    return quarantine_view(transaction, app.hub.rooms(), call.captures.at(0), *call.person);
  }));
  Html content("<h1>隔离记录 {}</h1>", view.at("id"));
  const std::string done = call.parameter("done");
  if (!done.empty())
    content.add("<p class=\"note {}\">{}</p>", done == "quarantined" ? "bad" : "",
                done == "quarantined" ? "重放后仍不能采用，原因见下。" : "重放成功，记录已采用。");
  content.add(
      "<section class=\"card\"><dl class=\"facts\"><div><dt>状态</dt><dd>{}</dd></div>"
      "<div><dt>来源</dt><dd>{} · {}</dd></div><div><dt>记录键</dt><dd>{}</dd></div>"
      "<div><dt>原因</dt><dd><code>{}</code></dd></div><div><dt>字段</dt><dd>{}</dd></div>"
      "<div><dt>值</dt><dd>{}</dd></div><div><dt>规则</dt><dd>{}</dd></div><div><dt>批次与位置</dt><dd>{} · {}</dd>"
      "</div><div><dt>尝试</dt><dd>{} 次，首次 {}</dd></div><div><dt>追踪号</dt><dd>{}</dd></div></dl>"
      "<p>{}</p>",
      badge(WordKind::quarantine, text_of(view, "state")), word(WordKind::source, text_of(view, "source")),
      view.at("record_type"), view.at("record_key"), view.at("code"), view.at("field"), view.at("value"),
      view.at("rule"), view.at("batch_id"), view.at("position"), view.at("attempts"), minute_of(view.at("first_at")),
      view.at("trace_id"), view.at("message"));
  if (view.at("state") == "open" && may_replay(*call.person))
    content.add(
        "<form method=\"post\" action=\"/quarantine/{}\"><input type=\"hidden\" name=\"token\" value=\"{}\">"
        "<button>用现行规则重放</button></form>",
        view.at("id"), call.form_token);
  content.add("</section>");
  if (view.at("columns").is_object()) {
    content.add("<section class=\"card\"><h2>各列</h2><table><tr><th>列</th><th>内容</th></tr>");
    for (const auto& [name, value] : view.at("columns").items())
      content.add("<tr><td>{}</td><td>{}</td></tr>", name, value);
    content.add("</table></section>");
  }
  content.add("<section class=\"card\"><h2>原始字节（{}）</h2><pre>{}</pre></section>", view.at("body_bytes"),
              view.at("body"));
  return page(app, call, {.title = "隔离记录", .here = "/quarantine"}, content);
}

Result<Answer> replay(App& app, const Call& call) {
  const auto id = TRY(read<std::int64_t>(app, [&](Transaction& transaction) -> Result<std::int64_t> {
    const Json row = TRY(quarantine_view(transaction, app.hub.rooms(), call.captures.at(0), *call.person));
    return row.at("id").get<std::int64_t>();
  }));
  const auto outcome = TRY(app.hub.source_door().replay(id, call.person->actor()));
  return redirect(link("/quarantine/" + std::to_string(id),
                       {{"done", outcome.kind == RecordOutcome::Kind::quarantined ? "quarantined" : "accepted"}}));
}

Result<Answer> money(App& app, const Call& call) {
  const std::string state = call.parameter("state");
  Slice slice;
  slice.after = TRY(key_of(call.parameter("cursor"), 1));
  Slice all;
  all.limit = 500;
  Json book, payments;
  CHECK_OK(app.hub.rooms().database.read([&](Transaction& transaction) -> Result<void> {
    book = TRY(list_appropriations(transaction, app.hub.rooms(), *call.person, all));
    payments = TRY(list_payments(transaction, app.hub.rooms(), *call.person, state, slice));
    return ok();
  }));
  Html content("<h1>资金</h1><section class=\"card\"><h2>预算指标</h2>");
  if (book.at("items").empty()) {
    content.add("<p class=\"empty\">还没有预算指标。</p>");
  } else {
    content.add(
        "<table><tr><th>项目</th><th>区划</th><th class=\"right\">总额</th><th class=\"right\">他用</th>"
        "<th class=\"right\">占用</th><th class=\"right\">已支付</th><th class=\"right\">可用</th></tr>");
    for (const auto& item : book.at("items"))
      content.add(
          "<tr><td>{}<br><span class=\"dim small\">{} · {}{}</span></td><td>{}</td><td class=\"right\">{}</td>"
          "<td class=\"right\">{}</td><td class=\"right\">{}</td><td class=\"right\">{}</td>"
          "<td class=\"right\">{}</td></tr>",
          item.at("pro_name"), item.at("pro_code"), item.at("year"),
          item.at("report_parked").get<bool>() ? " · 有指标变动待人工处理" : "",
          region_text(app.hub.rooms(), item.at("division").get<std::string>()), yuan(item.at("total")),
          yuan(item.at("others")), yuan(item.at("held")), yuan(item.at("spent")), yuan(item.at("available")));
    content.add("</table>");
  }
  content.add(
      "</section><section class=\"card\"><h2>支付申请</h2><div class=\"filters\"><a href=\"/money\" class=\"{}\">"
      "全部</a>",
      state.empty() ? "here" : "");
  for (const char* filter : {"queued", "sent", "acked", "settled", "rejected", "cancelled", "returned"})
    content.add("<a href=\"{}\" class=\"{}\">{}</a>", link("/money", {{"state", filter}}),
                state == filter ? "here" : "", word(WordKind::payment_state, filter));
  content.add("</div>");
  if (payments.at("items").empty()) {
    content.add("<p class=\"empty\">没有支付申请。</p>");
  } else {
    content.add(
        "<table><tr><th>业务号</th><th>收款人</th><th class=\"right\">金额（元）</th><th>状态</th><th>时间</th>"
        "<th>说明</th></tr>");
    for (const auto& item : payments.at("items"))
      content.add(
          "<tr><td><a href=\"/cases/{}\">{}</a></td><td>{}<br><span class=\"dim small\">{}</span></td>"
          "<td class=\"right\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
          item.at("case_id"), item.at("business_no"), item.at("payee").at("account_name"),
          item.at("payee").at("account_no"), yuan(item.at("amount")),
          badge(WordKind::payment_state, text_of(item, "state")), minute_of(item.at("state_at")), item.at("reason"));
    content.add("</table>");
  }
  content.add("</section>{}", more("/money", {{"state", state}}, payments.at("next")));
  return page(app, call, {.title = "资金", .here = "/money"}, content);
}

}  // namespace zhida::console::pages
