#include "console/pages/item_trouble.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "console/pages/frame.h"
#include "console/pages/item_acts.h"

namespace zhida::console::pages {
namespace {

bool is_about_data(const Json& trouble) {
  return trouble.at("code") == "data_unconfirmed";
}

std::string role_of(const Json& trouble) {
  return word(WordKind::role, trouble.at("waits_for").get<std::string>());
}

/// What a confirmation speaks of, in the order in which it is shown.
constexpr std::pair<const char*, const char*> kAspects[] = {
    {"made", "产生方式"}, {"sources", "来源"},  {"fresh_for_days", "有效时间"},  {"combine", "多条记录取值"},
    {"type", "数据类型"}, {"list", "所属名单"}, {"when_absent", "名单中没有时"}, {"derived", "推算规则"},
    {"codes", "代码表"},  {"read_from", "读自"}};

std::string codes_text(const Json& codes) {
  std::string out;
  for (const auto& [file, digest] : codes.items())
    out += (out.empty() ? "" : "、") + file + "（摘要 " + digest.get<std::string>().substr(0, 12) + "）";
  return out;
}

/// `税务 tax.credit：nsrxydj（代码表 …）`
std::string column_text(const Json& one) {
  std::string out = one.value("record", "");
  const std::string source = out.substr(0, out.find('.'));
  const std::string known = word(WordKind::source, source);
  if (known != source) out = known + " " + out;
  out += "：" + joined(one.value("columns", Json::array()));
  if (one.contains("codes")) out += "，按代码表 " + codes_text(one.at("codes"));
  return out;
}

Html aspect(std::string_view name, const Json& value) {
  if (value.is_null() || value == "" || (value.is_array() && value.empty()))
    return Html("<span class=\"dim\">无</span>");
  if (name == "sources") {
    std::string out;
    for (const auto& one : value) out += (out.empty() ? "" : "、") + word(WordKind::source, one.get<std::string>());
    return Html("{}", out);
  }
  if (name == "fresh_for_days") return value == 0 ? Html("不过期") : Html("{} 天", value);
  if (name == "codes") return Html("{}", codes_text(value));
  if (name == "made") return value == "derived" ? Html("由其他数据推算") : Html("由名额分配确定");
  if (name != "read_from") return Html("<code>{}</code>", value);
  Html html;
  for (const auto& one : value) html.add("{}{}", html.empty() ? Html() : Html("<br>"), column_text(one));
  return html;
}

/// One side of a difference; aspects that the other side alone has are told as missing here.
Html side(const Json& side, const Json& other) {
  if (side.is_null()) return Html("<span class=\"dim\">确认时没有这一项</span>");
  Html html;
  for (const auto& [name, title] : kAspects) {
    if (!side.contains(name) && !(other.is_object() && other.contains(name))) continue;
    html.add("<div class=\"small\"><span class=\"dim\">{}：</span>{}</div>", title,
             aspect(name, side.contains(name) ? side.at(name) : Json(nullptr)));
  }
  return html;
}

void show_changed(Html& html, const Json& changed) {
  html.add("<table><tr><th>数据</th><th>确认时</th><th>现在</th></tr>");
  for (const auto& one : changed)
    html.add("<tr><td>{}<br><span class=\"dim small\">{}</span></td><td>{}</td><td>{}</td></tr>", one.at("title"),
             one.at("field"), side(one.at("was"), one.at("is")), side(one.at("is"), one.at("was")));
  html.add("</table>");
}

}  // namespace

std::string trouble_text(const Json& trouble) {
  return (is_about_data(trouble) ? "待重新确认数据（" : "待重新提请（") + role_of(trouble) + "）";
}

Html trouble_badge(const Json& trouble) {
  return Html("<span class=\"badge bad\">{}</span>", is_about_data(trouble) ? "暂停：数据待确认" : "暂停：内容读不出");
}

Html show_waiting_items(const Call& call, const Json& troubles, bool list) {
  if (troubles.empty()) return {};
  Html html("<div class=\"note bad\" role=\"alert\">施行中的事项有 {} 个暂停，等人办理。",
            static_cast<std::int64_t>(troubles.size()));
  if (list) html.add("<a href=\"{}\">只看这些</a>", link("/items", {{"state", "waiting"}}));
  html.add("<ul>");
  for (const auto& trouble : troubles)
    html.add("<li>{}：{}，{}</li>",
             item_link(call, trouble.at("policy").get<std::string>(), trouble.at("title").get<std::string>()),
             trouble_text(trouble), is_about_data(trouble) ? joined(trouble.at("fields")) : "存储的内容读不出");
  return html.add("</ul></div>");
}

Html show_trouble(const Json& view, bool all) {
  const Json& trouble = view.at("trouble");
  if (!trouble.is_object()) return {};
  Html html("<section class=\"card\"><h2>为什么暂停</h2>");
  if (is_about_data(trouble)) {
    html.add(
        "<p class=\"note bad\">判定所用数据的来源、口径或时效与确认时不同：{}。重新确认之前，没有企业被判定为符合，"
        "不产生新的办理件，已批准的等待，不付款。</p>",
        joined(trouble.at("fields")));
    html.add(
        "<p>由谁办理：<b>{}</b>人员（不能是确认本事项条件的人）核对之后重新确认数据；或者由运行人员把数据配置改回，"
        "重新启动后即恢复。</p>",
        role_of(trouble));
    const Json& status = view.at("status");
    if (all && status.is_object() && status.at("in_force").is_object())
      if (const Json& now = status.at("in_force").at("trouble"); now.is_object() && now.contains("changed"))
        show_changed(html, now.at("changed"));
  } else {
    if (trouble.at("code") == "policy_version_wrong")
      html.add(
          "<p class=\"note bad\">现行版本存储的内容与它的版本号（SHA-256）不符，可能在系统之外被改动。平台不按它判定；"
          "企业此前的结论不变，办理件等待，不付款。其他事项不受影响。</p>");
    else
      html.add(
          "<p class=\"note bad\">现行版本由较早的程序存入，本程序读不出其中的内容，也不猜测。企业此前的结论不变，"
          "办理件等待，不付款。其他事项不受影响。</p>");
    html.add(
        "<p>由谁办理：<b>{}</b>人员把文件夹中的版本重新提请，经试算、批准和确认之后恢复；不再需要的，提请废止。{}</p>",
        role_of(trouble), trouble.at("code") == "policy_version_wrong" ? "请同时通知审计和运行人员查明原因。" : "");
  }
  if (all) html.add("<p class=\"dim small\">代码 <code>{}</code>：{}</p>", trouble.at("code"), trouble.at("sentence"));
  return html.add("</section>");
}

}  // namespace zhida::console::pages
