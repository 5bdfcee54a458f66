#include "adapters/town/builder.h"
#include "adapters/town/names.h"
#include "adapters/town/numbers.h"

namespace zhida::town {

namespace {

Lane lane_of_day(const TownOptions& options, int days) {
  Lane lane;
  lane.name = "day " + std::to_string(days);
  lane.dated = options.start.plus_days(days);
  lane.at = lane.dated.begins() + std::chrono::hours(7);
  lane.rows_max = 25;
  return lane;
}

class CreditOffice {
 public:
  CreditOffice(Builder& out, const Firm& firm)
      : out_(out), firm_(firm), random_(Random::stream(out.options().seed, "credit", firm.index)), dirt_(random_) {}

  void write() {
    if (firm_.kind == Kind::company && random_.percent(40)) rating();
    if (firm_.is(Role::punished)) punishment();
    if (firm_.is(Role::dishonest)) entry("dishonest_debtor", Fact::dishonest, false, "");
    if (firm_.is(Role::dishonest_repaired)) entry("dishonest_debtor", Fact::dishonest, true, "");
    if (firm_.is(Role::dishonest_broken_seal)) entry("dishonest_debtor", Fact::dishonest, false, "broken_seal");
    if (firm_.is(Role::safety)) entry("safety_blacklist", Fact::safety, false, "");
    if (firm_.is(Role::serious))
      entry(random_.percent(50) ? "tax_violation" : "zombie", std::nullopt, random_.percent(30), "");
  }

 private:
  Line line(const std::string& type, const std::string& key) {
    Line row;
    row.record_type = type;
    row.key = key;
    row.cells["uni_social_crd_cd"] = dirt_.code(firm_.uscc);
    return row;
  }
  void send(Line& row, const std::string& fault) {
    Lane lane = lane_of_day(out_.options(), -1);
    if (!fault.empty()) {
      lane.name += "/" + fault;
      lane.fault = fault;
    } else if (out_.options().faults && firm_.index % 89 == 7) {
      lane.name += "/twice";
      lane.fault = "sent_twice";
    }
    row.at = lane.at;
    row.as_of = lane.dated;
    row.batch = out_.parcel("credit", lane);
    out_.put(row);
  }
  std::string number(const char* prefix) const {
    return prefix + padded(static_cast<std::int64_t>(firm_.index) + 1, 8);
  }
  Date before(std::int64_t low, std::int64_t high) {
    return out_.options().start.plus_days(-static_cast<int>(random_.between(low, high)));
  }

  void rating() {
    Line row = line("credit.rating", number("PJ"));
    row.cells["id"] = row.key;
    row.cells["cred_scard"] = decimal(random_.between(52'000, 98'000), 2);
    row.cells["evalu_dt"] = dirt_.date(before(10, 200));
    row.cells["credit_level"] = dirt_.one_of({"优", "良", "良", "中", "差", "良 "});
    send(row, "");
  }

  void punishment() {
    const Date decided = before(30, 900);
    const std::string year = std::to_string(decided.year());
    const std::string serial = std::to_string(firm_.index + 1) + "号";
    const auto drawn = random_.below(3);
    const std::string bracketed = drawn == 0 ? "〔" + year + "〕" : drawn == 1 ? "（" + year + "）" : "[" + year + "]";
    Line row = line("credit.punishment", "湖市监罚" + bracketed + serial);
    row.cells["admin_punish_doc"] = row.key;
    row.cells["punish_type"] = dirt_.one_of({"警告", "罚款", "没收违法所得", "通报批评"});
    row.cells["punish_money"] =
        random_.percent(25) ? dirt_.null_word() : Cell(dirt_.yuan(random_.between(5, 400) * 100'000));
    row.cells["punish_decide_tm"] = dirt_.date(decided);
    row.cells["public_deadline"] = random_.percent(40)   ? Cell("1900-1-1")
                                   : random_.percent(30) ? Cell("无处罚期限")
                                                         : Cell(dirt_.date(decided.plus_months(36)));
    send(row, "");
  }

  void entry(const std::string& list, std::optional<Fact> fact, bool repaired, const std::string& fault) {
    Line row = line("credit.list_entry", number(list == "dishonest_debtor"   ? "SX"
                                                : list == "safety_blacklist" ? "AQ"
                                                                             : "QT"));
    row.cells["id"] = row.key;
    row.cells["name"] = dirt_.name(firm_.name);
    row.cells["list_id"] = list;
    row.cells["in_date"] = dirt_.date(before(120, 700));
    row.cells["out_date"] = repaired && random_.percent(50) ? Cell(dirt_.date(before(20, 100))) : dirt_.null_word();
    row.cells["repair_date"] = repaired ? Cell(dirt_.date(before(20, 100))) : dirt_.null_word();
    row.cells["executed_nature"] = random_.percent(70) ? Cell("企业") : dirt_.null_word();
    if (fact) row.facts[*fact] = repaired ? 0 : 1;
    if (!fault.empty()) {
      row.delivered = false;
      row.fault = "in_broken_seal_message";
      out_.fault(row.fault, row.record_type, row.key, "refuse_delivery");
    }
    send(row, fault);
  }

  Builder& out_;
  const Firm& firm_;
  Random random_;
  Dirt dirt_;
};

/// People on the list of dishonest debtors; the table is the same, and they never become firms.
void write_natural_persons(Builder& out, std::size_t firms) {
  if (!out.options().faults) return;
  const std::size_t count = std::max<std::size_t>(3, firms / 50);
  for (std::size_t i = 0; i < count; ++i) {
    Random random = Random::stream(out.options().seed, "natural person", i);
    Dirt dirt(random);
    const Lane lane = lane_of_day(out.options(), -1);
    Line row;
    row.record_type = "credit.list_entry";
    row.key = "ZR" + padded(static_cast<std::int64_t>(i) + 1, 8);
    row.at = lane.at;
    row.as_of = lane.dated;
    row.batch = out.parcel("credit", lane);
    row.cells = {
        {"id", row.key},
        {"uni_social_crd_cd", i % 2 == 0 ? Cell("3305******" + padded(random.between(0, 9999), 4)) : dirt.null_word()},
        {"name", person_name(random)},
        {"list_id", "dishonest_debtor"},
        {"in_date", dirt.date(lane.dated.plus_days(-static_cast<int>(random.between(30, 900))))},
        {"out_date", dirt.null_word()},
        {"executed_nature", "自然人"},
        {"repair_date", dirt.null_word()}};
    out.spoil(row, "natural_person", "natural_person");
    out.put(row);
  }
}

}  // namespace

void write_credit(Builder& out, const Firm& firm) {
  if (!firm.is(Role::ghost)) CreditOffice(out, firm).write();
}

void write_credit_rest(Builder& out, std::size_t firms) {
  write_natural_persons(out, firms);
  for (int week = 0; week < 14; ++week) {
    Lane lane = lane_of_day(out.options(), 7 * week - 1);
    lane.name += "/coverage";
    lane.record_type = "credit.list_coverage";
    for (const char* list : {"dishonest_debtor", "safety_blacklist", "tax_violation"}) {
      Line row;
      row.record_type = "credit.list_coverage";
      row.key = list;
      row.at = lane.at;
      row.as_of = lane.dated;
      row.batch = out.parcel("credit", lane);
      row.cells = {{"list_id", list}, {"as_of", lane.dated.to_string()}};
      out.put(row);
    }
  }
}

}  // namespace zhida::town
