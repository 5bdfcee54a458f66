// Items at the pages: from a draft to being in force and out of it again, by buttons, and who sees what of it.
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "base/bytes.h"
#include "console/pages/item_acts.h"
#include "console/pages/item_parts.h"
#include "flow/policy_book.h"
#include "platform/crypto/digest.h"
#include "scene.h"

using namespace zhida;
using namespace zhida::console;
using namespace zhida::test;

namespace {

constexpr const char* kPath = "/items/IN-012";

/// A hub whose items people put in force; nothing is, in the beginning.
class Publishing {
 public:
  explicit Publishing(std::vector<std::string> approvers = {"policy_approver"})
      : scene([this, approvers](flow::HubConfig& config) {
          mappings_ = folder_.file("mappings");
          std::filesystem::copy(config.mappings_folder, mappings_, std::filesystem::copy_options::recursive);
          config.mappings_folder = mappings_;
          config.publishing.by_people = true;
          config.publishing.approvers = approvers;
        }) {}

  void change(const std::string& file, const std::string& from, const std::string& to) {
    auto text = value_of(read_file(mappings_ + "/policies/" + file));
    const auto at = text.find(from);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, from << " in " << file);
    value_of(write_file_atomically(mappings_ + "/policies/" + file, text.replace(at, from.size(), to)));
  }
  Answer page(const std::string& who) { return scene.get(kPath, who); }
  /// What the forms of this page carry of what was looked at.
  std::string seen(const std::string& who = "officer") {
    const auto body = page(who).body;
    const std::string mark = "name=\"seen\" value=\"";
    const auto at = body.find(mark);
    if (at == std::string::npos) return {};
    return body.substr(at + mark.size(), body.find('"', at + mark.size()) - at - mark.size());
  }
  Answer act(const std::string& who, const std::string& act, const std::string& reason = "",
             const std::string& looker = "officer") {
    return scene.submit(kPath, who, {{"act", act}, {"seen", seen(looker)}, {"reason", reason}});
  }
  /// Nobody's work but an older program's, or a hand beside the hub.
  void execute(const std::string& sql, const storage::Values& values) {
    value_of(scene.hub->rooms().database.write([&](storage::Transaction& transaction) -> Result<void> {
      CHECK_OK(transaction.execute(sql, values));
      return ok();
    }));
  }
  bool in_force() { return scene.hub->rooms().policies.find(PolicyId("IN-012")) != nullptr; }

 private:
  TempFolder folder_;
  std::string mappings_;

 public:
  Scene scene;
};

bool says(const Answer& page, const std::string& text) {
  return page.body.find(text) != std::string::npos;
}
bool offers(const Answer& page, const std::string& act) {
  return says(page, "name=\"act\" value=\"" + act + "\"");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(items_at_the_pages)

BOOST_AUTO_TEST_CASE(an_item_goes_from_a_draft_to_being_in_force_and_out_of_it_by_buttons) {
  Publishing hub;
  const auto list = hub.scene.get("/items", "officer");
  BOOST_TEST(list.status == 200);
  for (const char* text : {"新增规模以上工业企业奖励（黑龙江）", "草稿", "可提请施行", "经信局、财政局"})
    BOOST_TEST(says(list, text), text);
  const auto draft = hub.page("officer");
  BOOST_TEST(draft.status == 200);
  for (const char* text : {"不在经营异常名录内", "每户一次性奖励50万元", "财政预算指标", "判定所用数据", "市场监管",
                           "30 天", "个算例全部符合预期", "提请施行", "黑龙江省工信厅"})
    BOOST_TEST(says(draft, text), text);
  BOOST_TEST(offers(draft, "propose"));
  BOOST_TEST(!offers(draft, "propose_repeal"));
  BOOST_TEST(!says(draft, "<script"));
  BOOST_TEST(!offers(hub.page("approver"), "propose"));

  BOOST_TEST(hub.act("officer", "propose", "试点").status == 303);
  const auto waiting = hub.page("approver");
  BOOST_TEST(says(waiting, "正在用现有企业数据试算"));
  BOOST_TEST(says(waiting, "http-equiv=\"refresh\""));
  BOOST_TEST(says(waiting, "还没有完成"));
  BOOST_TEST(!offers(waiting, "approve"));
  BOOST_TEST(hub.act("approver", "approve").status == 409);
  BOOST_TEST(says(hub.act("approver", "approve"), "还没有与现行版本对照的回溯试算"));

  BOOST_TEST(hub.act("officer", "back_test").status == 303);
  const auto tried = hub.page("approver");
  for (const char* text : {"试点", "还没有企业数据", "输入摘要",
                           "还差：批准（政策批准）、确认条件（经信局、财政局）、确认数据（数据管理）"})
    BOOST_TEST(says(tried, text), text);
  BOOST_TEST(offers(tried, "approve"));
  BOOST_TEST(!offers(hub.page("officer"), "approve"));
  BOOST_TEST(!offers(hub.page("officer"), "confirm_conditions"));
  BOOST_TEST(says(hub.page("officer"), "确认条件要等全部批准之后"));

  BOOST_TEST(hub.act("approver", "approve", "看过").status == 303);
  BOOST_TEST(!hub.in_force());
  BOOST_TEST(offers(hub.page("officer"), "confirm_conditions"));
  BOOST_TEST(says(hub.page("weather_officer"), "经信局、财政局）的政策管理人员确认"));
  BOOST_TEST(hub.act("weather_officer", "confirm_conditions").status == 403);
  BOOST_TEST(hub.act("officer", "confirm_conditions").status == 303);
  const auto done = hub.act("approver", "confirm_data");
  BOOST_TEST(done.status == 303);
  BOOST_TEST(hub.in_force());
  const auto now = hub.scene.get(header_of(done, "Location"), "approver");
  for (const char* text : {"本事项现已施行", "施行中", "现行版本由谁办理", "看过", "历次版本"})
    BOOST_TEST(says(now, text), text);
  BOOST_TEST(says(hub.scene.get("/items?state=in_force", "maker"), "IN-012"));
  for (const auto& [kind, times] : {std::pair("policy_proposed", 1), std::pair("policy_back_tested", 1),
                                    std::pair("policy_approved", 1), std::pair("policy_confirmed", 2)})
    BOOST_TEST(hub.scene.audited(kind) == times, kind);

  BOOST_TEST(says(hub.act("officer", "propose_repeal"), "请填写理由"));
  BOOST_TEST(hub.act("officer", "propose_repeal", "到期").status == 303);
  BOOST_TEST(hub.act("officer", "back_test").status == 303);
  BOOST_TEST(says(hub.page("approver"), "废止后"));
  const auto gone = hub.act("approver", "approve");
  BOOST_TEST(gone.status == 303);
  BOOST_TEST(!hub.in_force());
  BOOST_TEST(says(hub.scene.get(header_of(gone, "Location"), "approver"), "本事项现已废止"));
  BOOST_TEST(says(hub.scene.get("/items?state=repealed", "auditor"), "IN-012"));
}

BOOST_AUTO_TEST_CASE(what_an_item_asks_of_industry_and_region_is_said_by_name) {
  Publishing hub;
  BOOST_TEST(says(hub.scene.get("/items/CM-001", "officer"), "批发业（51）、零售业（52）、住宿业（61）、餐饮业（62）"));
  BOOST_TEST(says(hub.scene.get("/items/CN-001", "officer"), "属于区划九江市都昌县（360428）"));
}

BOOST_AUTO_TEST_CASE(four_eyes_are_refused_in_chinese_and_not_offered) {
  Publishing hub;
  BOOST_TEST(hub.act("everything", "propose").status == 303);
  BOOST_TEST(hub.act("everything", "back_test").status == 303);
  const auto own = hub.page("everything");
  BOOST_TEST(says(own, "本事项由您提请，批准须由另一人办理"));
  BOOST_TEST(!offers(own, "approve"));
  const auto refused = hub.act("everything", "approve");
  BOOST_TEST(refused.status == 403);
  BOOST_TEST(says(refused, "批准须由提请人以外的人办理"));
  BOOST_TEST(says(refused, "回溯试算"));  // The page is still the item's.
  BOOST_TEST(hub.act("approver", "approve").status == 303);
  BOOST_TEST(hub.act("everything", "confirm_conditions").status == 303);
  BOOST_TEST(says(hub.page("everything"), "您已确认了另一项"));
  const auto both = hub.act("everything", "confirm_data");
  BOOST_TEST(both.status == 403);
  BOOST_TEST(says(both, "条件和数据须由两个人分别确认"));
  BOOST_TEST(!hub.in_force());
  BOOST_TEST(hub.scene.audited("policy_confirmed") == 1);
}

BOOST_AUTO_TEST_CASE(what_was_looked_at_is_what_is_decided) {
  Publishing hub;
  const auto before = hub.seen();
  BOOST_TEST(hub.act("officer", "propose").status == 303);
  const auto old = hub.scene.submit(kPath, "officer", {{"act", "withdraw"}, {"seen", before}, {"reason", "再议"}});
  BOOST_TEST(old.status == 412);
  BOOST_TEST(says(old, "在您查看之后有了变化"));
  const auto untested = hub.seen();
  BOOST_TEST(hub.act("officer", "back_test").status == 303);
  BOOST_TEST(hub.scene.submit(kPath, "approver", {{"act", "approve"}, {"seen", untested}}).status == 412);
  BOOST_TEST(says(hub.act("officer", "withdraw", " "), "请填写理由"));
  BOOST_TEST(hub.act("officer", "withdraw", "再议").status == 303);
  BOOST_TEST(hub.scene.audited("policy_proposal_withdrawn") == 1);
  BOOST_TEST(offers(hub.page("officer"), "propose"));
  BOOST_TEST(hub.act("officer", "eat").status == 422);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_in_order_says_what_is_wrong_and_cannot_be_proposed) {
  Publishing hub;
  const auto before = hub.seen();
  hub.change("IN-012.test.yaml", "verdict: met", "verdict: not_met");
  const auto page = hub.page("officer");
  BOOST_TEST(says(page, "example_failed"));
  BOOST_TEST(says(page, "须由编写人改正"));
  BOOST_TEST(!says(page, "/mappings/policies/"));  // Where the hub keeps its files is its own business.
  BOOST_TEST(!offers(page, "propose"));
  const auto refused = hub.scene.submit(kPath, "officer", {{"act", "propose"}, {"seen", before}});
  BOOST_TEST(refused.status == 422);
  BOOST_TEST(says(refused, "下列问题须先由编写人改正"));
  BOOST_TEST(hub.scene.audited("policy_proposed") == 0);
  hub.change("IN-012.yaml", "\nwhen:", "\nwhenever:");
  const auto list = hub.scene.get("/items", "officer");
  BOOST_TEST(list.status == 200);
  BOOST_TEST(says(list, "文件有错误，须先改正"));
  BOOST_TEST(hub.page("officer").status == 200);
}

BOOST_AUTO_TEST_CASE(who_does_not_publish_sees_what_is_in_force_and_no_more) {
  Publishing hub;
  const auto none = hub.scene.get("/items", "maker");
  BOOST_TEST(none.status == 200);
  BOOST_TEST(says(none, "还没有正在施行的事项"));
  BOOST_TEST(!says(none, "IN-012"));
  BOOST_TEST(hub.page("maker").status == 404);
  BOOST_TEST(hub.scene.get("/items", "portal").status == 403);
  hub.act("officer", "propose", "只给发布的人看");
  BOOST_TEST(hub.page("maker").status == 404);
  BOOST_TEST(hub.page("county_clerk").status == 404);  // An officer of a part of the city.
  hub.act("officer", "back_test");
  hub.act("approver", "approve");
  hub.act("officer", "confirm_conditions");
  hub.act("approver", "confirm_data");
  const auto page = hub.page("maker");
  BOOST_TEST(page.status == 200);
  BOOST_TEST(says(page, "不在经营异常名录内"));
  BOOST_TEST(!says(page, "只给发布的人看"));
  BOOST_TEST(!says(page, "回溯试算"));
  BOOST_TEST(!says(page, "name=\"act\""));
  BOOST_TEST(says(hub.page("auditor"), "只给发布的人看"));
  BOOST_TEST(!says(hub.page("auditor"), "name=\"act\""));
  const auto refused = hub.act("maker", "withdraw", "不要");
  BOOST_TEST(refused.status != 303);
  BOOST_TEST(hub.scene.get("/items/NO-001", "officer").status == 404);
}

BOOST_AUTO_TEST_CASE(another_version_is_shown_line_by_line_against_the_one_in_force) {
  Publishing hub;
  for (const auto& [who, act] :
       {std::pair("officer", "propose"), std::pair("officer", "back_test"), std::pair("approver", "approve"),
        std::pair("officer", "confirm_conditions"), std::pair("approver", "confirm_data")})
    BOOST_REQUIRE(hub.act(who, act).status == 303);
  BOOST_TEST(says(hub.page("officer"), "文件夹中的文件就是现行版本"));
  hub.change("IN-012.yaml", "不在安全生产黑名单内", "未列入安全生产黑名单");
  const auto page = hub.page("officer");
  BOOST_TEST(offers(page, "propose"));
  BOOST_TEST(says(page, "<del>不在安全生产黑名单内"));
  BOOST_TEST(says(page, "<ins>未列入安全生产黑名单"));
  BOOST_TEST(says(hub.scene.get("/items", "officer"), "文件夹中有新版本"));
}

BOOST_AUTO_TEST_CASE(the_roles_that_the_settings_name_approve_here_too) {
  Publishing hub({"policy_approver", "finance_releaser"});
  hub.act("officer", "propose");
  hub.act("officer", "back_test");
  BOOST_TEST(offers(hub.page("finance"), "approve"));
  BOOST_TEST(hub.act("finance", "approve").status == 303);
  BOOST_TEST(says(hub.page("finance"), "您已经批准过"));
  BOOST_TEST(says(hub.page("approver"), "还差：批准（政策批准）"));
  BOOST_TEST(hub.act("approver", "approve").status == 303);
  BOOST_TEST(says(hub.page("auditor"), "待确认"));
}

BOOST_AUTO_TEST_CASE(where_items_are_in_force_from_the_start_nobody_is_asked) {
  Scene scene;
  const auto page = scene.get("/items/IN-001", "officer");
  BOOST_TEST(page.status == 200);
  BOOST_TEST(says(page, "policies.approval: at_start"));
  BOOST_TEST(!says(page, "name=\"act\""));
}

BOOST_AUTO_TEST_CASE(an_item_that_waits_says_why_and_for_whom) {
  Publishing hub;
  for (const auto& [who, act] :
       {std::pair("officer", "propose"), std::pair("officer", "back_test"), std::pair("approver", "approve"),
        std::pair("everything", "confirm_conditions"), std::pair("approver", "confirm_data")})
    BOOST_REQUIRE(hub.act(who, act).status == 303);
  BOOST_TEST(!says(hub.scene.get("/items", "officer"), "个暂停"));
  BOOST_TEST(!says(hub.page("officer"), "为什么暂停"));

  // One as an earlier program stored it, and another source for a field of the other.
  const Json form = {{"id", "IN-006"}, {"title", "旧<b>事项"}};
  const auto body = value_of(canonical_json(form)), version = to_hex(crypto::sha256(body));
  hub.execute("INSERT INTO policy (id, version, title, body, state, published_at) VALUES (?, ?, ?, ?, 'in_force', 0)",
              {"IN-006", version, "旧<b>事项", body});
  hub.change("../fields.yaml",
             "ent.legal_person: { title: 是否独立法人, type: bool, sensitivity: public, fresh_for: always, "
             "precedence: [market_supervision] }",
             "ent.legal_person: { title: 是否独立法人, type: bool, sensitivity: public, fresh_for: 900d, "
             "precedence: [market_supervision, tax] }");
  hub.scene.restart();

  const auto list = hub.scene.get("/items", "officer");
  BOOST_TEST(list.status == 200);
  for (const char* text : {"有 2 个暂停", "暂停 2", "旧&lt;b&gt;事项", "暂停：内容读不出", "待重新提请（政策管理）",
                           "暂停：数据待确认", "待重新确认数据（数据管理），是否独立法人"})
    BOOST_TEST(says(list, text), text);
  BOOST_TEST(!says(hub.scene.get("/items?state=waiting", "officer"), "可提请施行"));
  BOOST_TEST(says(hub.scene.get("/items", "maker"), "暂停：数据待确认"));
  BOOST_TEST(says(hub.scene.get("/", "operator"), "有 2 个暂停"));

  const auto old = hub.scene.get("/items/IN-006", "officer");
  BOOST_TEST(old.status == 200);
  for (const char* text : {"旧&lt;b&gt;事项", "本程序读不出其中的内容", "把文件夹中的版本重新提请",
                           "policy_body_malformed", "提请新版本", "提请废止"})
    BOOST_TEST(says(old, text), text);
  BOOST_TEST(!says(old, "<b>事项"));
  const auto for_maker = hub.scene.get("/items/IN-006", "maker");
  BOOST_TEST(for_maker.status == 200);
  BOOST_TEST(says(for_maker, "本程序读不出其中的内容"));
  BOOST_TEST(!says(for_maker, "policy_body_malformed"));

  const auto page = hub.page("approver");
  for (const char* text : {"为什么暂停", "没有企业被判定为符合", "ent.legal_person", "不过期", "900 天",
                           "市场监管、税务", "data_unconfirmed", "重新确认数据"})
    BOOST_TEST(says(page, text), text);
  BOOST_TEST(offers(page, pages::kConfirmAnew));
  BOOST_TEST(!offers(hub.page("officer"), pages::kConfirmAnew));
  BOOST_TEST(!says(hub.page("maker"), "<th>确认时</th>"));
  BOOST_TEST(says(hub.page("everything"), "须由另一位数据管理人员重新确认"));
  BOOST_TEST(says(hub.act("everything", pages::kConfirmAnew), "条件和数据须由两个人分别确认"));
  BOOST_TEST(hub.act("officer", pages::kConfirmAnew).status == 403);
  const auto seen = hub.seen("approver");
  hub.change("../fields.yaml", "fresh_for: 900d, precedence: [market_supervision, tax]",
             "fresh_for: 800d, precedence: [market_supervision, tax]");
  hub.scene.restart();
  const auto other = hub.scene.submit(kPath, "approver", {{"act", pages::kConfirmAnew}, {"seen", seen}});
  BOOST_TEST(other.status == 412);  // What is confirmed is what was looked at.
  const auto done = hub.act("approver", pages::kConfirmAnew);
  BOOST_TEST(done.status == 303);
  const auto after = hub.scene.get(header_of(done, "Location"), "approver");
  BOOST_TEST(says(after, "已重新确认数据，企业正在重新匹配"));
  BOOST_TEST(!says(after, "为什么暂停"));
  BOOST_TEST(says(after, " approver 重新确认数据。"));
  BOOST_TEST(says(hub.scene.get("/items", "officer"), "有 1 个暂停"));
}

BOOST_AUTO_TEST_CASE(a_proposal_that_cannot_be_read_hides_nothing) {
  Publishing hub;
  // As an earlier program proposed it.
  const auto body = value_of(canonical_json(Json{{"id", "IN-012"}, {"title", "旧"}}));
  hub.execute(
      "INSERT INTO policy_proposal (id, kind, policy_id, version, base_version, title, body, checks, data, state, "
      "proposed_at) VALUES ('p1', 'publish', 'IN-012', ?, '', '旧', ?, '{}', '[]', 'proposed', 0)",
      {to_hex(crypto::sha256(body)), body});
  BOOST_TEST(hub.scene.get("/items", "officer").status == 200);
  const auto page = hub.page("officer");
  BOOST_TEST(page.status == 200);
  BOOST_TEST(says(page, "本程序读不出，不能施行"));
  BOOST_TEST(offers(page, "withdraw"));
  BOOST_TEST(hub.act("officer", "withdraw", "重新提请").status == 303);
  BOOST_TEST(hub.act("officer", "propose").status == 303);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(items_over_rest)

BOOST_AUTO_TEST_CASE(each_step_is_refused_to_who_may_not_take_it) {
  Publishing hub;
  auto& scene = hub.scene;
  int keys = 0;
  const auto post = [&](const std::string& step, const std::string& who, const Json& body) {
    return scene.post("/api/v1/policies/IN-012/" + step, who, body, "rest-" + std::to_string(++keys));
  };
  for (const char* path : {"/api/v1/publishing", "/api/v1/policies/IN-012/publishing"}) {
    BOOST_TEST(scene.get(path, "").status == 401);
    BOOST_TEST(code_of(scene.get(path, "maker")) == "role_missing");
    BOOST_TEST(code_of(scene.get(path, "county_clerk")) == "division_not_yours");
  }
  BOOST_TEST(json_of(scene.get("/api/v1/publishing", "officer")).at("items").empty());
  BOOST_TEST(code_of(scene.get("/api/v1/policies/IN-012/publishing", "officer")) == "policy_unknown");

  const Json nothing = Json::object();
  BOOST_TEST(code_of(post("propose", "approver", nothing)) == "role_missing");
  BOOST_TEST(code_of(post("propose", "county_clerk", nothing)) == "role_missing");
  BOOST_TEST(code_of(post("propose", "officer", {{"version", std::string(64, '0')}})) == "version_differs");
  BOOST_TEST(code_of(post("propose", "officer", {{"repeal", true}})) == "policy_unknown");
  BOOST_TEST(post("back-test", "officer", nothing).status == 404);
  const auto proposed = json_of(post("propose", "everything", {{"reason", "试点"}}));
  const auto version = proposed.at("proposal").at("version").get<std::string>();
  const Json this_one = {{"version", version}};
  BOOST_TEST(code_of(post("propose", "officer", nothing)) == "proposal_open");
  BOOST_TEST(code_of(post("approve", "approver", nothing)) == "field_missing");
  BOOST_TEST(code_of(post("approve", "approver", this_one)) == "back_test_missing");
  BOOST_TEST(post("back-test", "officer", nothing).status == 200);
  BOOST_TEST(code_of(post("approve", "maker", this_one)) == "role_missing");
  BOOST_TEST(code_of(post("approve", "everything", this_one)) == "four_eyes");
  const Json conditions = {{"version", version}, {"what", "conditions"}},
             data = {{"version", version}, {"what", "data"}};
  BOOST_TEST(code_of(post("confirm", "officer", conditions)) == "step_out_of_turn");
  BOOST_TEST(post("approve", "approver", this_one).status == 200);
  BOOST_TEST(code_of(post("confirm", "officer", {{"version", version}, {"what", "all"}})) == "step_unknown");
  BOOST_TEST(code_of(post("confirm", "weather_officer", conditions)) == "role_missing");
  BOOST_TEST(code_of(post("confirm", "officer", data)) == "role_missing");
  BOOST_TEST(post("confirm", "everything", data).status == 200);
  BOOST_TEST(code_of(post("confirm", "everything", conditions)) == "four_eyes");
  BOOST_TEST(code_of(post("withdraw", "officer", {{"reason", " "}})) == "field_malformed");
  BOOST_TEST(code_of(post("withdraw", "maker", {{"reason", "再议"}})) == "role_missing");
  BOOST_TEST(post("withdraw", "officer", {{"reason", "再议"}}).status == 200);
  BOOST_TEST(!hub.in_force());
  BOOST_TEST(json_of(scene.get("/api/v1/publishing", "auditor")).at("items").size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(parts_of_an_item)

BOOST_AUTO_TEST_CASE(texts_are_compared_line_by_line) {
  using pages::TextLine;
  const auto lines = pages::compared("题\n条件：\n- 同时满足：\n  - 甲\n  - 乙\n金额：1\n",
                                     "题\n条件：\n- 同时满足：\n  - 甲\n  - 丙\n金额：1\n");
  std::string text;
  for (const auto& line : lines)
    text += (line.change == TextLine::Change::same    ? "="
             : line.change == TextLine::Change::added ? "+"
                                                      : "-") +
            std::to_string(line.depth) + line.text + " ";
  BOOST_TEST(text == "=0条件： =1同时满足： =2甲 -2乙 +2丙 =0金额：1 ");
  const auto deeper = pages::compared("题\n- 甲\n金额：1\n", "题\n- 甲\n- 乙\n金额：2\n");
  BOOST_REQUIRE(deeper.size() == 4u);
  BOOST_TEST(deeper[1].text == "乙");  // With the conditions, not behind the old sum.
  BOOST_TEST(pages::compared("", "题\n").empty());
  BOOST_TEST(pages::compared("题\n一\n", "题\n").size() == 1u);
  const auto html = pages::show_text(pages::compared("", "题\n<b>：x\n")).markup();
  BOOST_TEST(html.find("<b>&lt;b&gt;</b>：x") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_back_test_is_told_in_sums_and_names) {
  const auto test = value_of(parse_json(R"({
    "day": "2025-11-03", "at": "2025-11-03T09:00:00+08:00", "base_version": "", "inputs_digest": "abc",
    "report": {
      "day": "2025-11-03", "firms": 300,
      "before": {"version": null, "met": 0, "not_met": 0, "unknown": 0, "fen": 0},
      "after": {"version": "v", "met": 1, "not_met": 298, "unknown": 1, "fen": 5000000},
      "gained": {"firms": 1, "before_fen": 0, "after_fen": 5000000,
                 "named": [{"uscc": "91330502MA2B4D5E6F", "name": "湖州<i>", "before_fen": 0, "after_fen": 5000000}]},
      "lost": {"firms": 0, "before_fen": 0, "after_fen": 0, "named": []},
      "doubtful": {"firms": 0, "before_fen": 0, "after_fen": 0, "named": []},
      "changed": {"firms": 0, "before_fen": 0, "after_fen": 0, "named": []},
      "funnel": [{"clause": "c1", "text": "是高企", "met": 1, "not_met": 298, "unknown": 1, "alone": 298, "left": 2}],
      "near_misses": {"firms": 80, "named": [{"uscc": "91330502MA2B4D5E6F", "name": "甲", "text": "是高企",
                                              "sentence": "差2月"}]},
      "overlap": [{"policy": "IN-006", "title": "另一项", "firms": 1, "fen": 100}],
      "budget": {"available_fen": 4000000, "firms_within": 0, "lasts": false}}})"));
  const auto html = pages::show_back_test(test, false).markup();
  for (const char* text : {"50,000.00", "新增：1 户", "湖州&lt;i&gt;", "差一项：80 户", "只列出前 1 户", "差2月",
                           "预算不足", "只够 0 户", "另一项", "“没有本事项”", "max=\"300\" value=\"2\""})
    BOOST_TEST(html.find(text) != std::string::npos, text);
  BOOST_TEST(html.find("减少：") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
