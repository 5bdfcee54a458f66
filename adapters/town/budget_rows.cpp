#include <algorithm>

#include "adapters/town/builder.h"
#include "adapters/town/numbers.h"

namespace zhida::town {

namespace {

constexpr std::int64_t kWan = 1'000'000;  // Fen in 万元.

struct Item {
  const char* policy;
  const char* name;
  const char* agency_code;
  const char* agency;
  const char* function;  ///< 支出功能分类.
};
constexpr Item kItems[] = {
    {"IN-001", "高新技术企业首次认定奖励", "208001", "湖州市科学技术局", "2060499"},
    {"IN-005", "高新技术企业先期兑付奖励", "208001", "湖州市科学技术局", "2060499"},
    {"IN-006", "专精特新小巨人奖励", "307001", "湖州市经济和信息化局", "2150805"},
    {"IN-007", "专精特新企业奖励", "307001", "湖州市经济和信息化局", "2150805"},
    {"IN-012", "新增规模以上工业企业奖励", "307001", "湖州市经济和信息化局", "2150805"},
    {"IN-023", "国外发明专利补助", "411001", "湖州市市场监督管理局", "2011409"},
};

std::int64_t round_up_to_wan(std::int64_t fen) {
  return (fen + kWan - 1) / kWan * kWan;
}

class Budget {
 public:
  explicit Budget(Builder& out) : out_(out), random_(Random::stream(out.options().seed, "budget")), dirt_(random_) {}

  /// `need`: what our awards can take at most. The money suffices for it from the first day, or from day 9 on when it
  /// is `scarce`.
  void appropriate(const Item& item, const std::string& division, std::int64_t need, bool scarce) {
    const std::int64_t enough = round_up_to_wan(need + need / 5 + 100 * kWan);
    const std::int64_t others_now = round_up_to_wan(enough / 50);
    const std::int64_t others_later = round_up_to_wan(enough / 80);
    const std::int64_t spent = others_now + 2 * others_later;
    State state;
    state.item = &item;
    state.division = division;
    state.id = "330500" + std::to_string(out_.options().start.year()) + padded(++serial_, 8) + "-" + item.policy + "-" +
               division;
    state.wan = random_.percent(50);
    state.nine_digits = random_.percent(50);
    state.amount = enough + spent;
    if (scarce) state.amount = others_now + round_up_to_wan(need * 2 / 5);
    write(state, out_.options().at_night(-30));

    const std::string first = others(state, 1, others_now, out_.options().at_night(-10));
    state.applied = others_now;
    write(state, out_.options().at_night(-10) + std::chrono::minutes(1));
    if (scarce) {
      state.amount = enough + spent;
      write(state, out_.options().at_night(9));
      fault("appropriation_too_small", state.id, "wait");
      return;
    }
    if (!out_.options().faults) return;
    // A cut, money that others spend later, and one of their payments that is taken back.
    state.cut = round_up_to_wan(enough / 100);
    write(state, out_.options().at_night(4));
    fault("appropriation_cut", state.id, "recover");
    others(state, 2, others_later, out_.options().at_night(3));
    const std::string taken_back = others(state, 3, others_later, out_.options().at_night(8));
    state.applied += 2 * others_later;
    write(state, out_.options().at_night(8) + std::chrono::minutes(1));
    others(state, 3, others_later, out_.options().at_night(10), true);
    state.applied -= others_later;
    write(state, out_.options().at_night(10) + std::chrono::minutes(1));
    fault("payment_soft_deleted", taken_back, "recover");
  }

  /// An appropriation that was withdrawn before the start: it is served, with IS_DELETED.
  void withdrawn() {
    State state;
    state.item = &kItems[0];
    state.division = "330500";
    state.id = "330500" + std::to_string(out_.options().start.year()) + padded(++serial_, 8) + "-OLD";
    state.project = "HQ-OLD";
    state.amount = 50 * kWan;
    write(state, out_.options().at_night(-60));
    state.deleted = true;
    write(state, out_.options().at_night(-20));
  }

 private:
  struct State {
    const Item* item = nullptr;
    std::string id, division, project;
    bool wan = false, nine_digits = false, deleted = false;
    std::int64_t amount = 0, cut = 0, applied = 0;
  };

  void fault(const char* kind, const std::string& key, const char* expect) {
    const bool payment = std::string_view(kind).starts_with("payment");
    out_.fault(kind, payment ? "budget.payment" : "budget.appropriation", key, expect);
  }
  std::string money(const State& state, std::int64_t fen) { return state.wan ? dirt_.wan(fen, 6) : dirt_.yuan(fen); }
  static std::string division_code(const State& state) { return state.division + (state.nine_digits ? "000" : ""); }
  static std::string stamp(Instant at) {
    const std::string moment = to_rfc3339(at);
    return moment.substr(0, 10) + " " + moment.substr(11, 8);
  }

  void write(const State& state, Instant at) {
    const std::string year = std::to_string(out_.options().start.year());
    Line row;
    row.record_type = "budget.appropriation";
    row.key = state.id;
    row.at = at;
    row.as_of = Date::of(at);
    row.withdrawn = state.deleted;
    row.cells = {
        {"BGT_ID", state.id},
        {"MOF_DIV_CODE", division_code(state)},
        {"FISCAL_YEAR", year},
        {"COR_BGT_DOC_NO", "湖财预" + std::string(state.wan ? "〔" : "[") + year + (state.wan ? "〕" : "]") + "18号"},
        {"SUP_BGT_DOC_NO", state.wan ? Cell("浙财预〔" + year + "〕7号") : dirt_.null_word()},
        {"PRO_CODE", state.project.empty() ? "HQ-" + std::string(state.item->policy) : state.project},
        {"PRO_NAME", state.item->name},
        {"AGENCY_CODE", state.item->agency_code},
        {"AGENCY_NAME", state.item->agency},
        {"FUND_TYPE_CODE", "111"},
        {"EXP_FUNC_CODE", state.item->function},
        {"GOV_BGT_ECO_CODE", "50701"},
        {"DEP_BGT_ECO_CODE", "31204"},
        {"AMOUNT", money(state, state.amount)},
        {"DIS_AMT", money(state, state.cut)},
        {"CUR_AMT", money(state, state.amount - state.cut - state.applied)},
        {"PAY_APP_AMT", money(state, state.applied)},
        {"AMT_UNIT", state.wan ? "万元" : "元"},
        {"BGT_EXE_FLAG", "1"},
        {"IS_DELETED", state.deleted ? "1" : "2"},
        {"UPDATE_TIME", stamp(at)}};
    out_.put(row);
  }

  std::string others(const State& state, int number, std::int64_t fen, Instant at, bool deleted = false) {
    Line row;
    row.record_type = "budget.payment";
    row.key = "ZF" + state.id.substr(6, 12) + padded(number, 4);
    row.at = at;
    row.as_of = Date::of(at);
    row.withdrawn = deleted;
    row.cells = {{"PAY_APP_NO", row.key},
                 {"BGT_ID", state.id},
                 {"MOF_DIV_CODE", division_code(state)},
                 {"PAY_APP_AMT", money(state, fen)},
                 {"AMT_UNIT", state.wan ? "万元" : "元"},
                 {"BUSINESS_NO", ""},
                 {"PAYEE_ACCT_NAME", "湖州市产业发展服务中心"},
                 {"USE_DES", "上年度结转项目经费"},
                 {"IS_DELETED", deleted ? "1" : "2"},
                 {"UPDATE_TIME", stamp(at)}};
    out_.put(row);
    return row.key;
  }

  Builder& out_;
  Random random_;
  Dirt dirt_;
  std::int64_t serial_ = 0;
};

}  // namespace

void write_budget(Builder& out, const std::map<std::string, std::int64_t>& need_fen,
                  const std::map<std::string, std::int64_t>& county_need_fen) {
  const auto find = [](const std::map<std::string, std::int64_t>& needs, const std::string& policy) {
    const auto need = needs.find(policy);
    return need == needs.end() ? 0 : need->second;
  };
  Budget budget(out);
  for (const Item& item : kItems) {
    const bool scarce = out.options().faults && std::string_view(item.policy) == "IN-007";
    budget.appropriate(item, "330500", find(need_fen, item.policy), scarce);
  }
  budget.appropriate(kItems[0], "330522", find(county_need_fen, kItems[0].policy), false);
  budget.withdrawn();
}

}  // namespace zhida::town
