#include "console/pages/item_parts.h"

#include <algorithm>
#include <string_view>

#include "console/pages/frame.h"

namespace zhida::console::pages {
namespace {

constexpr std::size_t kLinesMax = 2'000;  // Of a text that is compared line by line.
constexpr std::size_t kFoldedFrom = 10;   // Longer lists of firms are folded.
constexpr std::string_view kLocal = "本地设置：";

std::string text_of(const Json& object, const char* name) {
  return object.at(name).is_null() ? std::string() : object.at(name).get<std::string>();
}

std::string short_version(const std::string& version) {
  return version.substr(0, 12);
}

/// What a town settles by itself has names for those who write the files.
std::string local_words(const std::string& names) {
  static constexpr std::pair<std::string_view, const char*> kWords[] = {{"confirm_within", "企业确认期限"},
                                                                        {"fund", "承办基金"},
                                                                        {"payee", "收款账户"},
                                                                        {"per_mu_amounts", "亩均评价各类标准"},
                                                                        {"period", "所属期"},
                                                                        {"project_code", "项目代码"},
                                                                        {"publicity", "公示"},
                                                                        {"recheck", "付款前重新获取的数据"},
                                                                        {"review", "审核部门"},
                                                                        {"review_within", "审核期限"},
                                                                        {"rounding", "尾数处理"}};
  static constexpr std::string_view kComma = "、";
  std::string out;
  for (std::size_t at = 0; at <= names.size();) {
    const auto end = std::min(names.find(kComma, at), names.size());
    const auto name = names.substr(at, end - at);
    const auto* known = std::ranges::find(kWords, std::string_view(name), [](const auto& one) { return one.first; });
    out += (out.empty() ? "" : "、") + (known == std::end(kWords) ? name : std::string(known->second));
    at = end + kComma.size();
  }
  return out;
}

std::vector<TextLine> lines_of(const std::string& text) {
  std::vector<TextLine> out;
  std::size_t at = text.find('\n');  // The first line is the title.
  at = at == std::string::npos ? text.size() : at + 1;
  while (at < text.size() && out.size() < kLinesMax) {
    const auto end = std::min(text.find('\n', at), text.size());
    TextLine line;
    line.text = text.substr(at, end - at);
    at = end + 1;
    const auto dash = line.text.find_first_not_of(' ');
    if (dash != std::string::npos && line.text.compare(dash, 2, "- ") == 0) {
      line.depth = static_cast<int>(dash / 2) + 1;
      line.text.erase(0, dash + 2);
    }
    if (line.depth == 0 && line.text.starts_with(kLocal))
      line.text = std::string(kLocal) + local_words(line.text.substr(kLocal.size()));
    if (!line.text.empty()) out.push_back(std::move(line));
  }
  return out;
}

bool same(const TextLine& left, const TextLine& right) {
  return left.depth == right.depth && left.text == right.text;
}

Html fen(const Json& amount) {
  return yuan(Json(Money::from_fen(amount.get<std::int64_t>()).to_yuan()));
}

Html signed_number(std::int64_t number) {
  return Html("{}{}", number > 0 ? "+" : "", number);
}

std::int64_t firms_of(const Json& moved) {
  return moved.at("firms").get<std::int64_t>();
}

/// A long table of firms, behind a line to open it by.
void fold(Html& html, const Html& table, const Json& firms) {
  if (firms.size() < kFoldedFrom)
    html.add("{}", table);
  else
    html.add("<details><summary>列出 {} 户</summary>{}</details>", static_cast<std::int64_t>(firms.size()), table);
}

/// Firms of one kind of change, with their sums.
void show_moved(Html& html, const char* title, const char* says, const Json& moved) {
  if (firms_of(moved) == 0) return;
  html.add("<h3>{}：{} 户</h3><p class=\"dim small\">{} 合计 {} → {} 元。</p>", title, firms_of(moved), says,
           fen(moved.at("before_fen")), fen(moved.at("after_fen")));
  Html table("<table><tr><th>企业</th><th class=\"right\">现行（元）</th><th class=\"right\">提请后（元）</th></tr>");
  for (const auto& firm : moved.at("named"))
    table.add(
        "<tr><td>{}<br><span class=\"dim small\">{}</span></td><td class=\"right\">{}</td>"
        "<td class=\"right\">{}</td></tr>",
        firm_link(text_of(firm, "uscc"), text_of(firm, "name")), firm.at("uscc"), fen(firm.at("before_fen")),
        fen(firm.at("after_fen")));
  table.add("</table>");
  fold(html, table, moved.at("named"));
  const auto named = static_cast<std::int64_t>(moved.at("named").size());
  if (named < firms_of(moved)) html.add("<p class=\"dim small\">只列出前 {} 户，合计数包含全部。</p>", named);
}

void show_sums(Html& html, const Json& report, bool repeal) {
  const Json& before = report.at("before");
  const Json& after = report.at("after");
  const auto row = [&](const char* title, const char* name) {
    const auto was = before.at(name).get<std::int64_t>(), is = after.at(name).get<std::int64_t>();
    html.add("<tr><td>{}</td><td class=\"right\">{}</td><td class=\"right\">{}</td><td class=\"right\">{}</td></tr>",
             title, was, is, signed_number(is - was));
  };
  html.add(
      "<table class=\"compact\"><tr><th></th><th class=\"right\">{}</th><th class=\"right\">{}</th>"
      "<th class=\"right\">变化</th></tr>",
      before.at("version").is_null() ? "现行（未施行）" : "现行版本", repeal ? "废止后" : "提请后");
  row("符合（户）", "met");
  row("数据不足、待定（户）", "unknown");
  row("不符合（户）", "not_met");
  const auto was = before.at("fen").get<std::int64_t>(), is = after.at("fen").get<std::int64_t>();
  html.add(
      "<tr><td>金额（元）</td><td class=\"right\">{}</td><td class=\"right\">{}</td><td class=\"right\">{}{}</td></tr>"
      "</table>",
      fen(before.at("fen")), fen(after.at("fen")), is > was ? "+" : "", fen(Json(is - was)));
}

void show_budget(Html& html, const Json& budget) {
  if (!budget.is_object()) {
    html.add("<p class=\"dim small\">预算：没有找到本事项对应的预算指标，无可对照的余额。</p>");
    return;
  }
  const auto within = budget.at("firms_within").get<std::int64_t>();
  if (budget.at("lasts").get<bool>())
    html.add("<p class=\"note\">预算：今年可用 {} 元，足够全部 {} 户。</p>", fen(budget.at("available_fen")), within);
  else
    html.add("<p class=\"note bad\">预算不足：今年可用 {} 元，按次序只够 {} 户。</p>", fen(budget.at("available_fen")),
             within);
}

/// Each condition with how many it lets through; the bar is what is left after it.
void show_funnel(Html& html, const Json& funnel, std::int64_t firms) {
  if (funnel.empty()) return;
  html.add(
      "<h3>逐条筛选</h3><table><tr><th>条件</th><th class=\"right\">符合</th><th class=\"right\">不符合</th>"
      "<th class=\"right\">数据不足</th><th class=\"right\">只差这一条</th><th>到此还剩</th></tr>");
  for (const auto& step : funnel)
    html.add(
        "<tr><td>{}</td><td class=\"right\">{}</td><td class=\"right\">{}</td><td class=\"right\">{}</td>"
        "<td class=\"right\">{}</td><td><meter min=\"0\" max=\"{}\" value=\"{}\"></meter> {}</td></tr>",
        step.at("text"), step.at("met"), step.at("not_met"), step.at("unknown"), step.at("alone"),
        std::max<std::int64_t>(firms, 1), step.at("left"), step.at("left"));
  html.add("</table>");
}

void show_near(Html& html, const Json& near) {
  const auto firms = near.at("firms").get<std::int64_t>();
  if (firms == 0) return;
  html.add("<h3>差一项：{} 户</h3><p class=\"dim small\">只有一个条件不符合的企业，以及差多少。</p>", firms);
  Html table("<table><tr><th>企业</th><th>差在哪里</th></tr>");
  for (const auto& one : near.at("named"))
    table.add("<tr><td>{}<br><span class=\"dim small\">{}</span></td><td>{}</td></tr>",
              firm_link(text_of(one, "uscc"), text_of(one, "name")), one.at("uscc"),
              one.contains("sentence") ? one.at("sentence") : one.at("text"));
  table.add("</table>");
  fold(html, table, near.at("named"));
  if (static_cast<std::int64_t>(near.at("named").size()) < firms)
    html.add("<p class=\"dim small\">只列出前 {} 户。</p>", static_cast<std::int64_t>(near.at("named").size()));
}

void show_overlap(Html& html, const Json& overlap) {
  if (overlap.empty()) return;
  html.add(
      "<h3>与其他在用事项重叠</h3><table><tr><th>事项</th><th class=\"right\">两项都符合（户）</th>"
      "<th class=\"right\">该事项金额（元）</th></tr>");
  for (const auto& other : overlap)
    html.add("<tr><td><a href=\"/items/{}\">{}</a></td><td class=\"right\">{}</td><td class=\"right\">{}</td></tr>",
             http::percent_encode(text_of(other, "policy")), other.at("title"), other.at("firms"),
             fen(other.at("fen")));
  html.add("</table>");
}

}  // namespace

std::vector<TextLine> compared(const std::string& before, const std::string& now) {
  auto is = lines_of(now);
  if (before.empty()) return is;
  const auto was = lines_of(before);
  // The longest run of lines that both have: what is not in it came, or went.
  std::vector<std::vector<std::size_t>> common(was.size() + 1, std::vector<std::size_t>(is.size() + 1, 0));
  for (std::size_t i = was.size(); i-- > 0;)
    for (std::size_t j = is.size(); j-- > 0;)
      common[i][j] = same(was[i], is[j]) ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
  std::vector<TextLine> out;
  std::size_t i = 0, j = 0;
  const auto put = [&](TextLine line, TextLine::Change change) {
    line.change = change;
    out.push_back(std::move(line));
  };
  while (i < was.size() || j < is.size()) {
    if (i < was.size() && j < is.size() && same(was[i], is[j])) {
      put(is[j], TextLine::Change::same);
      ++i, ++j;
    } else if (i < was.size() && j < is.size() && common[i + 1][j] == common[i][j + 1]) {
      // Either would do: what stands deeper belongs to what was before.
      if (is[j].depth > was[i].depth)
        put(is[j++], TextLine::Change::added);
      else
        put(was[i++], TextLine::Change::gone);
    } else if (j == is.size() || (i < was.size() && common[i + 1][j] > common[i][j + 1])) {
      put(was[i++], TextLine::Change::gone);
    } else {
      put(is[j++], TextLine::Change::added);
    }
  }
  return out;
}

Html show_text(const std::vector<TextLine>& lines) {
  Html html("<div class=\"says\">");
  for (const auto& line : lines) {
    Html text;
    const auto colon = line.depth == 0 ? line.text.find("：") : std::string::npos;
    if (colon == std::string::npos)
      text.add("{}", line.text);
    else
      text.add("<b>{}</b>{}", line.text.substr(0, colon), line.text.substr(colon));
    Html shown;
    if (line.change == TextLine::Change::added)
      shown.add("<ins>{}</ins>", text);
    else if (line.change == TextLine::Change::gone)
      shown.add("<del>{}</del>", text);
    else
      shown = text;
    html.add("<p class=\"depth{}\">{}</p>", std::min(line.depth, 6), shown);
  }
  html.add("</div>");
  return html;
}

Html show_needed_data(const Json& data) {
  Html html("<section class=\"card\"><h2>判定所用数据</h2>");
  if (data.empty()) {
    html.add("<p class=\"empty\">本事项的条件和金额不用任何企业数据。</p></section>");
    return html;
  }
  html.add("<table><tr><th>数据</th><th>来源（靠前的优先）</th><th>有效时间</th><th>付款前重新获取</th></tr>");
  for (const auto& one : data) {
    std::string sources;
    for (const auto& source : one.at("sources"))
      sources += (sources.empty() ? "" : "、") + word(WordKind::source, source.get<std::string>());
    if (one.contains("list")) sources += (sources.empty() ? "" : "；") + std::string("须有完整名单才能判定不在其中");
    const auto days = one.at("fresh_for_days").get<std::int64_t>();
    const std::string made = one.contains("made") ? text_of(one, "made") : std::string();
    const bool unsaid = sources.empty();
    if (unsaid)
      sources = made == "derived" ? "由其他数据推算" : made == "round" ? "由名额分配确定" : "没有来源：一律按待定处理";
    html.add("<tr><td>{}<br><span class=\"dim small\">{}</span></td><td>{}</td><td>{}</td><td>{}</td></tr>",
             one.at("title"), one.at("field"), sources,
             unsaid      ? std::string("—")
             : days == 0 ? std::string("不过期")
                         : std::to_string(days) + " 天",
             one.at("fetched_anew").get<bool>() ? "是" : "—");
  }
  html.add("</table></section>");
  return html;
}

Html show_steps(const flow::PeopleBook& people, const Json& steps) {
  if (steps.empty()) return Html("<p class=\"empty\">没有人工办理记录。</p>");
  Html html("<table><tr><th>时间</th><th>步骤</th><th>办理人</th><th>角色</th><th>说明</th></tr>");
  for (const auto& step : steps) {
    const std::string reason = text_of(step, "reason");
    html.add("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", minute_of(step.at("at")),
             word(WordKind::item_step, text_of(step, "step")), actor_name(people, text_of(step, "by")),
             word(WordKind::role, text_of(step, "role")), reason.empty() ? std::string("—") : reason);
  }
  html.add("</table>");
  return html;
}

Html show_back_test(const Json& back_test, bool repeal) {
  Html html("<section class=\"card\"><h2>回溯试算</h2>");
  if (!back_test.is_object()) {
    html.add("<p class=\"empty\">正在用现有企业数据试算，完成后会出现在这里；有了结果才能批准。</p></section>");
    return html;
  }
  const Json& report = back_test.at("report");
  const auto firms = report.at("firms").get<std::int64_t>();
  html.add("<p class=\"dim small\">按 {} 的企业数据，对照{}，共 {} 户；{} 试算，不影响任何企业。</p>",
           back_test.at("day"),
           text_of(back_test, "base_version").empty() ? std::string("“没有本事项”")
                                                      : "现行版本 " + short_version(text_of(back_test, "base_version")),
           firms, minute_of(back_test.at("at")));
  if (firms == 0) html.add("<p class=\"note\">还没有企业数据，试算为空。归集企业数据之后请重新试算。</p>");
  show_sums(html, report, repeal);
  if (!repeal) show_budget(html, report.at("budget"));
  show_moved(html, "新增", "现行不享受、提请后可享受的企业。", report.at("gained"));
  show_moved(html, "减少", "现行可享受、提请后不再享受的企业。", report.at("lost"));
  show_moved(html, "转为待定", "现行可享受、提请后因数据不足而待定的企业。", report.at("doubtful"));
  show_moved(html, "金额改变", "都可享受、但金额不同的企业。", report.at("changed"));
  if (firms > 0 && firms_of(report.at("gained")) + firms_of(report.at("lost")) + firms_of(report.at("doubtful")) +
                           firms_of(report.at("changed")) ==
                       0)
    html.add("<p>没有企业因此增减，金额也不变。</p>");
  if (firms > 0 && !repeal) {
    show_funnel(html, report.at("funnel"), firms);
    show_near(html, report.at("near_misses"));
    show_overlap(html, report.at("overlap"));
  }
  html.add("<p class=\"dim small\">输入摘要 <code>{}</code>：数据不变，重新试算得到同一摘要。</p></section>",
           back_test.at("inputs_digest"));
  return html;
}

}  // namespace zhida::console::pages
