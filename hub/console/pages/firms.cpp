// Firms: the list, and one firm with all that is known and what is not.
#include "console/lists.h"
#include "console/pages/frame.h"
#include "console/pages/pages.h"
#include "console/views.h"

namespace zhida::console::pages {

using storage::Transaction;

namespace {

/// 应享未享、差一项、数据待定、已享受: what the firm could still get, and what it had.
void show_outlook(Html& html, const Call& call, const Json& view) {
  const auto title = [&](const Json& one) {
    return item_link(call, one.at("policy").get<std::string>(), one.at("title").get<std::string>());
  };
  html.add("<section class=\"card\"><h2>应享未享</h2>");
  if (view.at("owed").empty()) {
    html.add("<p class=\"empty\">没有：符合的政策都已享受或正在办理，或者没有符合的政策。</p>");
  } else {
    html.add(
        "<p class=\"dim small\">符合条件、但既没有享受过也没有在办的政策。</p>"
        "<table><tr><th>政策</th><th class=\"right\">金额（元）</th></tr>");
    for (const auto& one : view.at("owed"))
      html.add("<tr><td>{}</td><td class=\"right\">{}</td></tr>", title(one), yuan(one.at("amount")));
    html.add("</table>");
  }
  html.add("</section><section class=\"card\"><h2>差一项</h2>");
  if (view.at("near_misses").empty()) {
    html.add("<p class=\"empty\">没有只差一个条件的政策。</p>");
  } else {
    html.add("<table><tr><th>政策</th><th>差在哪里</th><th>补上之后</th></tr>");
    for (const auto& one : view.at("near_misses"))
      html.add("<tr><td>{}</td><td>{}</td><td>{}</td></tr>", title(one), one.at("sentence"),
               badge(WordKind::verdict, one.at("then").get<std::string>()));
    html.add("</table>");
  }
  html.add("</section><section class=\"card\"><h2>缺数据待定</h2>");
  if (view.at("questions").empty()) {
    html.add("<p class=\"empty\">没有因为缺少数据而待定的政策。</p>");
  } else {
    html.add("<table><tr><th>政策</th><th>缺什么</th><th></th></tr>");
    std::string last;
    for (const auto& one : view.at("questions")) {
      const auto policy = one.at("policy").get<std::string>();
      html.add("<tr><td>{}</td><td>{}</td><td>{}</td></tr>", policy == last ? Html() : title(one), one.at("sentence"),
               one.at("decides").get<bool>() ? Html("<span class=\"badge wait\">有了即可判定</span>") : Html());
      last = policy;
    }
    html.add("</table>");
  }
  html.add("</section><section class=\"card\"><h2>已享受</h2>");
  if (view.at("received").empty()) {
    html.add("<p class=\"empty\">没有享受记录。到账、减免生效或导入历史名单之后会出现在这里。</p>");
  } else {
    html.add("<table><tr><th>政策</th><th>享受日期</th><th>来源</th><th>凭据</th><th>说明</th></tr>");
    for (const auto& one : view.at("received")) {
      const std::string source = one.at("source").get<std::string>();
      html.add(
          "<tr><td>{}<br><span class=\"dim small\">{}</span></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
          one.at("title"), one.at("benefit"), one.at("received_on"), source == "hub" ? "本平台兑付" : source,
          one.at("reference"),
          one.at("taken_back_on").is_null()
              ? Html("—")
              : Html("<span class=\"badge bad\">{} 退回，不再计入</span>", one.at("taken_back_on")));
    }
    html.add("</table>");
  }
  html.add("</section>");
}

}  // namespace

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
                  region_text(app.hub.rooms(), item.at("division").get<std::string>()),
                  minute_of(item.at("updated_at")));
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
               view.at("uscc"), view.at("division_shown"), view.at("sequence"));

  content.add("<section class=\"card\"><h2>可享政策</h2>");
  if (view.at("entitlements").empty()) {
    content.add("<p class=\"empty\">尚未匹配。</p>");
  } else {
    content.add("<table><tr><th>政策</th><th>结论</th><th class=\"right\">金额（元）</th><th>评估日期</th></tr>");
    for (const auto& item : view.at("entitlements"))
      content.add(
          "<tr><td>{} <span class=\"dim small\">{}</span></td><td>{}</td><td class=\"right\">{}</td>"
          "<td>{}</td></tr>",
          item_link(call, item.at("policy").get<std::string>(), item.at("title").get<std::string>()), item.at("policy"),
          badge(WordKind::verdict, item.at("verdict").get<std::string>()), yuan(item.at("amount")),
          item.at("evaluated_on"));
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
  content.add("</section>");
  show_outlook(content, call, view);
  content.add(
      "<section class=\"card\"><h2>企业画像</h2><table><tr><th>字段</th><th>值</th><th>来源</th>"
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
        content.add("<br><span class=\"dim small\">{}（{}，{}）</span>", other.at("shown"),
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
