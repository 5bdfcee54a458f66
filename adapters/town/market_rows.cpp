#include "adapters/town/builder.h"
#include "adapters/town/numbers.h"

namespace zhida::town {

namespace {

class MarketOffice {
 public:
  MarketOffice(Builder& out, const Firm& firm)
      : out_(out),
        firm_(firm),
        random_(Random::stream(out.options().seed, "market", firm.index)),
        dirt_(random_),
        loaded_(out.options().at_night(-1) + std::chrono::milliseconds(10 * firm.index)) {}

  void write() {
    if (!firm_.is(Role::registration_missing)) registrations();
    if (firm_.is(Role::ghost)) return;
    if (!firm_.is(Role::report_missing)) reports();
    lists();
  }

 private:
  Line line(const std::string& type, const std::string& key, Instant at) {
    Line row;
    row.record_type = "market_supervision." + type;
    row.key = key;
    row.at = at;
    row.as_of = Date::of(at);
    row.flag = random_.percent(60) ? "i" : "1";
    row.cells["uni_social_crd_cd"] = dirt_.code(firm_.uscc);
    return row;
  }

  void registrations() {
    if (firm_.is(Role::transferred)) {
      // The firm moved to another office, which gave it a new pripid; the old row stays and is older.
      registration("9" + firm_.pripid.substr(1), out_.options().at_night(-40), firm_.kind, "");
    }
    registration(firm_.pripid, loaded_, firm_.kind, "");
    if (firm_.is(Role::kind_conflict)) {
      registration("8" + firm_.pripid.substr(1), loaded_, Kind::sole_proprietor, "kind_conflict");
      out_.fault("kind_conflict", "market_supervision.registration", firm_.pripid, "conflict", "", "ent.legal_person");
    }
  }

  void registration(const std::string& pripid, Instant at, Kind kind, const std::string& fault) {
    Line row = line("registration", pripid, at);
    row.cells["pripid"] = pripid;
    row.cells["reg_no"] = random_.percent(70)   ? Cell(firm_.registration_number)
                          : random_.percent(50) ? Cell(firm_.registration_number.substr(0, 14))
                                                : dirt_.null_word();
    row.cells["comp_nm"] = dirt_.name(firm_.name);
    row.cells["legal_repre"] = firm_.representative;
    row.cells["comp_type"] = kind == Kind::sole_proprietor ? std::string("9500") : firm_.type_code;
    row.cells["qylxdl"] = category(kind);
    row.cells["reg_state"] = state();
    row.cells["est_dt"] = dirt_.date(firm_.established);
    row.cells["appr_dt"] = random_.percent(2) ? Cell("1900-1-1") : dirt_.date_or_null(firm_.approved);
    row.cells["opt_from"] = dirt_.date(firm_.established);
    row.cells["opt_to"] = firm_.term_open ? dirt_.open_end() : dirt_.date(firm_.term_to);
    row.cells["reg_capt"] = random_.percent(4) ? std::to_string(firm_.capital_fen / 1'000'000) + ",000000"
                                               : dirt_.wan(firm_.capital_fen, 6);
    row.cells["capt_kind"] = dirt_.one_of({"156", "人民币", "人民币元"});
    const std::string digits = firm_.industry.substr(1);
    const auto drawn = random_.below(10);
    row.cells["indv_code"] = drawn == 0   ? to_lower(firm_.industry)
                             : drawn == 1 ? to_full_width(firm_.industry)
                             : drawn < 5  ? digits
                                          : firm_.industry;
    row.cells["addr"] = firm_.address;
    row.cells["domdi_strict"] = division();
    row.cells["reg_org"] = random_.percent(80) ? firm_.division : std::string("湖州市市场监督管理局（停用）");
    row.facts[Fact::industry] = std::stoll(digits);
    switch (kind) {
      case Kind::company:
        row.facts[Fact::legal_person] = 1;
        break;
      case Kind::branch:
      case Kind::sole_proprietor:
        row.facts[Fact::legal_person] = 0;
        break;
      case Kind::other:
        row.facts[Fact::legal_person] = std::nullopt;
        break;
    }
    row.fault = fault;
    if (firm_.is(Role::registration_masked)) {
      row.cells["uni_social_crd_cd"] = masked(firm_.uscc);
      out_.spoil(row, "uscc_masked", "uscc_invalid");
    }
    if (firm_.is(Role::ghost)) {
      // An old individual business that never got a code, or whose code lost a digit, or got a wrong one.
      const auto how = firm_.index % 3;
      row.cells["uni_social_crd_cd"] = how == 0 ? "" : how == 1 ? firm_.uscc.substr(0, 17) : wrong_check(firm_.uscc);
      out_.spoil(row,
                 how == 0   ? "uscc_missing"
                 : how == 1 ? "uscc_short"
                            : "uscc_check_digit",
                 how == 0 ? "uscc_missing" : "uscc_invalid");
    }
    out_.put(row);
  }

  static std::string wrong_check(std::string uscc) {
    uscc[17] = uscc[17] == '1' ? '2' : '1';
    return uscc;
  }

  std::string category(Kind kind) {
    switch (kind) {
      case Kind::company:
        return dirt_.one_of({"11", "11", "11", "公司"});
      case Kind::branch:
        return dirt_.one_of({"12", "12", "分公司"});
      case Kind::sole_proprietor:
        return dirt_.one_of({"50", "50", "个体户", "个体工商户"});
      case Kind::other:
        break;
    }
    return firm_.category_code;
  }

  std::string state() {
    switch (firm_.status) {
      case 'K':
        return dirt_.one_of({"K", "K", "开业", "存续", "在业", "正常"});
      case 'X':
        return dirt_.one_of({"X", "注销"});
      case 'D':
        return dirt_.one_of({"D", "吊销"});
      case 'Z':
        return dirt_.one_of({"Z", "歇业"});
      default:
        break;
    }
    return dirt_.one_of({"Q", "迁出"});
  }

  std::string division() {
    if (firm_.division == "330502" && random_.percent(6)) return random_.percent(50) ? "330501" : "330511";
    if (firm_.division == "330503" && random_.percent(6)) return "330512";
    const auto drawn = random_.below(4);
    return drawn == 0 ? firm_.division + "001" : drawn == 1 ? firm_.division + "001000" : firm_.division;
  }

  void reports() {
    const int year = out_.options().start.year() - 1;
    const bool undisclosed = firm_.is(Role::report_undisclosed);
    if (!undisclosed && random_.percent(20)) report(year - 1, 80, false);
    report(year, 100, undisclosed);
  }

  void report(int year, std::int64_t percent, bool undisclosed) {
    const std::string spelled = dirt_.year(year);
    Line row = line("annual_report", firm_.pripid + "-" + spelled, loaded_);
    row.as_of = Date::from_ymd(year, 12, 31).value();
    const std::int64_t assets = firm_.assets_fen / 100 * percent;
    const std::int64_t revenue = firm_.revenue_fen / 100 * percent;
    row.cells["pripid"] = firm_.pripid;
    row.cells["annual_year"] = spelled;
    row.cells["asset_zmt"] = undisclosed ? std::string("0") : dirt_.wan(assets, 6);
    row.cells["opt_income_total"] = undisclosed ? std::string("0.000000") : dirt_.wan(revenue, 6);
    row.cells["profit_total"] = undisclosed ? std::string("0") : dirt_.wan(firm_.profit_fen / 100 * percent, 6);
    row.cells["tax_total"] = undisclosed ? std::string("0") : dirt_.wan(firm_.tax_fen / 100 * percent, 6);
    row.cells["employee_num"] = undisclosed ? std::string("企业选择不公示") : dirt_.count(firm_.employees);
    row.cells["pub_flag"] = undisclosed ? "2" : "1";
    row.facts[Fact::assets] = undisclosed ? std::nullopt : std::optional(assets);
    row.facts[Fact::revenue] = undisclosed ? std::nullopt : std::optional(revenue);
    row.facts[Fact::employees] = undisclosed ? std::nullopt : std::optional(firm_.employees);
    out_.put(row);
  }

  void lists() {
    const TownOptions& options = out_.options();
    if (firm_.is(Role::abnormal)) abnormal(loaded_, std::nullopt);
    if (firm_.is(Role::abnormal_removed)) abnormal(loaded_, options.start.plus_days(-90));
    if (firm_.is(Role::abnormal_stale)) {
      Line row = abnormal(options.at_night(-80), std::nullopt);
      out_.fault("list_stale", row.record_type, row.key, "unknown", "", "stale");
    }
    if (firm_.is(Role::abnormal_deleted))
      delete_later(abnormal(loaded_, std::nullopt), options.opens() - std::chrono::hours(6));
    if (firm_.is(Role::abnormal_leaves_later)) delete_later(abnormal(loaded_, std::nullopt), options.at_night(4));
    if (!firm_.is(Role::serious)) return;
    const std::string key = "YZ" + padded(static_cast<std::int64_t>(firm_.index) + 1, 8);
    Line row = line("serious_list", key, loaded_);
    row.cells["id"] = key;
    row.cells["abn_tm"] = dirt_.date(options.start.plus_days(-400));
    row.cells["abn_reason"] = "被列入经营异常名录届满3年仍未履行相关义务的";
    row.cells["rem_dt"] = dirt_.null_word();
    out_.put(row);
  }

  Line abnormal(Instant at, std::optional<Date> removed) {
    const std::string key = "YC" + padded(static_cast<std::int64_t>(firm_.index) + 1, 8);
    Line row = line("abnormal_list", key, at);
    row.cells["id"] = key;
    row.cells["inclu_dt"] = dirt_.date(out_.options().start.plus_days(-300));
    row.cells["inclu_reason"] = dirt_.one_of({"通过登记的住所或者经营场所无法联系的", "未在规定期限公示年度报告的"});
    row.cells["remove_dt"] = removed ? Cell(dirt_.date(*removed)) : dirt_.null_word();
    row.cells["remexcpres_cn"] = removed ? Cell("已补报年度报告，申请移出") : Cell("");
    row.facts[Fact::abnormal] = removed ? 0 : 1;
    if (firm_.is(Role::abnormal_stale)) row.fault = "list_stale";
    out_.put(row);
    return row;
  }
  void delete_later(Line row, Instant at) {
    row.at = at;
    row.as_of = Date::of(at);
    row.withdrawn = true;
    row.flag = row.flag == "i" ? "d" : "3";
    out_.put(row);
  }

  Builder& out_;
  const Firm& firm_;
  Random random_;
  Dirt dirt_;
  Instant loaded_;
};

}  // namespace

void write_market(Builder& out, const Firm& firm) {
  MarketOffice(out, firm).write();
}

void write_market_rest(Builder& out) {
  for (int week = 0; week < 14; ++week) {
    const int day = 7 * week - 1;
    for (const char* list : {"abnormal_operation", "serious_illegal"}) {
      Line row;
      row.record_type = "market_supervision.list_coverage";
      row.key = list;
      row.at = out.options().at_night(day) + std::chrono::minutes(30);
      row.as_of = out.options().start.plus_days(day);
      row.flag = week == 0 ? "i" : "u";
      row.cells = {{"list_id", list}, {"as_of", row.as_of.to_string()}};
      out.put(row);
    }
  }
  Fault reload;
  reload.kind = "full_reload";
  reload.system = "market_supervision";
  reload.expect = "duplicate";
  reload.detail = "every current row gets a new load_time and comes again";
  reload.at = out.options().at_night(7);
  out.fault(reload);
  out.fault("both_flag_styles", "market_supervision.registration", "", "harmless");
}

}  // namespace zhida::town
