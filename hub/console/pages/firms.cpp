// Firms: the list, and one firm with all that is known and what is not.
#include "console/lists.h"
#include "console/pages/frame.h"
#include "console/pages/pages.h"
#include "console/views.h"

namespace zhida::console::pages {

using storage::Transaction;

Result<Answer> firms(App& app, const Call& call) {
  const std::string text = call.parameter("q");
  Slice slice;
  slice.after = TRY(key_of(call.parameter("cursor"), 1));
  const Json list = TRY(read<Json>(app, [&](Transaction& transaction) {
    return list_profiles(transaction, app.hub.rooms(), *call.person, text, slice);
  }));
  Html content(
      "<h1>企业</h1><form class=\"search\" method=\"get\" action=\"/firms\"><input type=\"text\" name=\"q\" "
      "value=\"{}\" placeholder=\"企业名称或统一社会信用代码\"><button>查找</button></form>"
      "<section class=\"card\">",
      text);
  if (list.at("items").empty()) {
    content.add("<p class=\"empty\">{}</p>", text.empty() ? "还没有企业。" : "没有找到符合的企业。");
  } else {
    content.add("<table><tr><th>企业</th><th>统一社会信用代码</th><th>区划</th><th>更新</th></tr>");
    for (const auto& item : list.at("items"))
      content.add("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                  firm_link(item.at("uscc").get<std::string>(), item.at("name").get<std::string>()), item.at("uscc"),
                  item.at("division"), minute_of(item.at("updated_at")));
    content.add("</table>");
  }
  content.add("</section>{}", more("/firms", {{"q", text}}, list.at("next")));
  return page(app, call, {.title = "企业", .here = "/firms"}, content);
}

Result<Answer> firm(App& app, const Call& call) {
  const Json view = TRY(read<Json>(app, [&](Transaction& transaction) {
    return profile_view(transaction, app.hub.rooms(), call.captures.at(0), call.person);
  }));
  const std::string name = view.at("name").get<std::string>();
  Html content("<h1>{}</h1><p class=\"dim\">{} · 区划 {} · 画像版本 {}</p>", name.empty() ? "（名称未归集）" : name,
               view.at("uscc"), view.at("division"), view.at("sequence"));

  content.add("<section class=\"card\"><h2>可享政策</h2>");
  if (view.at("entitlements").empty()) {
    content.add("<p class=\"empty\">尚未匹配。</p>");
  } else {
    content.add("<table><tr><th>政策</th><th>结论</th><th class=\"right\">金额（元）</th><th>评估日期</th></tr>");
    for (const auto& item : view.at("entitlements"))
      content.add(
          "<tr><td>{} <span class=\"dim small\">{}</span></td><td>{}</td><td class=\"right\">{}</td>"
          "<td>{}</td></tr>",
          item.at("title"), item.at("policy"), badge(WordKind::verdict, item.at("verdict").get<std::string>()),
          yuan(item.at("amount")), item.at("evaluated_on"));
    content.add("</table>");
  }
  content.add("</section><section class=\"card\"><h2>事项</h2>");
  if (view.at("cases").empty()) {
    content.add("<p class=\"empty\">没有事项。</p>");
  } else {
    content.add("<table><tr><th>事项</th><th>批次</th><th class=\"right\">金额（元）</th><th>状态</th></tr>");
    for (const auto& item : view.at("cases"))
      content.add("<tr><td>{}</td><td>{}</td><td class=\"right\">{}</td><td>{}</td></tr>", case_link(item),
                  word(WordKind::tranche, item.at("tranche").get<std::string>()), yuan(item.at("amount")),
                  badge(WordKind::case_state, item.at("state").get<std::string>()));
    content.add("</table>");
  }
  content.add(
      "</section><section class=\"card\"><h2>企业画像</h2><table><tr><th>字段</th><th>值</th><th>来源</th>"
      "<th>数据日期</th><th>有效至</th></tr>");
  for (const auto& field : view.at("fields")) {
    const std::string state = field.at("state").get<std::string>();
    content.add("<tr><td>{}<br><span class=\"dim small\">{}</span></td><td>", field.at("title"), field.at("field"));
    if (state == "known") {
      content.add("{}", field.at("shown"));
    } else {
      // What is not known is said in words: never a zero, never a no.
      content.add("{}", badge(WordKind::field_state, state));
      for (const auto& other : field.at("set_aside"))
        content.add("<br><span class=\"dim small\">{}（{}，{}）</span>", other.at("value"),
                    word(WordKind::source, other.at("source").get<std::string>()), other.at("as_of"));
    }
    content.add("</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                field.at("source").is_null() ? "—" : word(WordKind::source, field.at("source").get<std::string>()),
                field.at("as_of"), field.at("fresh_until"));
  }
  content.add("</table></section>");
  return page(app, call, {.title = name.empty() ? call.captures.at(0) : name, .here = "/firms"}, content);
}

}  // namespace zhida::console::pages
