#include "adapters/town/builder.h"
#include "adapters/town/numbers.h"

namespace zhida::town {

namespace {

struct Month {
  int year = 0, month = 0;
};
/// `back` months before the month of the day.
Month month_before(Date day, int back) {
  const int months = day.year() * 12 + day.month() - 1 - back;
  return {months / 12, months % 12 + 1};
}
Date last_day(Month month) {
  return Date::from_ymd(month.year, month.month, 1).value().plus_months(1).plus_days(-1);
}

class TaxOffice {
 public:
  TaxOffice(Builder& out, const Firm& firm)
      : out_(out), firm_(firm), random_(Random::stream(out.options().seed, "tax", firm.index)), dirt_(random_) {}

  void write() {
    registered_ = out_.options().start.plus_days(-static_cast<int>(random_.between(20, 400))).begins() +
                  std::chrono::seconds(random_.between(8 * 3600, 18 * 3600));
    registration(firm_.djxh, firm_.small_scale, "");
    if (firm_.is(Role::vat_conflict)) {
      registration("20" + firm_.djxh.substr(2), !firm_.small_scale, "vat_conflict");
      out_.fault("vat_conflict", "tax.registration", firm_.djxh, "conflict", "", "tax.vat_payer_type");
    }
    credit_grade();
    if (random_.percent(8)) arrears();
    sales();
    paid_year();
    if (firm_.kind == Kind::company && (firm_.is(Role::hnte_2022) || random_.percent(60))) per_mu();
    if (firm_.is(Role::hnte)) research();
  }

 private:
  Line line(const std::string& type, const std::string& key, Instant at, Date as_of) {
    Line row;
    row.record_type = type;
    row.key = key;
    row.at = at;
    row.as_of = as_of;
    row.cells["djxh"] = firm_.djxh;
    row.cells["tax_no"] = dirt_.code(firm_.uscc);
    if (firm_.is(Role::tax_old_number)) {
      row.cells["tax_no"] = firm_.registration_number;
      out_.spoil(row, "uscc_old_number", "uscc_invalid");
    }
    return row;
  }

  void registration(const std::string& djxh, bool small_scale, const std::string& fault) {
    Line row = line("tax.registration", djxh, registered_, Date::of(registered_));
    row.cells.erase("tax_no");
    row.cells["djxh"] = djxh;
    row.cells["nsrsbh"] = random_.percent(70) ? dirt_.code(firm_.uscc) : firm_.registration_number;
    row.cells["uni_social_crd_cd"] = dirt_.code(firm_.uscc);
    if (firm_.is(Role::tax_swapped)) {
      row.cells["nsrsbh"] = firm_.uscc;
      row.cells["uni_social_crd_cd"] = firm_.registration_number;
    }
    if (firm_.is(Role::tax_old_number)) {
      row.cells["nsrsbh"] = firm_.registration_number;
      row.cells["uni_social_crd_cd"] = std::nullopt;
    }
    row.cells["nsrmc"] = random_.percent(6) ? firm_.former_name : dirt_.name(firm_.name);
    const char* words[] = {"正常", "非正常", "注销"};
    const int state = firm_.tax_status == '3' ? 0 : firm_.tax_status == '5' ? 1 : 2;
    row.cells["nsrzt_dm"] = random_.percent(70) ? std::string("0") + firm_.tax_status : std::string(words[state]);
    row.cells["zzsqylx"] = small_scale ? dirt_.one_of({"小规模纳税人", "小规模纳税人 ", "增值税小规模纳税人", "2"})
                                       : dirt_.one_of({"一般纳税人", "一般纳税人 ", "增值税一般纳税人", "1"});
    row.cells["tax_dept_no"] = "1" + firm_.division + "0000";
    const std::string moment = to_rfc3339(registered_);
    row.cells["gxsj"] = moment.substr(0, 10) + " " + moment.substr(11, 8);
    row.facts[Fact::vat_type] = small_scale ? 2 : 1;
    if (row.fault.empty()) row.fault = fault;
    out_.put(row);
  }

  void credit_grade() {
    const int this_year = out_.options().start.year();
    for (int year = this_year - 1; year >= this_year - (random_.percent(30) ? 2 : 1); --year) {
      const Date from = Date::from_ymd(year + 1, 4, 1).value();
      const std::string spelled = dirt_.year(year);
      Line row = line("tax.credit_grade", firm_.djxh + "-" + spelled, from.begins() + std::chrono::hours(9), from);
      const std::string grade(1, firm_.credit_grade);
      const auto drawn = random_.below(8);
      row.cells["tax_credit_level"] = drawn == 0   ? to_full_width(grade)
                                      : drawn == 1 ? to_lower(grade)
                                      : drawn == 2 ? grade + "级"
                                                   : grade;
      row.cells["evalua_year"] = spelled;
      row.cells["evalua_result_start"] = dirt_.date(from);
      row.cells["evalua_result_end"] =
          random_.percent(30) ? std::string("9999-9-9") : dirt_.date(from.plus_months(12).plus_days(-1));
      out_.put(row);
    }
  }

  void arrears() {
    const Date counted = out_.options().start.plus_days(-33);
    Line row = line("tax.arrears", firm_.djxh, counted.begins() + std::chrono::hours(3), counted);
    row.cells["cumu_own_amt"] = dirt_.yuan(random_.percent(30) ? 0 : random_.between(10'000, 90'000'000));
    row.cells["own_tax_type"] =
        dirt_.one_of({"增值税", "企业所得税", "增值税、城市维护建设税", "城镇土地使用税、房产税"});
    row.cells["tjrq"] = dirt_.date(counted);
    out_.put(row);
  }

  void sales() {
    if (firm_.is(Role::sales_missing)) return;
    const int newest = firm_.is(Role::sales_stale) ? 5 : 2;
    for (int back = newest + 1; back >= newest; --back) {
      sales_of(month_before(out_.options().start, back), back == newest ? 0 : random_.between(-30, 30), Instant{});
    }
    // The next month's declaration comes in while the demo runs.
    if (!firm_.is(Role::sales_stale) && !firm_.is(Role::sales_unreadable) && random_.percent(25)) {
      sales_of(month_before(out_.options().start, 1), random_.between(-10, 10), out_.options().at_night(12));
    }
  }
  void sales_of(Month month, std::int64_t percent_off, Instant at) {
    const std::string spelled = dirt_.month(month.year, month.month);
    const Date end = last_day(month);
    if (at == Instant{}) at = end.plus_days(15).begins() + std::chrono::hours(20);
    Line row = line("tax.sales", firm_.djxh + "-" + spelled, at, end);
    const std::int64_t fen = firm_.monthly_sales_fen / 100 * (100 + percent_off);
    row.cells["ssq"] = spelled;
    row.cells["ysxse"] = dirt_.yuan(fen);
    row.facts[Fact::monthly_sales] = fen;
    if (firm_.is(Role::sales_stale)) {
      row.fault = "sales_stale";
      out_.fault("sales_stale", row.record_type, row.key, "unknown", "", "stale");
    }
    if (firm_.is(Role::sales_unreadable)) {
      row.cells["ysxse"] = "约" + std::to_string(fen / 1'000'000 + 1) + "万";
      out_.spoil(row, "money_unreadable", "");
    }
    out_.put(row);
  }

  void paid_year() {
    const int year = out_.options().start.year() - 1;
    const std::string spelled = dirt_.year(year);
    const Date end = Date::from_ymd(year, 12, 31).value();
    Line row =
        line("tax.paid_year", firm_.djxh + "-" + spelled, end.plus_days(40).begins() + std::chrono::hours(4), end);
    row.cells["nd"] = spelled;
    row.cells["rkse"] =
        dirt_.yuan(random_.percent(2) ? -random_.between(1'000, 500'000) : firm_.tax_fen);  // Negative: a refund.
    out_.put(row);
  }

  void per_mu() {
    const bool late = firm_.is(Role::per_mu_late);
    const Date published = out_.options().start.plus_days(late ? 7 : -60);
    const std::string spelled = dirt_.year(out_.options().start.year() - 1);
    Line row = line("tax.per_mu", firm_.djxh + "-" + spelled, published.begins() + std::chrono::hours(2), published);
    const int grade = firm_.per_mu_class - 'A';
    const char* stems[] = {"甲", "乙", "丙", "丁"};
    const std::string letter(1, firm_.per_mu_class);
    const auto drawn = random_.below(10);
    row.cells["eval_class"] = drawn == 0                 ? to_full_width(letter)
                              : drawn == 1               ? letter + "类"
                              : drawn == 2               ? to_full_width(letter) + "类"
                              : drawn == 3               ? letter + "（" + stems[grade] + "）类"
                              : drawn == 4 && grade == 0 ? std::string("优先发展类")
                              : drawn == 4 && grade == 1 ? std::string("不定等级(按B管理)")
                                                         : letter;
    row.cells["pjnd"] = spelled;
    row.cells["mjss"] = dirt_.wan(random_.between(80'000, 60'000'000) / 100 * 100, 4);
    row.cells["fbrq"] = dirt_.date(published);
    row.facts[Fact::per_mu_class] = grade + 1;
    if (late) {
      row.fault = "per_mu_late";
      out_.fault("per_mu_late", "tax.per_mu", row.key, "unknown", "", "settlement follows when the class is known");
    }
    out_.put(row);
  }

  void research() {
    const int year = out_.options().start.year() - 1;
    const std::string spelled = dirt_.year(year);
    const Date end = Date::from_ymd(year, 12, 31).value();
    Line row =
        line("tax.rd_deduction", firm_.djxh + "-" + spelled, end.plus_days(160).begins() + std::chrono::hours(4), end);
    const std::int64_t fen = firm_.revenue_fen / 1000 * random_.between(30, 90) / 10'000 * 10'000;
    const bool wan = random_.percent(40);
    row.cells["nd"] = spelled;
    row.cells["yffyjjkc_je"] = wan ? dirt_.wan(fen, 2) : dirt_.yuan(fen);
    row.cells["dw"] = wan ? "万元" : "元";
    out_.put(row);
  }

  Builder& out_;
  const Firm& firm_;
  Random random_;
  Dirt dirt_;
  Instant registered_{};
};

}  // namespace

void write_tax(Builder& out, const Firm& firm) {
  if (firm.is(Role::tax_missing) || firm.is(Role::ghost)) return;
  TaxOffice(out, firm).write();
}

void write_tax_faults(Builder& out) {
  if (!out.options().faults) return;
  // Each happens once in the life of a simulator: on the first call that fits.
  out.fault("page_twice", "tax.registration", "", "recover", "", "2");
  out.fault("total_moving", "tax.registration", "", "recover", "", "1");
  out.fault("code_in_success", "tax.sales", "", "recover", "", "99");
  out.fault("data_is_text", "tax.credit_grade", "", "recover", "", "96");
  out.fault("login_page", "tax.per_mu", "", "recover", "", "1");
}

}  // namespace zhida::town
