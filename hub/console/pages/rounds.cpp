// Rounds of items whose places or money are limited: the list, drawing up, one round, and the yes of two persons.
#include <algorithm>
#include <optional>
#include <tuple>

#include "console/lists.h"
#include "console/pages/frame.h"
#include "console/pages/item_acts.h"
#include "console/pages/pages.h"
#include "console/problem.h"
#include "console/scoped_status.h"
#include "flow/allocation_desk.h"
#include "flow/policy_book.h"

namespace zhida::console::pages {
namespace {

using storage::Transaction;

constexpr std::size_t kLinesAtOnce = 200;

std::string text_of(const Json& object, const char* name) {
  return object.at(name).is_null() ? std::string() : object.at(name).get<std::string>();
}

std::string round_path(const std::string& id) {
  return "/rounds/" + http::percent_encode(id);
}

Html fen(const Json& amount) {
  return yuan(Json(Money::from_fen(amount.get<std::int64_t>()).to_yuan()));
}

std::string title_of(const App& app, const std::string& policy) {
  const auto item = app.hub.rooms().policies.find(PolicyId(policy));
  return item == nullptr ? policy : item->title;
}

// --- the list -------------------------------------------------------------------------------------------------------

void show_draw_up(Html& html, const App& app, const Call& call, const std::string& wanted) {
  if (!call.person->has_role("policy_officer")) return;
  std::vector<std::pair<std::string, std::string>> limited;
  for (const auto& policy : app.hub.rooms().policies.all())
    if (flow::needs_rounds(policy)) limited.emplace_back(policy.id.str(), policy.title);
  html.add("<section class=\"card\"><h2>起草一轮分配</h2>");
  if (limited.empty()) {
    html.add(
        "<p "
        "class=\"empty\">"
        "在用事项都不限名额、不限资金：符合的企业都能享受，不需要分配。限名额或资金的事项施行之后，在这里"
        "起草。</p></section>");
    return;
  }
  html.add(
      "<p class=\"dim\">用现有企业数据排出名次和金额，作为草案；同一事项尚未确认的旧草案随之作废。</p>"
      "<form class=\"slim\" method=\"post\" action=\"/rounds\"><input type=\"hidden\" name=\"token\" value=\"{}\">"
      "<label for=\"policy\">事项</label><select id=\"policy\" name=\"policy\">",
      call.form_token);
  for (const auto& [id, title] : limited)
    html.add("<option value=\"{}\"{}>{}（{}）</option>", id, id == wanted ? Html(" selected") : Html(), title, id);
  html.add(
      "</select><label for=\"at\">按哪一天的情况</label><input type=\"date\" id=\"at\" name=\"at\" value=\"{}\" "
      "required>"
      "<div class=\"row\"><button>起草</button></div></form></section>",
      app.hub.rooms().clock.today().to_string());
}

Result<Answer> list_page(App& app, const Call& call, const Error* refused) {
  CHECK_OK(needs_whole_hub(app, *call.person));
  const std::string policy = refused == nullptr ? call.parameter("policy") : call.field("policy");
  const Json rounds =
      TRY(read<Json>(app, [&](Transaction& transaction) { return flow::rounds_view(transaction, policy); }));
  Html content(
      "<h1>名额与资金分配</h1><p "
      "class=\"dim\">名额或资金有限的事项，先起草一轮，再由审核部门和财政放行各一人确认，名单才生效。</p>");
  if (refused != nullptr) content.add("<p class=\"note bad\" role=\"alert\">{}</p>", refusal_text(*refused));
  show_draw_up(content, app, call, policy);
  content.add("<section class=\"card\"><h2>各轮分配</h2>");
  if (!policy.empty())
    content.add("<p class=\"small\">只看“{}”。<a href=\"/rounds\">看全部</a></p>", title_of(app, policy));
  if (rounds.empty()) {
    content.add("<p class=\"empty\">还没有任何一轮。{}</p>", call.person->has_role("policy_officer")
                                                                 ? "请在上面选择事项起草。"
                                                                 : "由政策管理人员起草之后，会出现在这里。");
  } else {
    content.add("<table><tr><th>事项</th><th>所属期</th><th>数据日期</th><th>状态</th><th>起草</th><th></th></tr>");
    for (const auto& one : rounds)
      content.add(
          "<tr><td>{}<br><span class=\"dim small\">{}</span></td><td>{}</td><td>{}</td><td>{}</td>"
          "<td>{}<br><span class=\"dim small\">{}</span></td><td><a href=\"{}\">查看</a></td></tr>",
          title_of(app, text_of(one, "policy")), one.at("policy"), one.at("period"), one.at("at"),
          badge(WordKind::round_state, text_of(one, "state")), actor_name(app.hub.people(), text_of(one, "drawn_by")),
          minute_of(one.at("drawn_at")), round_path(text_of(one, "id")));
    content.add("</table>");
  }
  content.add("</section>");
  return page(app, call,
              {.title = "名额与资金分配", .here = "/rounds", .status = refused == nullptr ? 200 : status_of(*refused)},
              content);
}

// --- one round ------------------------------------------------------------------------------------------------------

/// Whose yes a draft waits for, and whether this person's can be one of them.
struct Turn {
  bool may_confirm = false, may_discard = false;
  std::string as;       ///< As whom this person would confirm.
  std::string why_not;  ///< Where the person's roles are for it, and it cannot be.
};

Turn turn_of(const App& app, const flow::Person& person, const Json& view) {
  Turn turn;
  if (view.at("state") != "draft") return turn;
  turn.may_discard = person.has_role("policy_officer") || person.has_role("finance_releaser");
  const auto policy = app.hub.rooms().policies.find(PolicyId(text_of(view, "policy")));
  const bool looks = person.has_role("reviewer_maker") || person.has_role("reviewer_checker");
  const bool releases = person.has_role("finance_releaser");
  if (!looks && !releases) return turn;
  if (policy == nullptr || policy->version != text_of(view, "policy_version")) {
    turn.why_not = "起草之后事项有了新版本或已废止，这份草案不能再确认，请重新起草。";
    return turn;
  }
  const auto& confirmations = view.at("confirmations");
  const auto taken = [&](const char* role) {
    return std::ranges::any_of(confirmations, [&](const Json& one) { return one.at("role") == role; });
  };
  const bool mine = text_of(view, "drawn_by") == person.actor() ||
                    std::ranges::any_of(confirmations, [&](const Json& one) { return one.at("by_me") == true; });
  if (mine) {
    turn.why_not = "起草人不能确认自己起草的分配，同一个人也不能确认两次。";
    return turn;
  }
  const auto& departments = policy->handling.review_departments;
  const bool reviews =
      looks && std::ranges::any_of(departments, [&](const std::string& one) { return person.of_department(one); });
  if (reviews && !taken("reviewer"))
    turn.as = "审核部门";
  else if (releases && !taken("finance_releaser"))
    turn.as = word(WordKind::role, "finance_releaser");
  turn.may_confirm = !turn.as.empty();
  if (!turn.may_confirm)
    turn.why_not = looks && !reviews ? "本事项由" + joined(Json(departments)) + "审核，请由这些部门的人员确认。"
                                     : "您这一方已有人确认，还差另一方。";
  return turn;
}

void show_turn(Html& html, const App& app, const Call& call, const Json& view) {
  const auto turn = turn_of(app, *call.person, view);
  html.add("<section class=\"card\"><h2>确认</h2>");
  const auto& confirmations = view.at("confirmations");
  if (confirmations.empty()) {
    html.add("<p class=\"dim\">还没有人确认。</p>");
  } else {
    html.add("<table><tr><th>时间</th><th>确认人</th><th>代表</th></tr>");
    for (const auto& one : confirmations)
      html.add("<tr><td>{}</td><td>{}</td><td>{}</td></tr>", minute_of(one.at("at")),
               actor_name(app.hub.people(), text_of(one, "actor")),
               one.at("role") == "reviewer" ? text_of(one, "department") : word(WordKind::role, text_of(one, "role")));
    html.add("</table>");
  }
  if (view.at("state") != "draft") {
    html.add("</section>");
    return;
  }
  std::string missing;
  for (const auto& [role, who] : {std::pair("reviewer", "审核部门一人"), std::pair("finance_releaser", "财政放行一人")})
    if (std::ranges::none_of(confirmations, [&, role = role](const Json& one) { return one.at("role") == role; }))
      missing += (missing.empty() ? "" : "、") + std::string(who);
  html.add("<p class=\"note\">还差：{}确认。都确认之后立即生效，企业随之重新匹配。</p>", missing);
  const auto form = [&](const char* act, const Html& inside) {
    html.add(
        "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"token\" value=\"{}\">"
        "<input type=\"hidden\" name=\"act\" value=\"{}\">{}</form>",
        round_path(text_of(view, "id")), call.form_token, act, inside);
  };
  if (turn.may_confirm || turn.may_discard) html.add("<div class=\"acts\">");
  if (turn.may_confirm)
    form(
        "confirm",
        Html("<p>以“{}”的身份确认：名次、金额与下表一致。</p><div class=\"row\"><button>确认</button></div>", turn.as));
  if (turn.may_discard)
    form(
        "discard",
        Html("<p>这份草案作废；以后可以重新起草。</p><label for=\"reason\">理由（必填）</label><textarea id=\"reason\" "
             "name=\"reason\" rows=\"2\" maxlength=\"1000\" required></textarea><div class=\"row\">"
             "<button class=\"no\">作废</button></div>"));
  if (turn.may_confirm || turn.may_discard) html.add("</div>");
  if (!turn.why_not.empty()) html.add("<p class=\"dim\">{}</p>", turn.why_not);
  html.add("</section>");
}

std::string place_text(const Json& line) {
  const auto best = line.at("best").get<std::int64_t>(), worst = line.at("worst").get<std::int64_t>();
  if (best == 0) return "—";
  return best == worst ? std::to_string(best) : std::to_string(best) + "—" + std::to_string(worst);
}

/// By the place that is sure. Who may have any place for want of data stands behind all that have one: many of them
/// would fill the first pages.
void order_lines(Json& view) {
  const auto place = [](const Json& line) {
    const auto best = line.at("best").get<std::int64_t>(), worst = line.at("worst").get<std::int64_t>();
    return std::tuple(best == 0, worst, best);
  };
  auto& lines = view["lines"].get_ref<Json::array_t&>();
  std::ranges::stable_sort(lines, {}, place);
}

/// Lines from `from` on; each with the firm's name where it is known.
void show_lines(Html& html, const Json& view, const std::map<std::string, std::string>& names, std::size_t from) {
  const auto& lines = view.at("lines");
  html.add("<section class=\"card\"><h2>名次与金额</h2>");
  if (lines.empty()) {
    html.add(
        "<p class=\"empty\">没有企业符合或可能符合本事项，所以没有名次。数据归集更多之后可以重新起草。</p></section>");
    return;
  }
  html.add(
      "<table><tr><th>名次</th><th>企业</th><th>结果</th><th>原因</th><th class=\"right\">应得（元）</th>"
      "<th class=\"right\">分得（元）</th></tr>");
  const std::size_t end = std::min(lines.size(), from + kLinesAtOnce);
  for (std::size_t i = from; i < end; ++i) {
    const auto& line = lines[i];
    const std::string uscc = text_of(line, "uscc");
    const auto name = names.find(uscc);
    const std::string outcome = text_of(line, "outcome");
    html.add(
        "<tr><td>{}</td><td>{}<br><span class=\"dim small\">{}</span></td><td>{}</td><td>{}</td>"
        "<td class=\"right\">{}</td><td class=\"right\">{}</td></tr>",
        place_text(line), firm_link(uscc, name == names.end() ? "" : name->second), uscc,
        badge(WordKind::round_outcome, outcome), word(WordKind::round_line, text_of(line, "reason")),
        line.at("reason") == "own_unknown" ? yuan(nullptr) : fen(line.at("wanted_fen")),
        outcome == "unknown" ? yuan(nullptr) : fen(line.at("given_fen")));
  }
  html.add("</table>");
  if (lines.size() > kLinesAtOnce) {
    const auto path = round_path(text_of(view, "id"));
    const auto turn_to = [&](const char* title, std::size_t begin) {
      html.add("<a class=\"button\" href=\"{}\">{}</a> ",
               link(path, {{"from", begin == 0 ? "" : std::to_string(begin)}}), title);
    };
    html.add("<p>");
    if (from > 0) turn_to("上一页", from - std::min(from, kLinesAtOnce));
    if (end < lines.size()) turn_to("下一页", end);
    html.add("<span class=\"dim small\">第 {}—{} 户，共 {} 户</span></p>", static_cast<std::int64_t>(from + 1),
             static_cast<std::int64_t>(end), static_cast<std::int64_t>(lines.size()));
  }
  html.add("</section>");
}

void show_round_facts(Html& html, const App& app, const Json& view) {
  std::int64_t got = 0, open = 0;
  for (const auto& line : view.at("lines")) {
    if (line.at("outcome") == "met") ++got;
    if (line.at("outcome") == "unknown") ++open;
  }
  html.add(
      "<section class=\"card\"><dl class=\"facts\"><div><dt>状态</dt><dd>{}</dd></div>"
      "<div><dt>事项</dt><dd><a href=\"/items/{}\">{}</a></dd></div><div><dt>所属期</dt><dd>{}</dd></div>"
      "<div><dt>按哪一天的情况</dt><dd>{}</dd></div><div><dt>分得</dt><dd>{} 户，{} 元</dd></div>"
      "<div><dt>待定</dt><dd>{} 户</dd></div><div><dt>起草</dt><dd>{}，{}</dd></div>"
      "<div><dt>生效</dt><dd>{}</dd></div><div><dt>输入摘要</dt><dd><code>{}</code></dd></div>"
      "<div><dt>复算</dt><dd>{}</dd></div></dl></section>",
      badge(WordKind::round_state, text_of(view, "state")), http::percent_encode(text_of(view, "policy")),
      view.at("title"), view.at("period"), view.at("at"), got, fen(view.at("given_fen")), open,
      actor_name(app.hub.people(), text_of(view, "drawn_by")), minute_of(view.at("drawn_at")),
      minute_of(view.at("decided_at")), view.at("inputs_digest"),
      view.at("agrees").is_null() ? Html("<span class=\"dim\">事项已有新版本，不再复算</span>")
      : view.at("agrees").get<bool>()
          ? Html("<span class=\"badge good\">按存档的输入复算，结果一致</span>")
          : Html("<span class=\"badge bad\">复算结果不一致，请勿确认，报运行人员查明</span>"));
}

Result<Answer> round_page(App& app, const Call& call, const Error* refused) {
  CHECK_OK(needs_whole_hub(app, *call.person));
  const std::string begin = call.parameter("from");
  std::size_t from = begin.empty() || begin.size() > 9 || begin.find_first_not_of("0123456789") != std::string::npos
                         ? 0
                         : static_cast<std::size_t>(std::stoul(begin));
  Json view;
  std::map<std::string, std::string> names;
  CHECK_OK(app.hub.rooms().database.read([&](Transaction& transaction) -> Result<void> {
    view = TRY(flow::round_view(transaction, app.hub.rooms(), call.captures.at(0)));
    order_lines(view);
    if (from >= view.at("lines").size()) from = 0;
    std::vector<std::string> shown;
    for (std::size_t i = from; i < std::min(view.at("lines").size(), from + kLinesAtOnce); ++i)
      shown.push_back(text_of(view.at("lines")[i], "uscc"));
    names = TRY(names_of(transaction, shown));
    return ok();
  }));
  for (auto& one : view["confirmations"]) one["by_me"] = one.at("actor") == call.person->actor();
  Html content("<h1>{}：{} 分配</h1>", view.at("title"), view.at("period"));
  if (refused != nullptr) content.add("<p class=\"note bad\" role=\"alert\">{}</p>", refusal_text(*refused));
  const std::string done = call.parameter("done"), state = text_of(view, "state");
  if (done == "draw_up") content.add("<p class=\"note\" role=\"status\">已起草，等待两方确认。已记入审计。</p>");
  if (done == "confirm")
    content.add("<p class=\"note\" role=\"status\">已确认。{}已记入审计。</p>",
                state == "decided" ? "两方都已确认，本轮现已生效。" : "");
  if (done == "discard") content.add("<p class=\"note\" role=\"status\">草案已作废。已记入审计。</p>");
  show_round_facts(content, app, view);
  show_turn(content, app, call, view);
  show_lines(content, view, names, from);
  return page(
      app, call,
      {.title = text_of(view, "title"), .here = "/rounds", .status = refused == nullptr ? 200 : status_of(*refused)},
      content);
}

Result<std::string> draw_up(App& app, const Call& call) {
  const auto at = TRY(Date::parse(call.field("at")));
  return app.hub.allocations().draw_up(PolicyId(call.field("policy")), at, call.person->actor());
}

Result<void> take_step(App& app, const Call& call) {
  const std::string act = call.field("act"), reason = call.field("reason"), id = call.captures.at(0);
  if (act == "confirm") {
    CHECK_OK(app.hub.allocations().confirm(*call.person, id));
    return ok();
  }
  if (act != "discard") return refuse("decision_unknown", "没有这一步。");
  if (reason.find_first_not_of(" \t\r\n") == std::string::npos) return refuse("field_missing", "请填写理由。");
  if (reason.size() > 4'000) return refuse("field_too_long", "理由过长。");
  return app.hub.allocations().discard(*call.person, id, reason);
}

}  // namespace

Result<Answer> rounds(App& app, const Call& call) {
  return list_page(app, call, nullptr);
}

Result<Answer> draw_up_round(App& app, const Call& call) {
  CHECK_OK(needs_whole_hub(app, *call.person));
  const auto id = draw_up(app, call);
  if (id) return redirect(link(round_path(id.value()), {{"done", "draw_up"}}));
  if (status_of(id.error()) >= 500) return id.error();
  return list_page(app, call, &id.error());
}

Result<Answer> round(App& app, const Call& call) {
  return round_page(app, call, nullptr);
}

Result<Answer> act_on_round(App& app, const Call& call) {
  CHECK_OK(needs_whole_hub(app, *call.person));
  const auto done = take_step(app, call);
  if (done) return redirect(link(round_path(call.captures.at(0)), {{"done", call.field("act")}}));
  Error refused = done.error();
  if (status_of(refused) >= 500) return refused;
  if (refused.code == "four_eyes")
    refused.message = "起草人不能确认自己起草的分配，同一个人也不能确认两次。请由另一人确认。";
  if (refused.code == "role_missing" && call.field("act") == "confirm")
    refused.message = "一轮分配由审核本事项的部门一人和财政放行一人确认；您不是其中一方，或这一方已经确认过。";
  return round_page(app, call, &refused);
}

}  // namespace zhida::console::pages
