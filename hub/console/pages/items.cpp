// Items and how they get in force: the list, one item, and the steps of whoever may take them.
#include <algorithm>
#include <optional>
#include <string_view>

#include "console/pages/frame.h"
#include "console/pages/item_acts.h"
#include "console/pages/item_parts.h"
#include "console/pages/item_trouble.h"
#include "console/pages/pages.h"
#include "console/problem.h"
#include "flow/item_view.h"
#include "stages/profile/profile_store.h"

namespace zhida::console::pages {
namespace {

using storage::Transaction;

constexpr std::size_t kReasonBytesMax = 4'000;

std::string text_of(const Json& object, const char* name) {
  return object.is_object() && object.contains(name) && object.at(name).is_string() ? object.at(name).get<std::string>()
                                                                                    : std::string();
}

std::string policies_folder(const App& app) {
  return app.hub.config().mappings_folder + "/policies";
}

bool sees_all(const App& app, const flow::Person& person) {
  return sees_publishing(person, app.hub.policy_desk().settings(), app.hub.rooms().city);
}

std::string item_path(const std::string& id) {
  return "/items/" + http::percent_encode(id);
}

/// Days of one calendar are compared as they are written.
Html validity(const App& app, const Json& item) {
  const std::string from = text_of(item, "valid_from"), to = text_of(item, "valid_to");
  const std::string today = app.hub.rooms().clock.today().to_string();
  if (from.empty() && to.empty()) return Html("<span class=\"dim\">未载明</span>");
  Html html;
  if (!from.empty()) html.add("<span class=\"sum\">{}</span> 起", from);
  if (!from.empty() && !to.empty()) html.add("，");
  if (!to.empty()) html.add("<span class=\"sum\">{}</span> 止", to);
  if (!to.empty() && to < today) html.add("<br><span class=\"badge bad\">已过有效期</span>");
  if (!from.empty() && from > today) html.add("<br><span class=\"badge wait\">尚未开始</span>");
  return html;
}

// --- the list -------------------------------------------------------------------------------------------------------

constexpr std::pair<const char*, const char*> kFilters[] = {{"", "全部"},        {"in_force", "施行中"},
                                                            {"waiting", "暂停"}, {"open", "办理中"},
                                                            {"draft", "草稿"},   {"repealed", "已废止"}};

bool fits(const Json& item, const std::string& filter) {
  const std::string state = text_of(item, "state");
  if (filter.empty()) return true;
  if (filter == "open") return item.at("proposal").is_object();
  if (filter == "waiting") return item.at("trouble").is_object();
  return state == filter;
}

Html state_badges(const Json& item) {
  Html html;
  const std::string state = text_of(item, "state");
  html.add("{}", badge(WordKind::item_state, state));
  const Json& proposal = item.at("proposal");
  if (proposal.is_object() && state == "in_force")
    html.add(" {}", Html("<span class=\"badge wait\">{}</span>",
                         text_of(proposal, "kind") == "repeal" ? "提请废止中" : "新版本提请中"));
  if (item.at("trouble").is_object()) html.add(" {}", trouble_badge(item.at("trouble")));
  return html;
}

/// What comes next in the list's last column: what is missing, or that the folder holds something else.
std::string next_text(const Json& item) {
  const Json& proposal = item.at("proposal");
  if (proposal.is_object()) {
    std::string out;
    for (const auto& missing : proposal.at("missing"))
      out += (out.empty() ? "待" : "、") + missing_text(missing.get<std::string>(), item.at("departments"));
    if (item.at("trouble").is_object() && text_of(item.at("trouble"), "code") == "data_unconfirmed")
      out += (out.empty() ? "" : "；现行版本") + trouble_text(item.at("trouble"));
    return out.empty() ? "—" : out;
  }
  if (item.at("trouble").is_object()) return trouble_text(item.at("trouble"));
  if (!item.at("broken").is_null()) return "文件有错误，须先改正";
  if (text_of(item, "folder").empty()) return "—";
  if (item.at("in_force").is_null()) return "可提请施行";
  return item.at("folder") == item.at("in_force") ? "—" : "文件夹中有新版本，可提请";
}

/// All items for who publishes; for others those in force: what people think of putting in force is not theirs.
Result<Json> all_items(App& app, const flow::Person& person) {
  const auto& rooms = app.hub.rooms();
  std::optional<flow::ItemFolder> folder;
  if (sees_all(app, person)) folder = TRY(flow::read_item_folder(policies_folder(app), rooms.rules.catalogue));
  return read<Json>(app, [&](Transaction& transaction) {
    return flow::items_view(transaction, app.hub.policy_desk(), rooms, folder ? &*folder : nullptr);
  });
}

// --- one item -------------------------------------------------------------------------------------------------------

Result<Json> load_item(App& app, const flow::Person& person, const PolicyId& id) {
  const auto& rooms = app.hub.rooms();
  std::optional<flow::DraftItem> draft;
  if (sees_all(app, person)) draft = flow::read_draft(policies_folder(app), id, rooms.rules.catalogue);
  return read<Json>(app, [&](Transaction& transaction) {
    return flow::item_view(transaction, app.hub.policy_desk(), rooms, id, draft ? &*draft : nullptr);
  });
}

const Json* open_proposal(const Json& view) {
  if (!view.at("status").is_object() || !view.at("status").at("proposal").is_object()) return nullptr;
  const Json& proposal = view.at("status").at("proposal");
  const std::string state = text_of(proposal, "state");
  return state == "proposed" || state == "approved" ? &proposal : nullptr;
}

void show_facts(Html& html, const App& app, const Json& view) {
  const std::string document = text_of(view, "document"), number = text_of(view, "document_number");
  const std::string version = text_of(view, "version");
  html.add(
      "<section class=\"card\"><dl class=\"facts\"><div><dt>状态</dt><dd>{}{}</dd></div>"
      "<div><dt>编号</dt><dd>{}</dd></div><div><dt>发布单位</dt><dd>{}</dd></div><div><dt>依据</dt><dd>{} {}</dd></div>"
      "<div><dt>有效期</dt><dd>{}</dd></div><div><dt>资金渠道</dt><dd>{}</dd></div>"
      "<div><dt>审核部门</dt><dd>{}</dd></div><div><dt>现行版本</dt><dd>{}</dd></div></dl>",
      badge(WordKind::item_state, text_of(view, "state")),
      view.at("trouble").is_object() ? Html(" {}", trouble_badge(view.at("trouble"))) : Html(), view.at("policy"),
      view.at("issuer"), document.empty() && number.empty() ? std::string("—") : document, number, validity(app, view),
      view.at("funding").is_null() ? std::string("—") : word(WordKind::funding, text_of(view, "funding")),
      joined(view.at("departments"), "无须审核"),
      version.empty() ? Html("<span class=\"dim\">尚未施行</span>") : Html("<code>{}</code>", version.substr(0, 12)));
  if (view.at("trouble").is_object() && view.at("text").is_null())
    html.add("<p class=\"dim small\">现行版本的内容读不出：除标题、状态和版本之外，以上取自最近的可读版本。</p>");
  if (view.at("limited").get<bool>() && !version.empty())
    html.add("<p>本事项限名额或资金，须经 <a href=\"{}\">名额与资金分配</a> 才能兑现。</p>",
             link("/rounds", {{"policy", text_of(view, "policy")}}));
  html.add("</section>");
}

void show_act(Html& html, const Call& call, const Json& view, const ItemAct& act) {
  html.add(
      "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"token\" value=\"{}\">"
      "<input type=\"hidden\" name=\"act\" value=\"{}\"><input type=\"hidden\" name=\"seen\" value=\"{}\"><p>{}</p>",
      item_path(text_of(view, "policy")), call.form_token, act.act, view.at("seen"), act.says);
  if (act.reason != ItemAct::Reason::none)
    html.add(
        "<label for=\"reason-{}\">{}</label><textarea id=\"reason-{}\" name=\"reason\" rows=\"2\" maxlength=\"1000\"{}>"
        "</textarea>",
        act.act, act.reason == ItemAct::Reason::must ? "理由（必填）" : "说明（可不填）", act.act,
        act.reason == ItemAct::Reason::must ? Html(" required") : Html());
  html.add("<div class=\"row\"><button{}>{}</button></div></form>", act.grave ? Html(" class=\"no\"") : Html(),
           act.button);
}

/// Where the proposal stands, what is missing, and the forms of this person.
void show_progress(Html& html, App& app, const Call& call, const Json& view) {
  const auto& settings = app.hub.policy_desk().settings();
  const Json* proposal = open_proposal(view);
  html.add("<section class=\"card\"><h2>办理</h2>");
  if (!settings.by_people) {
    html.add(
        "<p class=\"empty\">本平台设置为启动时直接施行（policies.approval: at_start，供开发使用），这里只供查看。</p>"
        "</section>");
    return;
  }
  if (proposal != nullptr) {
    html.add("<p>{} 提请{}版本 <code>{}</code>，{}。</p>", minute_of(proposal->at("proposed_at")),
             word(WordKind::item_step, text_of(*proposal, "kind")), text_of(*proposal, "version").substr(0, 12),
             word(WordKind::item_state, text_of(*proposal, "state")));
    html.add("{}", show_steps(app.hub.people(), proposal->at("steps")));
    std::string missing;
    for (const auto& one : proposal->at("missing"))
      missing += (missing.empty() ? "" : "、") + missing_text(one.get<std::string>(), view.at("departments"));
    if (!missing.empty())
      html.add("<p class=\"note\">还差：{}。全部齐备之后立即{}。</p>", missing,
               word(WordKind::item_step, text_of(*proposal, "kind")));
    if (!view.at("unreadable_proposal").is_null())
      html.add(
          "<p class=\"note bad\">提请的这一版由较早的程序存入，本程序读不出，不能施行：请{}人员撤回后重新提请。</p>"
          "<p class=\"dim small\">{}</p>",
          word(WordKind::role, "policy_officer"), view.at("unreadable_proposal"));
  } else {
    html.add("<p class=\"dim\">现在没有在办的提请。</p>");
  }
  const auto acts = acts_of(*call.person, settings, app.hub.rooms().city, view);
  if (!acts.now.empty()) {
    html.add("<h3>您现在可以办理</h3><div class=\"acts\">");
    for (const auto& act : acts.now) show_act(html, call, view, act);
    html.add("</div>");
  }
  for (const auto& why : acts.not_now) html.add("<p class=\"dim\">{}</p>", why);
  html.add("</section>");
}

void show_what_it_says(Html& html, const Json& view) {
  const std::string now = text_of(view, "text");
  const Json& next = view.at("next");
  if (next.is_object()) {
    const bool proposed = text_of(next, "from") == "proposal";
    html.add("<section class=\"card\"><h2>{}</h2>", proposed ? "提请版本的内容" : "文件夹中草稿的内容");
    if (!now.empty() && !view.at("version").is_null())
      html.add("<p class=\"dim small\">与现行版本对照：<ins>新增</ins> <del>删去</del>，其余不变。</p>");
    html.add("{}</section>", show_text(compared(now, text_of(next, "text"))));
  }
  if (now.empty() || (next.is_object() && text_of(next, "from") == "proposal")) return;
  html.add("<section class=\"card\"><h2>{}</h2>{}</section>",
           view.at("version").is_null() ? "最后一版的内容" : "现行版本的内容", show_text(compared("", now)));
}

void show_file_checks(Html& html, const Json& view) {
  const Json& folder = view.at("folder");
  if (!folder.is_object()) return;
  html.add("<section class=\"card\"><h2>文件检查</h2>");
  const std::string wrong = text_of(folder, "wrong");
  if (!wrong.empty()) {
    html.add("<p class=\"note bad\">文件还不能提请，下列问题须由编写人改正：</p><pre>{}</pre></section>", wrong);
    return;
  }
  const Json& checks = folder.at("checks");
  html.add("<p>文件夹中的版本 <code>{}</code> 没有错误，{} 个算例全部符合预期，每个条件都有算例证明会不符合。</p>",
           text_of(folder, "version").substr(0, 12), checks.at("examples"));
  if (!checks.at("notes").empty()) {
    html.add("<p class=\"dim small\">供人工判断的提示：</p><ul>");
    for (const auto& one : checks.at("notes")) html.add("<li class=\"small\">{}</li>", one);
    html.add("</ul>");
  }
  html.add("</section>");
}

void show_history(Html& html, const flow::PeopleBook& people, const Json& view) {
  const Json& status = view.at("status");
  if (status.is_object() && status.at("in_force").is_object()) {
    html.add("<section class=\"card\"><h2>现行版本由谁办理</h2>{}",
             show_steps(people, status.at("in_force").at("steps")));
    for (const auto& anew : status.at("in_force").at("data_confirmed_anew"))
      html.add("<p class=\"small\">{} {} 重新确认数据。</p>", minute_of(anew.at("at")),
               actor_name(people, text_of(anew, "by")));
    html.add("</section>");
  }
  if (view.at("versions").empty()) return;
  html.add(
      "<section "
      "class=\"card\"><h2>历次版本</h2><table><tr><th>施行时间</th><th>版本</th><th>标题</th><th>状态</th></tr>");
  for (const auto& version : view.at("versions")) {
    const std::string state = text_of(version, "state");
    html.add("<tr><td>{}</td><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
             minute_of(version.at("published_at")), text_of(version, "version").substr(0, 12), version.at("title"),
             badge(WordKind::item_state, state == "withdrawn" ? "repealed" : state));
  }
  html.add("</table></section>");
}

constexpr std::pair<std::string_view, const char*> kDone[] = {{"propose", "已提请，系统正在回溯试算。"},
                                                              {"propose_repeal", "已提请废止，系统正在试算影响。"},
                                                              {"back_test", "已重新试算。"},
                                                              {"approve", "已批准。"},
                                                              {"confirm_conditions", "已确认条件。"},
                                                              {"confirm_data", "已确认数据。"},
                                                              {kConfirmAnew, "已重新确认数据，企业正在重新匹配。"},
                                                              {"withdraw", "已撤回提请。"}};

Html done_note(const std::string& act, const Json& view) {
  for (const auto& [name, says] : kDone) {
    if (name != act) continue;
    const bool ended = open_proposal(view) == nullptr && act != "withdraw" && act != kConfirmAnew;
    const bool in_force = !view.at("version").is_null();
    return Html("<p class=\"note\" role=\"status\">{}{} 已记入审计。</p>", says,
                !ended     ? ""
                : in_force ? "各步都已齐备，本事项现已施行，企业正在重新匹配。"
                           : "各步都已齐备，本事项现已废止。");
  }
  return {};
}

Html refusal_note(const Error& error) {
  Html html("<div class=\"note bad\" role=\"alert\">{}", refusal_text(error));
  const auto first = error.message.find('\n');
  if (error.code == "policy_not_ready" && first != std::string::npos)
    html.add("<pre>{}</pre>", error.message.substr(first + 1));
  return html.add("</div>");
}

Result<Answer> item_page(App& app, const Call& call, const Error* refused) {
  const PolicyId id(call.captures.at(0));
  const Json view = TRY(load_item(app, *call.person, id));
  const bool all = sees_all(app, *call.person);
  const Json* proposal = open_proposal(view);
  Html content("<h1>{}</h1>", view.at("title"));
  if (refused != nullptr) content.add("{}", refusal_note(*refused));
  content.add("{}", done_note(call.parameter("done"), view));
  show_facts(content, app, view);
  content.add("{}", show_trouble(view, all));
  if (all) show_progress(content, app, call, view);
  show_what_it_says(content, view);
  content.add("{}", show_needed_data(view.at("data")));
  if (all && view.at("status").is_object() && view.at("status").at("proposal").is_object()) {
    const Json& newest = view.at("status").at("proposal");
    if (proposal != nullptr || newest.at("back_test").is_object())
      content.add("{}", show_back_test(newest.at("back_test"), text_of(newest, "kind") == "repeal"));
  }
  if (all) {
    show_file_checks(content, view);
    show_history(content, app.hub.people(), view);
  }
  // The back-test comes by itself: until then there is nothing to type that a fresh page would lose but a withdrawal.
  const bool waits = refused == nullptr && proposal != nullptr && proposal->at("back_test").is_null();
  return page(app, call,
              {.title = text_of(view, "title"),
               .here = "/items",
               .refresh_seconds = waits ? 5 : 0,
               .status = refused == nullptr ? 200 : status_of(*refused)},
              content);
}

Result<Json> take_step(App& app, const Call& call) {
  const PolicyId id(call.captures.at(0));
  const std::string act = call.field("act"), reason = call.field("reason");
  const bool blank = reason.find_first_not_of(" \t\r\n") == std::string::npos;
  auto& desk = app.hub.policy_desk();
  const Json view = TRY(load_item(app, *call.person, id));
  if (call.field("seen") != text_of(view, "seen"))
    return refuse("item_changed_since", "事项在您查看之后有了变化。这里已是最新内容，请看过之后再办理。");
  if (reason.size() > kReasonBytesMax) return refuse("field_too_long", "理由过长。");
  if (blank && (act == "withdraw" || act == "propose_repeal")) return refuse("field_missing", "请填写理由。");
  const Json* proposal = open_proposal(view);
  const std::string version = proposal == nullptr ? std::string() : text_of(*proposal, "version");
  if (act == "propose")
    return desk.propose(*call.person, id, text_of(view.at("folder"), "version"), blank ? "" : reason);
  if (act == "propose_repeal") return desk.propose_repeal(*call.person, id, reason);
  if (act == "back_test") return desk.try_again(*call.person, id);
  if (act == "approve") return desk.approve(*call.person, id, version, blank ? "" : reason);
  if (act == "confirm_conditions") return desk.confirm(*call.person, id, version, "conditions");
  if (act == "confirm_data") return desk.confirm(*call.person, id, version, "data");
  if (act == kConfirmAnew) return desk.confirm(*call.person, id, text_of(view, "version"), "data");
  if (act == "withdraw") return desk.withdraw(*call.person, id, reason);
  return refuse("decision_unknown", "没有这一步。");
}

}  // namespace

Result<Answer> items(App& app, const Call& call) {
  const std::string filter = call.parameter("state");
  const Json list = TRY(all_items(app, *call.person));
  const bool all = sees_all(app, *call.person);
  Html content("<h1>政策事项</h1><p class=\"dim\">{}</p>",
               all ? "事项从文件夹中的草稿开始，经提请、回溯试算、他人批准、条件与数据分别确认之后施行。"
                   : "正在施行的事项：谁可以享受、享受多少、由谁审核。");
  Json troubles = Json::array();
  for (const auto& item : list)
    if (item.at("trouble").is_object()) troubles.push_back(item.at("trouble"));
  content.add("{}", show_waiting_items(call, troubles, all));
  if (all) {
    content.add("<div class=\"filters\">");
    for (const auto& [code, title] : kFilters) {
      const auto count = std::ranges::count_if(list, [&, code = code](const Json& item) { return fits(item, code); });
      content.add("<a href=\"{}\" class=\"{}\">{} {}</a>", link("/items", {{"state", code}}),
                  filter == code ? "here" : "", title, static_cast<std::int64_t>(count));
    }
    content.add("</div>");
  }
  content.add("<section class=\"card\">");
  if (std::ranges::none_of(list, [&](const Json& item) { return fits(item, filter); })) {
    content.add("<p class=\"empty\">{}</p>",
                !list.empty() ? "没有这种状态的事项，可看“全部”。"
                : all ? "政策文件夹是空的。请先按 mappings/policies 的写法放入事项文件，再在这里提请。"
                      : "还没有正在施行的事项。政策管理人员提请、他人批准并确认之后，会出现在这里。");
  } else {
    content.add(
        "<table><tr><th>事项</th><th>发布单位</th><th>审核部门</th><th>有效期</th><th>状态</th><th>版本</th>{}</tr>",
        all ? Html("<th>下一步</th>") : Html());
    for (const auto& item : list) {
      if (!fits(item, filter)) continue;
      const std::string id = text_of(item, "policy");
      std::string version = text_of(item, "in_force");
      if (version.empty() && item.at("proposal").is_object()) version = text_of(item.at("proposal"), "version");
      if (version.empty()) version = text_of(item, "folder");
      content.add(
          "<tr><td><a href=\"{}\">{}</a><br><span class=\"dim small\">{}</span></td><td>{}</td><td>{}</td><td>{}</td>"
          "<td>{}</td><td>{}</td>{}</tr>",
          item_path(id), item.at("title"), id, text_of(item, "issuer").empty() ? "—" : text_of(item, "issuer"),
          joined(item.at("departments")), validity(app, item), state_badges(item),
          version.empty() ? Html("—") : Html("<code>{}</code>", version.substr(0, 12)),
          all ? Html("<td class=\"small\">{}</td>", next_text(item)) : Html());
    }
    content.add("</table>");
  }
  content.add("</section>");
  return page(app, call, {.title = "政策事项", .here = "/items"}, content);
}

Result<Answer> item(App& app, const Call& call) {
  return item_page(app, call, nullptr);
}

Result<Answer> act_on_item(App& app, const Call& call) {
  const auto done = take_step(app, call);
  if (done) return redirect(link(item_path(call.captures.at(0)), {{"done", call.field("act")}}));
  Error refused = done.error();
  if (status_of(refused) >= 500) return refused;
  if (refused.code == "four_eyes")
    refused.message = call.field("act") == "approve"
                          ? "批准须由提请人以外的人办理，而且每人只能批准一次。请由另一位批准人员办理。"
                          : "条件和数据须由两个人分别确认，您已确认了其中一项。请由另一位办理。";
  return item_page(app, call, &refused);
}

}  // namespace zhida::console::pages
