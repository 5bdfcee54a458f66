// Before money is asked for, sources are asked anew and the item is judged once more: what follows from each answer.
#include <filesystem>
#include <mutex>
#include <thread>

#include "flow/allocation_desk.h"
#include "released_case.h"

using namespace zhida;
using namespace zhida::flow;
using namespace zhida::flow::testing;

namespace {

struct Answer {
  bool away = false;
  std::optional<Columns> columns;  ///< nullopt: it knows nothing of the firm.
  Date as_of;
  std::vector<SourceRecord> more = {};  ///< What else it says of the firm.
  std::vector<SourceBatch::Unreadable> unreadable = {};
  std::string batch_id = {};  ///< Empty: another one each time.
};

/// What the register of firms says when it is asked about one firm.
class Register final : public Adapter {
 public:
  static void say(Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  static int asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  static AdapterSpec spec() {
    AdapterSpec spec{"market_supervision", "市场监管"};
    return spec.emits("market_supervision.registration", 1)
        .pulls_one()
        .configured_by<PushConfig>()
        .made_by(&Register::create);
  }

  Result<PullSummary> pull(const PullRequest& request) override {
    PullSummary summary;
    if (request.uscc.empty()) return summary;
    Answer answer;
    int number = 0;
    {
      const std::lock_guard lock(mutex_);
      number = ++asked_;
      answer = answer_;
    }
    if (answer.away) return retry("source_unreachable", "The register does not answer.");
    if (!answer.columns) return summary;
    SourceBatch batch;
    batch.source = "market_supervision";
    batch.batch_id = answer.batch_id.empty() ? "asked-" + std::to_string(number) : answer.batch_id;
    batch.origin = "test";
    batch.records = {
        test::source_row("market_supervision", "registration", request.uscc, *answer.columns, answer.as_of)};
    batch.records.insert(batch.records.end(), answer.more.begin(), answer.more.end());
    batch.unreadable = answer.unreadable;
    summary.received = std::ssize(batch.records);
    (void)TRY(context_.deliver(std::move(batch)));
    return summary;
  }
  bool can_pull_one() const override { return true; }
  Result<void> test(const std::function<void(const std::string&)>&) override { return ok(); }

 private:
  explicit Register(AdapterContext& context) : context_(context) {}
  static Result<std::unique_ptr<Adapter>> create(const PushConfig&, AdapterContext& context) {
    return std::unique_ptr<Adapter>(new Register(context));
  }

  inline static std::mutex mutex_;
  inline static Answer answer_;
  inline static int asked_ = 0;
  AdapterContext& context_;
};

bool until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

Date day(const char* text) {
  return value_of(Date::parse(text));
}

enum class Item {
  of_capital,      ///< Pays one per cent of the registered capital.
  ranked_for_fund  ///< A fixed sum from a fund, for the one firm with the most registered capital.
};

/// A hub with one item, and one firm whose case waits for the final yes.
class Case {
 public:
  explicit Case(const std::string& budget = "9000", Item item = Item::of_capital)
      : scene_(
            [this, item](HubConfig& config) {
              mappings_ = folder_.file("mappings");
              std::filesystem::copy(config.mappings_folder, mappings_, std::filesystem::copy_options::recursive);
              config.mappings_folder = mappings_;
              write(item);
              change("fields.yaml",
                     "ent.registered_capital_fen: { title: 注册资本, type: money, unit: fen, sensitivity: public, "
                     "fresh_for: always",
                     "ent.registered_capital_fen: { title: 注册资本, type: money, unit: fen, sensitivity: public, "
                     "fresh_for: 30d");
            },
            {Register::spec()}) {
    Register::say({.away = true, .columns = {}, .as_of = {}});
    value_of(hub().start());
    cover("2025-11-03");
    money(budget);
    tell("market_supervision", row_of("market_supervision", "registration", kFirm, registered("5000", "11")));
    tell("department_lists",
         row_of("department_lists", "new_above_scale", kFirm, test::new_above_scale_columns(kFirm, kName)));
    if (item == Item::ranked_for_fund) decide_round();
    BOOST_REQUIRE(until([&] { return number("SELECT count(*) FROM benefit_case WHERE state = 'notified'") == 1; }));
    id_ = case_of(scene_, kFirm);
    confirm_and_review(scene_, id_, until);
    clock_at("2025-11-12");
    BOOST_REQUIRE(until([&] { return number("SELECT count(*) FROM benefit_case WHERE publicity_ended = 1") == 1; }));
  }
  ~Case() { hub().stop(); }

  static Columns registered(const std::string& capital, const std::string& kind) {
    auto columns = test::registration_columns(kFirm, kFirm, kName);
    columns["qylxdl"] = kind;
    columns["reg_capt"] = capital;
    columns["capt_kind"] = "156";
    return columns;
  }

  Hub& hub() { return *scene_.hub; }
  /// The lists that the item asks for are whole as of that day.
  void cover(const std::string& date) {
    for (const auto& [source, list] :
         {std::pair{"market_supervision", "abnormal_operation"}, std::pair{"credit", "safety_blacklist"},
          std::pair{"credit", "dishonest_debtor"}})
      tell(source, row_of(source, "list_coverage", list, {{"list_id", list}, {"as_of", date}}));
  }
  void release() { (void)value_of(hub().desk().release(person("releaser"), id_)); }
  void tell(const std::string& source, SourceRecord row) {
    SourceBatch batch;
    batch.source = source;
    batch.batch_id = "told-" + std::to_string(++told_);
    batch.origin = "test";
    batch.records = {std::move(row)};
    for (const auto& outcome : value_of(hub().source_door().deliver(std::move(batch))))
      BOOST_REQUIRE_MESSAGE(outcome.kind != RecordOutcome::Kind::quarantined, outcome.message);
  }
  void money(const std::string& amount) {
    auto columns = test::appropriation_columns(amount);
    columns["UPDATE_TIME"] = "2025-10-0" + std::to_string(1 + told_ % 9) + " 08:00:00";
    tell("budget", row_of("budget", "appropriation", "B1", std::move(columns)));
  }
  void clock_at(const std::string& date) {
    value_of(write_file_atomically(scene_.folder.file("clock"), date + "T09:00:00+08:00\n"));
  }
  void restart() {
    hub().stop();
    scene_.restart();
    value_of(hub().start());
  }
  void change(const std::string& file, const std::string& from, const std::string& to) {
    auto text = value_of(read_file(mappings_ + "/" + file));
    const auto at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error(from + " is not in " + file);
    value_of(write_file_atomically(mappings_ + "/" + file, text.replace(at, from.size(), to)));
  }

  /// What is known is ranked, and two persons confirm it.
  void decide_round() {
    BOOST_REQUIRE(
        until([&] { return rests() && number("SELECT count(*) FROM entitlement WHERE policy_id = 'IN-012'") > 0; }));
    auto& desk = hub().allocations();
    const auto round = value_of(desk.draw_up(PolicyId("IN-012"), hub().rooms().clock.today(), "user:clerk"));
    (void)value_of(desk.confirm(person("zhang"), round));
    BOOST_TEST(value_of(desk.confirm(person("wang"), round)).state == "decided");
  }
  void execute(const std::string& sql) {
    value_of(hub().rooms().database.write([&](storage::Transaction& transaction) -> Result<void> {
      CHECK_OK(transaction.execute(sql));
      return ok();
    }));
  }

  std::int64_t number(const std::string& sql) { return scene_.number(sql); }
  std::string state() { return state_of(scene_, id_); }
  std::string reason() { return scene_.text("SELECT reason FROM benefit_case WHERE id = '" + id_.str() + "'"); }
  std::string column(const std::string& name) {
    return scene_.text("SELECT " + name + " FROM benefit_case WHERE id = '" + id_.str() + "'");
  }
  std::int64_t requests() { return number("SELECT count(*) FROM payment_attempt"); }
  std::int64_t decisions() { return number("SELECT count(*) FROM outbox WHERE address LIKE '%social_security%'"); }
  std::int64_t records(const std::string& kind) {
    return number("SELECT count(*) FROM audit_record WHERE kind = '" + kind + "'");
  }
  /// Nothing is due any more, and the match door has dealt with all that is known.
  bool rests() {
    const auto waiting = hub().waiting();
    return waiting.match == 0 && waiting.cases == 0 && waiting.writer == 0;
  }
  bool says(const std::string& words) {
    const bool found = reason().find(words) != std::string::npos;
    if (!found) BOOST_TEST_MESSAGE("The case says: " << reason());
    return found;
  }

 private:
  void write(Item item) {
    if (item == Item::of_capital) {
      change("policies/IN-012.yaml", "  family: fixed\n", "  family: ratio\n");
      change("policies/IN-012.yaml", "  amount: 50 万元\n",
             "  base: ent.registered_capital_fen\n  rate: 1 %\n  round: { to: 分, mode: half_up }\n");
      return;
    }
    change("policies/IN-012.yaml", "when:\n  all:\n",
           "ranking: { by: ent.registered_capital_fen, order: falling, quota: 1, field: rank.rd }\n"
           "when:\n  all:\n    - { id: c0, text: 注册资本排在第1家, field: rank.rd, op: \"<=\", value: 1 名 }\n");
    change("policies/IN-012.yaml",
           "  channel: appropriation\n  project_code: { local: project_code }\n  payee: { local: payee }\n",
           "  channel: social_insurance_fund\n  fund: social_security\n");
  }

  static constexpr const char* kName = "湖州样例制造有限公司";
  test::TempFolder folder_;
  std::string mappings_;
  Scene scene_;
  CaseId id_;
  int told_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(fresh_data)

BOOST_AUTO_TEST_CASE(the_source_says_the_same_and_the_money_is_asked_for) {
  Case c;
  Register::say({.away = false, .columns = Case::registered("5000", "11"), .as_of = day("2025-11-12")});
  const int before = Register::asked();
  c.release();
  BOOST_REQUIRE(until([&] { return c.state() == "requested"; }));
  BOOST_TEST(Register::asked() == before + 1);
  BOOST_TEST(c.requests() == 1);
  // Both decisions are kept, each with its facts, and the trail says who was asked.
  BOOST_TEST(
      c.number("SELECT count(*) FROM entitlement_history WHERE purpose IN ('rechecked', 'requested') AND facts IS "
               "NOT NULL") == 2);
  BOOST_TEST(c.number("SELECT count(*) FROM audit_record WHERE kind = 'recheck_passed' AND detail LIKE "
                      "'%\"asked\":[\"market_supervision\"]%'") == 1);
}

BOOST_AUTO_TEST_CASE(another_sum_goes_back_to_the_departments_with_the_difference_named) {
  Case c;
  Register::say({.away = false, .columns = Case::registered("3000", "11"), .as_of = day("2025-11-12")});
  c.release();
  BOOST_REQUIRE(until([&] { return c.state() == "in_review"; }));
  BOOST_TEST(c.column("review_round") == "2");
  BOOST_TEST(c.column("amount_fen") == "30000000");
  BOOST_TEST(c.says("批准 500000.00 元，现为 300000.00 元"));
  BOOST_TEST(c.says("注册资本：5000万元 → 3000万元"));
  BOOST_TEST(c.requests() == 0);
}

BOOST_AUTO_TEST_CASE(a_firm_that_meets_it_no_more_gets_nothing_until_the_data_come_right_again) {
  Case c;
  Register::say({.away = false, .columns = Case::registered("5000", "12"), .as_of = day("2025-11-12")});
  c.release();
  BOOST_REQUIRE(until([&] { return c.state() == "void"; }));
  BOOST_TEST(c.says("是独立法人"));
  BOOST_TEST(c.says("是否独立法人：是 → 否"));
  BOOST_TEST(c.requests() == 0);
  BOOST_REQUIRE(until([&] { return c.rests(); }));
  c.tell("market_supervision", test::source_row("market_supervision", "registration", kFirm,
                                                Case::registered("5000", "11"), day("2025-11-12")));
  // The way begins anew: nobody's old yes counts for it.
  BOOST_REQUIRE(until([&] { return c.state() == "notified"; }));
  BOOST_TEST(c.column("approved_once") == "0");
  BOOST_TEST(c.requests() == 0);
}

BOOST_AUTO_TEST_CASE(while_the_source_is_away_the_case_waits_and_then_goes_on_by_itself) {
  Case c;
  c.release();
  BOOST_REQUIRE(until([&] { return c.says("等待来源应答：market_supervision"); }));
  BOOST_TEST(c.state() == "rechecking");
  BOOST_TEST(c.records("recheck_waits") == 1);
  const int before = Register::asked();
  BOOST_REQUIRE(until([&] { return Register::asked() > before; }));
  BOOST_TEST(c.state() == "rechecking");
  BOOST_TEST(c.requests() == 0);
  BOOST_TEST(c.records("recheck_waits") == 1);
  Register::say({.away = false, .columns = Case::registered("5000", "11"), .as_of = day("2025-11-12")});
  BOOST_REQUIRE(until([&] { return c.state() == "requested"; }));
  BOOST_TEST(c.requests() == 1);
  BOOST_TEST(c.reason() == "");
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_too_old_pays_nobody_until_a_newer_one_comes) {
  Case c;
  c.clock_at("2025-12-20");
  c.cover("2025-12-19");
  Register::say({.away = false, .columns = Case::registered("5000", "11"), .as_of = day("2025-11-03")});
  c.release();
  BOOST_REQUIRE(until([&] { return c.says("等待数据"); }));
  BOOST_TEST(c.says("注册资本：5000万元 → 未知（已过期）"));
  BOOST_TEST(c.state() == "rechecking");
  BOOST_TEST(c.requests() == 0);
  // The same value of a newer day is fresh again, and wakes the case.
  c.tell("market_supervision", test::source_row("market_supervision", "registration", kFirm,
                                                Case::registered("5000", "11"), day("2025-12-19")));
  BOOST_REQUIRE(until([&] { return c.state() == "requested"; }));
  BOOST_TEST(c.requests() == 1);
}

BOOST_AUTO_TEST_CASE(a_value_that_is_gone_pays_nobody) {
  Case c;
  Register::say({.away = false, .columns = Case::registered("", "11"), .as_of = day("2025-11-12")});
  c.release();
  BOOST_REQUIRE(until([&] { return c.says("注册资本：5000万元 → 未知（无数据）"); }));
  // Whatever wakes the worker.
  for (const char* date : {"2025-11-13", "2025-11-14"}) {
    c.clock_at(date);
    const int before = Register::asked();
    BOOST_REQUIRE(until([&] { return Register::asked() > before && c.rests(); }));
    BOOST_TEST(c.state() == "rechecking");
    BOOST_TEST(c.requests() == 0);
  }
}

BOOST_AUTO_TEST_CASE(an_item_that_changed_since_the_approval_is_looked_at_again) {
  Case c;
  const auto before = c.column("policy_version");
  c.release();
  BOOST_REQUIRE(until([&] { return c.says("等待来源应答"); }));
  c.change("policies/IN-012.yaml", "title: ", "title: 新版");
  c.restart();
  BOOST_TEST(c.state() == "rechecking");
  Register::say({.away = false, .columns = Case::registered("5000", "11"), .as_of = day("2025-11-12")});
  BOOST_REQUIRE(until([&] { return c.state() == "in_review"; }));
  BOOST_TEST(c.says("政策事项版本变更：批准时 " + before.substr(0, 12)));
  BOOST_TEST(c.column("policy_version") != before);
  BOOST_TEST(c.column("policy_version") == c.hub().rooms().policies.find(PolicyId("IN-012"))->version);
  BOOST_TEST(c.requests() == 0);
}

BOOST_AUTO_TEST_CASE(an_item_that_changes_during_the_review_begins_the_review_anew) {
  Case c;
  BOOST_TEST(c.state() == "publicity");
  c.change("policies/IN-012.yaml", "title: ", "title: 新版");
  c.restart();
  BOOST_REQUIRE(until([&] { return c.state() == "in_review"; }));
  BOOST_TEST(c.reason() == "政策事项版本变更");
  BOOST_TEST(c.column("review_round") == "2");
}

BOOST_AUTO_TEST_CASE(money_that_comes_late_finds_data_that_were_fetched_anew) {
  Case c("0");
  Register::say({.away = false, .columns = Case::registered("5000", "11"), .as_of = day("2025-11-12")});
  c.release();
  BOOST_REQUIRE(until([&] { return c.says("预算指标余额不足"); }));
  BOOST_TEST(c.column("recheck_passed") == "1");
  // What was fetched is forgotten with the process, as it is after some minutes.
  Register::say({.away = false, .columns = Case::registered("3000", "11"), .as_of = day("2025-11-13")});
  c.restart();
  c.money("9000");
  BOOST_REQUIRE(until([&] { return c.state() == "in_review"; }));
  BOOST_TEST(c.says("批准 500000.00 元，现为 300000.00 元"));
  BOOST_TEST(c.requests() == 0);
}

/// An entry in the list of abnormal operation that was taken off it again.
SourceRecord listed(const std::string& since) {
  auto row = test::source_row(
      "market_supervision", "abnormal_list", "A1",
      {{"uni_social_crd_cd", kFirm}, {"inclu_dt", since}, {"inclu_reason", "失联"}, {"remove_dt", "2025-11-11"}},
      day("2025-11-12"));
  row.position = 2;
  return row;
}

BOOST_AUTO_TEST_CASE(a_row_of_the_answer_that_nobody_can_read_holds_the_case_until_it_is_settled) {
  Case c;
  const auto say = [](std::vector<SourceRecord> more) {
    Register::say({.away = false,
                   .columns = Case::registered("5000", "11"),
                   .as_of = day("2025-11-12"),
                   .more = std::move(more)});
  };
  say({listed("某日")});
  c.release();
  BOOST_REQUIRE(until([&] { return c.says("等待数据"); }));
  BOOST_TEST(c.says("market_supervision答复的“经营异常名录”第2行无法识别"));
  BOOST_TEST(c.state() == "rechecking");
  BOOST_TEST(c.records("recheck_waits") == 1);
  BOOST_TEST(c.requests() == 0);
  // The register sends it again in a form that can be read: the firm was taken off the list.
  say({listed("2025-11-10")});
  c.clock_at("2025-11-13");
  BOOST_REQUIRE(until([&] { return c.state() == "requested"; }));
  BOOST_TEST(c.requests() == 1);
}

BOOST_AUTO_TEST_CASE(the_same_answer_once_more_holds_the_case_as_it_did_before) {
  Case c;
  // The intake answers a batch that it knows from memory: nothing goes to the quarantine a second time.
  Register::say({.away = false,
                 .columns = Case::registered("5000", "11"),
                 .as_of = day("2025-11-12"),
                 .more = {listed("某日")},
                 .unreadable = {},
                 .batch_id = "the-same-rows"});
  c.release();
  BOOST_REQUIRE(until([&] { return c.says("等待数据") && c.rests(); }));
  // Whoever is asked a third time was held by the second answer.
  for (const char* next : {"2025-11-13", "2025-11-14"}) {
    const int before = Register::asked();
    c.clock_at(next);
    BOOST_REQUIRE(until([&] { return Register::asked() > before && c.rests(); }));
  }
  BOOST_TEST(c.state() == "rechecking");
  BOOST_TEST(c.requests() == 0);
  BOOST_TEST(c.number("SELECT count(*) FROM quarantine") == 1);
}

BOOST_AUTO_TEST_CASE(a_row_that_a_person_discarded_holds_nobody_though_it_comes_again) {
  Case c;
  const SourceBatch::Unreadable octets{.record_type = "market_supervision.registration",
                                       .position = 3,
                                       .body = "\xff\xfe",
                                       .code = "row_malformed",
                                       .message = "The row is no text."};
  Register::say({.away = false,
                 .columns = Case::registered("5000", "11"),
                 .as_of = day("2025-11-12"),
                 .more = {},
                 .unreadable = {octets}});
  c.release();
  BOOST_REQUIRE(until([&] { return c.says("“企业登记基本信息”第3行无法识别"); }));
  BOOST_TEST(c.says("row_malformed"));
  BOOST_TEST(c.state() == "rechecking");
  BOOST_TEST(c.requests() == 0);
  value_of(c.hub().source_door().discard(c.number("SELECT max(id) FROM quarantine"), "user:clerk", "空行"));
  const int before = Register::asked();
  c.clock_at("2025-11-13");
  BOOST_REQUIRE(until([&] { return c.state() == "requested"; }));
  BOOST_TEST(Register::asked() > before);
  BOOST_TEST(c.number("SELECT count(*) FROM quarantine WHERE state = 'open'") > 0);
}

BOOST_AUTO_TEST_CASE(a_row_about_what_the_item_does_not_ask_for_holds_nobody) {
  Case c;
  auto report = test::source_row("market_supervision", "annual_report", "R1",
                                 {{"uni_social_crd_cd", kFirm}, {"annual_year", "何年"}, {"employee_num", "12"}},
                                 day("2025-11-12"));
  Register::say({.away = false,
                 .columns = Case::registered("5000", "11"),
                 .as_of = day("2025-11-12"),
                 .more = {std::move(report)}});
  c.release();
  BOOST_REQUIRE(until([&] { return c.state() == "requested"; }));
  BOOST_TEST(c.number("SELECT count(*) FROM quarantine WHERE state = 'open'") == 1);
}

// A round ranked the firms, people decided it, and a fund pays on the sealed decision.

BOOST_AUTO_TEST_CASE(a_ranked_firm_that_meets_the_item_no_more_gets_no_decision) {
  Case c("0", Item::ranked_for_fund);
  Register::say({.away = false, .columns = Case::registered("5000", "12"), .as_of = day("2025-11-12")});
  c.release();
  BOOST_REQUIRE(until([&] { return c.state() == "void"; }));
  BOOST_TEST(c.says("是独立法人"));
  BOOST_TEST(c.says("是否独立法人：是 → 否"));
  BOOST_TEST(c.decisions() == 0);
}

BOOST_AUTO_TEST_CASE(a_place_won_by_a_value_that_holds_no_more_waits_for_another_round) {
  Case c("0", Item::ranked_for_fund);
  Register::say({.away = false, .columns = Case::registered("3000", "11"), .as_of = day("2025-11-12")});
  c.release();
  BOOST_REQUIRE(until([&] { return c.says("等待数据"); }));
  BOOST_TEST(c.says("注册资本在本轮分配时为 5000万元，现为 3000万元，须重新分配"));
  BOOST_TEST(c.state() == "rechecking");
  BOOST_TEST(c.decisions() == 0);
  // People rank anew by what is known now. The next day ends the wait.
  c.decide_round();
  c.clock_at("2025-11-13");
  BOOST_REQUIRE(until([&] { return c.state() == "sent_to_fund"; }));
  BOOST_TEST(c.decisions() == 1);
}

BOOST_AUTO_TEST_CASE(data_that_change_after_the_recheck_stop_the_decision_before_its_seal_is_kept) {
  Case c("0", Item::ranked_for_fund);
  Register::say({.away = false, .columns = Case::registered("5000", "11"), .as_of = day("2025-11-12")});
  // Whatever holds a decision back between the re-check and its commit.
  c.execute(
      "CREATE TRIGGER not_yet BEFORE UPDATE ON benefit_case WHEN NEW.state = 'sent_to_fund' BEGIN SELECT "
      "RAISE(ABORT, 'not yet'); END");
  c.release();
  BOOST_REQUIRE(until([&] { return c.column("recheck_passed") == "1" && c.rests(); }));
  BOOST_TEST(c.state() == "rechecking");
  c.tell("market_supervision", test::source_row("market_supervision", "registration", kFirm,
                                                Case::registered("5000", "12"), day("2025-11-12")));
  Register::say({.away = false, .columns = Case::registered("5000", "12"), .as_of = day("2025-11-12")});
  c.execute("DROP TRIGGER not_yet");
  c.clock_at("2025-11-13");  // Ends the wait after the failure.
  BOOST_REQUIRE(until([&] { return c.state() == "void"; }));
  BOOST_TEST(c.says("是否独立法人：是 → 否"));
  BOOST_TEST(c.decisions() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
