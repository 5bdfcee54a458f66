// Rounds of places and money over REST and at the pages: who may what, and what is refused.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <map>

#include "base/bytes.h"
#include "console/lists.h"
#include "flow/policy_book.h"
#include "scene.h"
#include "stages/profile/profile_store.h"

using namespace zhida;
using namespace zhida::console;
using namespace zhida::test;

namespace {

const std::vector<std::string> kFirms = {"91330502MA0000015E", "91330502MA00000239", "91330502MA00000314"};

constexpr const char* kItem = R"(id: T-1
title: 用工大户奖励
issuer: 经信局
level: city
document: 试行办法
class: 申报
class_basis: inferred
subject: enterprise
ranking: { by: report.employees, order: falling, quota: 2, field: rank.rd }
when:
  all:
    - { id: c1, text: 是独立法人, field: ent.legal_person, op: is_true }
    - { id: c2, text: 按从业人数排在前2家, field: rank.rd, op: "<=", value: 2 名 }
amount: { family: fixed, text: 定额6万元, amount: 6 万元 }
handling:
  channel: appropriation
  project_code: { local: project_code }
  payee: { local: payee }
  period: "2025"
  review: { local: review }
  publicity: { local: publicity }
  confirm_within: { local: confirm_within }
  review_within: { local: review_within }
  recheck: { local: recheck }
)";

/// Two places for three firms, by their staff.
class Rounds {
 public:
  Rounds() : scene([this](flow::HubConfig& config) { config.mappings_folder = own_items(config.mappings_folder); }) {
    tell(kFirms[0], 500);
    tell(kFirms[1], 300);
    tell(kFirms[2], 100);
  }
  void tell(const std::string& uscc, std::int64_t employees) {
    scene.tell(uscc, "湖州<b>" + uscc.substr(14) + "有限公司",
               {{"ent.legal_person", FieldData(true)}, {"report.employees", FieldData(employees)}});
  }
  /// Firms with ever fewer people, in one portion; the last one has told nothing of its people.
  void tell_many(int count) {
    std::vector<ProfileOperation> operations;
    for (int i = 0; i < count; ++i) {
      ProfileOperation one;
      one.source = "market_supervision";
      one.record_type = "test";
      one.record_key = one.uscc = "91330502MA9" + std::to_string(1'000'000 + i);
      one.facts.name = "第" + std::to_string(i + 1) + "户";
      one.facts.name_rank = 1;
      one.facts.division = "330502";
      one.facts.division_rank = 1;
      one.as_of = value_of(Date::parse("2025-10-31"));
      one.changes = {{"ent.legal_person", FieldData(true)}};
      if (i + 1 < count) one.changes.push_back({"report.employees", FieldData(std::int64_t{9'000 - i})});
      operations.push_back(std::move(one));
    }
    const auto& rooms = scene.hub->rooms();
    value_of(flow::commit(rooms.writer, "source", {}, [&](storage::Transaction& transaction) -> Result<void> {
      (void)TRY(profile::apply(transaction, operations, rooms.rules, rooms.clock.now()));
      return ok();
    }));
  }
  /// Drawn up by `who`; the round's id.
  std::string drawn(const std::string& who = "officer") {
    const auto answer = scene.post("/api/v1/allocations", who, {{"policy", "T-1"}, {"at", "2025-11-03"}}, key());
    BOOST_REQUIRE_MESSAGE(answer.status == 200, answer.body);
    return json_of(answer).at("id").get<std::string>();
  }
  Answer confirm(const std::string& round, const std::string& who) {
    return scene.post("/api/v1/allocations/" + round + "/confirm", who, Json::object(), key());
  }
  Answer discard(const std::string& round, const std::string& who, const Json& body) {
    return scene.post("/api/v1/allocations/" + round + "/discard", who, body, key());
  }
  std::string key() { return "key-" + std::to_string(++keys_); }

 private:
  std::string own_items(const std::string& from) {
    namespace fs = std::filesystem;
    const auto mappings = folder_.file("mappings");
    fs::copy(from, mappings, fs::copy_options::recursive);
    value_of(write_file_atomically(mappings + "/policies/T-1.yaml", kItem));
    auto text = value_of(read_file(mappings + "/policies/parameters.yaml"));
    const auto begin = text.find("\npublish:"), end = text.find('\n', begin + 1);
    text.replace(begin, end - begin, "\npublish: [T-1, IN-012]");
    const std::string local = "\n  T-1:\n    project_code: HQ-IN-012\n    review: [经信局, 财政局]";
    text.insert(text.find("\n  IN-012:"), local);
    value_of(write_file_atomically(mappings + "/policies/parameters.yaml", text));
    return mappings;
  }

  TempFolder folder_;
  int keys_ = 0;

 public:
  Scene scene;
};

std::string outcome_of(const Json& round, const std::string& uscc) {
  for (const auto& line : round.at("lines"))
    if (line.at("uscc") == uscc)
      return line.at("outcome").get<std::string>() + " " + line.at("reason").get<std::string>();
  return "none";
}

bool says(const Answer& page, const std::string& text) {
  return page.body.find(text) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rounds_over_rest)

BOOST_AUTO_TEST_CASE(two_persons_confirm_what_a_third_drew_up) {
  Rounds rounds;
  const auto id = rounds.drawn();
  const std::string path = "/api/v1/allocations/" + id;
  const auto drawn = json_of(rounds.scene.get(path, "auditor"));
  BOOST_TEST(drawn.at("state") == "draft");
  BOOST_TEST(drawn.at("agrees") == true);
  BOOST_TEST(drawn.at("given_fen") == 12'000'000);
  BOOST_TEST(outcome_of(drawn, kFirms[0]) == "met within");
  BOOST_TEST(outcome_of(drawn, kFirms[1]) == "met within");
  BOOST_TEST(outcome_of(drawn, kFirms[2]) == "not_met beyond");

  const auto first = rounds.confirm(id, "maker");
  BOOST_TEST(first.status == 200);
  BOOST_TEST(json_of(first).at("state") == "draft");
  BOOST_TEST(json_of(first).at("confirmations").at(0).at("role") == "reviewer");
  BOOST_TEST(code_of(rounds.confirm(id, "maker")) == "four_eyes");
  BOOST_TEST(rounds.confirm(id, "maker").status == 403);
  BOOST_TEST(code_of(rounds.confirm(id, "checker")) == "role_missing");  // The departments have spoken.
  const auto second = rounds.confirm(id, "finance");
  BOOST_TEST(second.status == 200);
  BOOST_TEST(json_of(second).at("state") == "decided");
  BOOST_TEST(rounds.confirm(id, "checker").status == 409);
  BOOST_TEST(code_of(rounds.confirm(id, "checker")) == "round_not_open");
  BOOST_TEST(code_of(rounds.discard(id, "officer", {{"reason", "再议"}})) == "round_not_open");
  BOOST_TEST(rounds.scene.audited("allocation_drawn_up") == 1);
  BOOST_TEST(rounds.scene.audited("allocation_confirmed") == 2);
  BOOST_TEST(rounds.scene.audited("allocation_decided") == 1);

  const auto list = json_of(rounds.scene.get("/api/v1/allocations?policy=T-1", "operator"));
  BOOST_TEST(list.at("items").size() == 1u);
  BOOST_TEST(list.at("items").at(0).at("id") == id);
  BOOST_TEST(json_of(rounds.scene.get("/api/v1/allocations?policy=IN-012", "operator")).at("items").empty());
}

BOOST_AUTO_TEST_CASE(whoever_drew_it_up_does_not_confirm_it) {
  Rounds rounds;
  const auto id = rounds.drawn("clerk");  // An officer who releases money as well.
  const auto refused = rounds.confirm(id, "clerk");
  BOOST_TEST(refused.status == 403);
  BOOST_TEST(code_of(refused) == "four_eyes");
  BOOST_TEST(json_of(rounds.scene.get("/api/v1/allocations/" + id, "clerk")).at("confirmations").empty());
  BOOST_TEST(rounds.scene.audited("allocation_confirmed") == 0);
}

BOOST_AUTO_TEST_CASE(a_round_does_not_hold_once_anything_it_was_drawn_up_from_changed) {
  Rounds rounds;
  const auto id = rounds.drawn();
  BOOST_TEST(rounds.confirm(id, "maker").status == 200);
  rounds.tell(kFirms[2], 400);
  const auto refused = rounds.confirm(id, "finance");
  BOOST_TEST(refused.status == 409);
  BOOST_TEST(code_of(refused) == "round_changed");
  const auto again = rounds.drawn();
  BOOST_TEST(json_of(rounds.scene.get("/api/v1/allocations/" + id, "auditor")).at("state") == "discarded");
  const auto view = json_of(rounds.scene.get("/api/v1/allocations/" + again, "auditor"));
  BOOST_TEST(outcome_of(view, kFirms[2]) == "met within");
  BOOST_TEST(outcome_of(view, kFirms[1]) == "not_met beyond");
  BOOST_TEST(view.at("confirmations").empty());
  const auto list = json_of(rounds.scene.get("/api/v1/allocations", "auditor")).at("items");
  BOOST_TEST(list.size() == 2u);
  std::map<std::string, std::string> states;  // In one instant of the clock neither is the newer.
  for (const auto& one : list) states[one.at("id")] = one.at("state");
  BOOST_TEST(states[id] == "discarded");
  BOOST_TEST(states[again] == "draft");
}

BOOST_AUTO_TEST_CASE(each_role_may_what_is_its_own) {
  Rounds rounds;
  const auto id = rounds.drawn();
  const std::string path = "/api/v1/allocations/" + id;
  const Json draw = {{"policy", "T-1"}, {"at", "2025-11-03"}};
  const Json reason = {{"reason", "再议"}};
  struct Case {
    const char* who;
    int reads, draws, confirms, discards;
  };
  // 409 and 422 would mean that the role is right: none of these goes so far. Discarding comes last, by who may.
  for (const auto& [who, reads, draws, confirms, discards] :
       {Case{"", 401, 401, 401, 401}, Case{"portal", 403, 403, 403, 403}, Case{"auditor", 200, 403, 403, 403},
        Case{"operator", 200, 403, 403, 403}, Case{"approver", 200, 403, 403, 403}, Case{"maker", 200, 403, 0, 403},
        Case{"finance", 200, 403, 0, 0}}) {
    BOOST_TEST_CONTEXT(who) {
      BOOST_TEST(rounds.scene.get("/api/v1/allocations", who).status == reads);
      BOOST_TEST(rounds.scene.get(path, who).status == reads);
      BOOST_TEST(rounds.scene.post("/api/v1/allocations", who, draw, rounds.key()).status == draws);
      if (confirms != 0) BOOST_TEST(rounds.confirm(id, who).status == confirms);
      if (discards != 0) BOOST_TEST(rounds.discard(id, who, reason).status == discards);
    }
  }
  // A reviewer of another department has the role, and no say here.
  const auto other = rounds.confirm(id, "weather");
  BOOST_TEST(other.status == 403);
  BOOST_TEST(code_of(other) == "role_missing");
  BOOST_TEST(json_of(rounds.discard(id, "finance", reason)).at("state") == "discarded");
  BOOST_TEST(rounds.scene.audited("allocation_discarded") == 1);
}

BOOST_AUTO_TEST_CASE(rounds_are_for_people_of_the_whole_city) {
  Rounds rounds;
  const auto id = rounds.drawn();
  for (const auto& answer :
       {rounds.scene.get("/api/v1/allocations", "county_clerk"),
        rounds.scene.get("/api/v1/allocations/" + id, "county_clerk"),
        rounds.scene.post("/api/v1/allocations", "county_clerk", {{"policy", "T-1"}, {"at", "2025-11-03"}},
                          rounds.key()),
        rounds.confirm(id, "county_clerk"), rounds.discard(id, "county_clerk", {{"reason", "再议"}}),
        rounds.confirm("nothing", "county_clerk")}) {
    BOOST_TEST(answer.status == 403);
    BOOST_TEST(code_of(answer) == "division_not_yours");
  }
}

BOOST_AUTO_TEST_CASE(what_is_asked_wrongly_is_refused_and_changes_nothing) {
  Rounds rounds;
  const auto draw = [&](const Json& body) {
    return rounds.scene.post("/api/v1/allocations", "officer", body, rounds.key());
  };
  struct Case {
    Json body;
    int status;
    const char* code;
  };
  for (const auto& [body, status, code] :
       {Case{{{"policy", "T-1"}}, 422, "field_missing"}, Case{{{"at", "2025-11-03"}}, 422, "field_missing"},
        Case{{{"policy", "T-1"}, {"at", 20251103}}, 422, "field_wrong_type"},
        Case{{{"policy", "T-1"}, {"at", "2025-02-30"}}, 422, "date_malformed"},
        Case{{{"policy", "T-1"}, {"at", ""}}, 422, "date_malformed"},
        Case{{{"policy", "T-1"}, {"at", "2025-11-03"}, {"x", "y"}}, 422, "field_unknown"},
        Case{{{"policy", "NO-001"}, {"at", "2025-11-03"}}, 404, "policy_unknown"},
        Case{{{"policy", "IN-012"}, {"at", "2025-11-03"}}, 409, "policy_without_round"}}) {
    const auto answer = draw(body);
    BOOST_TEST_CONTEXT(body.dump()) {
      BOOST_TEST(answer.status == status);
      BOOST_TEST(code_of(answer) == code);
    }
  }
  const Json good = {{"policy", "T-1"}, {"at", "2025-11-03"}};
  BOOST_TEST(code_of(rounds.scene.post("/api/v1/allocations", "officer", good, "")) == "idempotency_key_missing");
  BOOST_TEST(json_of(rounds.scene.get("/api/v1/allocations", "officer")).at("items").empty());
  BOOST_TEST(rounds.scene.get("/api/v1/allocations?state=draft", "officer").status == 400);

  BOOST_TEST(rounds.scene.get("/api/v1/allocations/nothing", "officer").status == 404);
  for (const auto& answer :
       {rounds.confirm("nothing", "maker"), rounds.discard("nothing", "officer", {{"reason", "再议"}})}) {
    BOOST_TEST(answer.status == 404);
    BOOST_TEST(code_of(answer) == "round_not_found");
  }
  const auto id = rounds.drawn();
  BOOST_TEST(rounds.discard(id, "officer", Json::object()).status == 422);
  BOOST_TEST(code_of(rounds.discard(id, "officer", {{"reason", " \n"}})) == "field_malformed");
  BOOST_TEST(code_of(rounds.scene.post("/api/v1/allocations/" + id + "/confirm", "maker", {{"yes", true}}, "k")) ==
             "field_unknown");
  BOOST_TEST(json_of(rounds.scene.get("/api/v1/allocations/" + id, "officer")).at("state") == "draft");

  // The same request again is the same round.
  const auto once = rounds.scene.post("/api/v1/allocations", "officer", good, "once");
  const auto twice = rounds.scene.post("/api/v1/allocations", "officer", good, "once");
  BOOST_TEST(once.body == twice.body);
  BOOST_TEST(header_of(twice, "Idempotency-Replayed") == "true");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(rounds_at_the_pages)

BOOST_AUTO_TEST_CASE(a_round_is_drawn_up_read_and_confirmed_with_buttons) {
  Rounds rounds;
  auto& scene = rounds.scene;
  const auto empty = scene.get("/rounds", "auditor");
  BOOST_TEST(empty.status == 200);
  BOOST_TEST(says(empty, "由政策管理人员起草之后"));
  BOOST_TEST(!says(empty, "<button>起草</button>"));
  BOOST_TEST(says(scene.get("/rounds", "officer"), "<button>起草</button>"));

  const auto drawn = scene.submit("/rounds", "officer", {{"policy", "T-1"}, {"at", "2025-11-03"}});
  BOOST_TEST(drawn.status == 303);
  const auto to = header_of(drawn, "Location");
  BOOST_REQUIRE(to.starts_with("/rounds/") && to.ends_with("?done=draw_up"));
  const std::string path = to.substr(0, to.find('?'));
  const auto page = scene.get(to, "maker");
  BOOST_TEST(page.status == 200);
  for (const char* text : {"已起草", "用工大户奖励", "在名额和资金之内", "排在名额之外", "120,000.00", "结果一致",
                           "湖州&lt;b&gt;", "还差：审核部门一人、财政放行一人", ">确认</button>"})
    BOOST_TEST(says(page, text), text);
  BOOST_TEST(!says(page, "<script"));
  BOOST_TEST(!says(page, "湖州<b>"));
  BOOST_TEST(!says(page, ">作废</button>"));
  // Nobody is shown a button that would be refused.
  BOOST_TEST(!says(scene.get(path, "auditor"), "</button></div></form>"));
  BOOST_TEST(says(scene.get(path, "weather"), "请由这些部门的人员确认"));
  BOOST_TEST(says(scene.get(path, "officer"), ">作废</button>"));
  BOOST_TEST(!says(scene.get(path, "officer"), ">确认</button>"));

  BOOST_TEST(scene.submit(path, "maker", {{"act", "confirm"}}).status == 303);
  BOOST_TEST(says(scene.get(path, "maker"), "同一个人也不能确认两次"));
  BOOST_TEST(!says(scene.get(path, "maker"), ">确认</button>"));
  BOOST_TEST(says(scene.get(path, "finance"), "还差：财政放行一人"));
  const auto last = scene.submit(path, "finance", {{"act", "confirm"}});
  BOOST_TEST(last.status == 303);
  BOOST_TEST(says(scene.get(header_of(last, "Location"), "finance"), "本轮现已生效"));
  BOOST_TEST(rounds.scene.audited("allocation_confirmed") == 2);
  BOOST_TEST(says(scene.get("/rounds", "auditor"), "已生效"));
}

BOOST_AUTO_TEST_CASE(a_round_of_more_firms_than_one_page_holds_is_turned_over) {
  constexpr int kMany = 402;  // Besides the three: two pages and a rest.
  Rounds rounds;
  rounds.tell_many(kMany);
  auto& scene = rounds.scene;
  const auto id = rounds.drawn();
  const std::string path = "/rounds/" + id;
  const auto count = [](const Answer& page, const std::string& mark) {
    int found = 0;
    for (auto at = page.body.find(mark); at != std::string::npos; at = page.body.find(mark, at + 1)) ++found;
    return found;
  };
  const std::string firm = "href=\"/firms/";
  const auto first = scene.get(path, "auditor"), second = scene.get(path + "?from=200", "auditor"),
             last = scene.get(path + "?from=400", "auditor");
  BOOST_TEST(count(first, firm) == 200);
  BOOST_TEST(count(second, firm) == 200);
  BOOST_TEST(count(last, firm) == 5);
  BOOST_TEST(says(first, "第 1—200 户，共 405 户"));
  BOOST_TEST(says(second, "第 201—400 户，共 405 户"));
  BOOST_TEST(says(last, "第 401—405 户，共 405 户"));
  BOOST_TEST(says(first, "href=\"" + path + "?from=200\">下一页"));
  BOOST_TEST(!says(first, "上一页"));
  BOOST_TEST(says(second, "href=\"" + path + "\">上一页"));
  BOOST_TEST(says(second, "href=\"" + path + "?from=400\">下一页"));
  BOOST_TEST(says(last, "href=\"" + path + "?from=200\">上一页"));
  BOOST_TEST(!says(last, "下一页"));
  for (const char* name : {"第1户", "第197户"}) BOOST_TEST(says(first, name), name);
  BOOST_TEST(!says(first, "第201户"));
  for (const char* name : {"第201户", "第397户"}) BOOST_TEST(says(second, name), name);
  // Who may have any place for want of data stands last, and the sums are those of the whole round.
  BOOST_TEST(says(last, "第402户"));
  for (const auto* page : {&first, &second, &last}) BOOST_TEST(says(*page, "<dt>分得</dt><dd>1 户"));
  BOOST_TEST(says(scene.get(path + "?from=405", "auditor"), "第 1—200 户"));  // Beyond the end: from the beginning.

  const std::string rest = "/api/v1/allocations/" + id;
  const auto whole = json_of(scene.get(rest, "auditor"));
  BOOST_TEST(whole.at("lines").size() == 405u);
  BOOST_TEST(!whole.contains("next"));
  Json lines = Json::array();
  std::string query = "?limit=200";
  for (int pages = 1;; ++pages) {
    const auto part = json_of(scene.get(rest + query, "auditor"));
    BOOST_TEST(part.at("given_fen") == whole.at("given_fen"));
    for (const auto& line : part.at("lines")) lines.push_back(line);
    if (part.at("next").is_null()) {
      BOOST_TEST(pages == 3);
      break;
    }
    BOOST_REQUIRE(pages < 3);
    query = "?limit=200&cursor=" + http::percent_encode(part.at("next").get<std::string>());
  }
  BOOST_TEST(lines == whole.at("lines"));
  BOOST_TEST(scene.get(rest + "?limit=0", "auditor").status == 400);
  BOOST_TEST(scene.get(rest + "?limit=501", "auditor").status == 400);
  BOOST_TEST(code_of(scene.get(rest + "?cursor=x", "auditor")) == "cursor_malformed");
  BOOST_TEST(code_of(scene.get(rest + "?cursor=" + cursor_of({"x"}), "auditor")) == "cursor_malformed");
  BOOST_TEST(json_of(scene.get(rest + "?cursor=" + cursor_of({"9999"}), "auditor")).at("lines").empty());
}

BOOST_AUTO_TEST_CASE(refusals_at_the_pages_are_chinese_sentences_beside_the_round) {
  Rounds rounds;
  auto& scene = rounds.scene;
  const auto id = rounds.drawn("clerk");
  const std::string path = "/rounds/" + id;
  const auto own = scene.submit(path, "clerk", {{"act", "confirm"}});
  BOOST_TEST(own.status == 403);
  BOOST_TEST(says(own, "起草人不能确认自己起草的分配"));
  BOOST_TEST(says(own, "名次与金额"));
  BOOST_TEST(scene.submit(path, "weather", {{"act", "confirm"}}).status == 403);
  BOOST_TEST(says(scene.submit(path, "weather", {{"act", "confirm"}}), "审核本事项的部门一人和财政放行一人"));
  BOOST_TEST(says(scene.submit(path, "officer", {{"act", "discard"}}), "请填写理由"));
  BOOST_TEST(scene.submit(path, "officer", {{"act", "eat"}}).status == 422);
  BOOST_TEST(scene.submit(path + "?from=x", "officer", {{"act", "eat"}}).status == 422);
  BOOST_TEST(scene.get(path + "?from=999999999", "officer").status == 200);
  BOOST_TEST(scene.get(path + "?from=x", "officer").status == 400);
  rounds.tell(kFirms[2], 400);
  const auto changed = scene.submit(path, "maker", {{"act", "confirm"}});
  BOOST_TEST(changed.status == 409);
  BOOST_TEST(says(changed, "请重新起草"));
  BOOST_TEST(scene.submit(path, "officer", {{"act", "discard"}, {"reason", "数据变了"}}).status == 303);
  BOOST_TEST(says(scene.submit(path, "maker", {{"act", "confirm"}}), "已经生效或作废"));

  BOOST_TEST(says(scene.submit("/rounds", "officer", {{"policy", "IN-012"}, {"at", "2025-11-03"}}), "不需要分配"));
  BOOST_TEST(says(scene.submit("/rounds", "officer", {{"policy", "T-1"}, {"at", "昨天"}}), "日期要写成"));
  BOOST_TEST(scene.submit("/rounds", "maker", {{"policy", "T-1"}, {"at", "2025-11-03"}}).status == 403);
  BOOST_TEST(scene.get("/rounds/nothing", "officer").status == 404);
  // The city's rounds are not a county's business, and its menu does not offer them.
  BOOST_TEST(scene.get("/rounds", "county_clerk").status == 403);
  BOOST_TEST(!says(scene.get("/", "county_clerk"), "href=\"/rounds\""));
  BOOST_TEST(says(scene.get("/", "maker"), "href=\"/rounds\""));
  BOOST_TEST(!says(scene.get("/", "portal"), "href=\"/items\""));
  // Without the form's token nothing moves.
  const auto forged =
      scene.ask("POST", "/rounds", "officer", http::build_query({{"policy", "T-1"}, {"at", "2025-11-03"}}),
                {{"Content-Type", "application/x-www-form-urlencoded"}});
  BOOST_TEST(forged.status == 403);
  BOOST_TEST(rounds.scene.audited("allocation_drawn_up") == 1);
}

BOOST_AUTO_TEST_SUITE_END()
