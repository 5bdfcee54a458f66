// Packs of evidence: the form on a case's page, and the file that it gives.
#include "flow/evidence.h"

#include <algorithm>

#include "console/pages/frame.h"
#include "console/pages/pages.h"
#include "console/views.h"

namespace zhida::console::pages {

void show_evidence_form(Html& html, const Call& call, const Json& view) {
  const bool auditor = call.person->has_role("auditor");
  if (!auditor && !call.person->has_role("integration_admin")) return;
  static constexpr std::string_view kUndecided[] = {"matched",   "notified",  "confirmed", "payee_check",
                                                    "in_review", "publicity", "held"};
  if (std::find(std::begin(kUndecided), std::end(kUndecided), view.at("state").get<std::string>()) !=
      std::end(kUndecided)) {
    html.add(
        "<section class=\"card\"><h2>证据包</h2><p "
        "class=\"empty\">事项尚未决定；决定之后可以导出证据包。</p></section>");
    return;
  }
  html.add(
      "<section class=\"card\"><h2>证据包</h2><p class=\"dim "
      "small\">一个文件，离线即可核验：政策版本、所用数据、判定、经办、"
      "签章文件、留痕证明。谁得到了哪一份，记入审计。</p>"
      "<form method=\"post\" action=\"/evidence/{}\"><input type=\"hidden\" name=\"token\" value=\"{}\">"
      "<label>提供给 <select name=\"level\">",
      http::percent_encode(view.at("id").get<std::string>()), call.form_token);
  if (auditor) html.add("<option value=\"auditor\">审计（全部内容）</option>");
  html.add(
      "<option value=\"firm\">企业（不含经手人）</option><option "
      "value=\"public\">公众（只含公开内容）</option></select></label> "
      "<label>接收方 <input type=\"text\" name=\"reader\" maxlength=\"60\" placeholder=\"单位或个人\"></label>"
      "<div class=\"row\"><button>导出证据包</button></div></form></section>");
}

Result<Answer> export_evidence(App& app, const Call& call) {
  const CaseId id(call.captures.at(0));
  // Whoever does not see the case is told that there is none.
  (void)TRY(read<Json>(app, [&](storage::Transaction& transaction) {
    return case_view(transaction, app.hub.rooms(), id, call.person);
  }));
  flow::PackOrder order;
  order.case_id = id;
  order.level = TRY(flow::pack_level_from(call.field("level")));
  if (order.level == flow::PackLevel::auditor && !call.person->has_role("auditor"))
    return refuse("role_missing", "只有审计人员可以导出含全部内容的证据包。");
  order.reader = call.field("reader");
  if (order.reader.size() > 240) return refuse("field_too_long", "接收方过长。");
  order.asked_by = call.person->actor();
  order.trace_id = call.trace_id;
  auto pack = TRY(flow::Evidence(app.hub.rooms(), app.hub.config().trust, app.hub.config().time_trust, [&] {
                    return app.hub.stamp_now();
                  }).make(order));
  Answer answer;
  answer.content_type = "application/zip";
  answer.headers.emplace_back("Content-Disposition", "attachment; filename=\"evidence-" + id.str() + "-" +
                                                         flow::to_text(order.level) + ".zip\"");
  answer.headers.emplace_back("Cache-Control", "no-store");
  answer.body = std::move(pack.archive);
  return answer;
}

}  // namespace zhida::console::pages
