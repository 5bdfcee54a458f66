#include "adapters/town/builder.h"
#include "adapters/town/numbers.h"

namespace zhida::town {

namespace {

class SocialOffice {
 public:
  SocialOffice(Builder& out, const Firm& firm)
      : out_(out), firm_(firm), random_(Random::stream(out.options().seed, "social", firm.index)), dirt_(random_) {}

  void write() {
    for (const Unit& unit : firm_.units) {
      write_unit(unit);
      const bool in_trouble = firm_.is(Role::unit_masked) || firm_.is(Role::unit_wrong_count) ||
                              firm_.is(Role::unit_truncated) || firm_.is(Role::twin_name) || firm_.is(Role::unit_stale);
      if (in_trouble) continue;
      payment(unit, "210");
      if (random_.percent(30)) payment(unit, "110");
    }
  }

 private:
  Lane lane(const std::string& record_type) const {
    const TownOptions& options = out_.options();
    Lane lane;
    lane.record_type = record_type;
    lane.name = record_type;
    lane.dated = options.start.plus_days(-4);
    lane.rows_max = 50;
    return lane;
  }

  void write_unit(const Unit& unit) {
    Lane packet = lane("social_security.unit");
    Line row = compose(unit);
    if (firm_.is(Role::unit_stale)) {
      packet.name += "/old";
      packet.dated = out_.options().start.plus_days(-440);
      row.fault = "unit_stale";
      out_.fault("unit_stale", row.record_type, row.key, "unknown", "", "stale");
    } else if (firm_.is(Role::unit_wrong_count) || firm_.is(Role::unit_truncated)) {
      const bool cut = firm_.is(Role::unit_truncated);
      packet.name += cut ? "/truncated" : "/wrong_count";
      packet.fault = cut ? "truncated" : "wrong_count";
      packet.dated = out_.options().start.plus_days(-3);
      row.delivered = false;
      row.fault = cut ? "in_truncated_package" : "in_miscounted_package";
      out_.fault(row.fault, row.record_type, row.key, "refuse_delivery");
    } else if (out_.options().faults && firm_.index % 97 == 5) {
      packet.name += "/twice";  // One whole package that is sent again under the same number.
      packet.fault = "sent_twice";
    }
    deliver(row, packet);
    if (row.delivered) return;
    // The office finds out and sends the rows again, in a package that is right.
    packet = lane("social_security.unit");
    packet.name += "/again";
    packet.dated = out_.options().start.plus_days(2);
    row.delivered = true;
    row.fault.clear();
    deliver(row, packet);
  }

  void deliver(Line& row, Lane& packet) {
    packet.at = packet.dated.begins() + std::chrono::hours(6);
    row.at = packet.at;
    row.as_of = packet.dated;
    row.batch = out_.parcel("social_security", packet);
    out_.put(row);
  }

  Line compose(const Unit& unit) {
    Line row;
    row.record_type = "social_security.unit";
    row.key = unit.number;
    row.cells["AAB001"] = unit.number;
    row.cells["AAB998"] = dirt_.code(firm_.uscc);
    row.cells["AAB003"] = random_.percent(50) ? Cell(organisation_code()) : dirt_.null_word();
    row.cells["AAB004"] = random_.percent(4) ? Cell(firm_.former_name) : Cell(dirt_.name(firm_.name));
    row.cells["AAB301"] = firm_.division;
    row.cells["AAB065"] = random_.percent(90) ? Cell("0") : dirt_.null_word();
    identify(row);
    row.cells["ui_avg_headcount"] = dirt_.count(unit.headcount);
    const bool blank = firm_.is(Role::unit_benefit_blank);
    row.cells["ui_new_benefit"] = blank ? dirt_.null_word() : Cell(dirt_.count(unit.new_benefit));
    row.cells["ui_paid_months"] = dirt_.count(unit.paid_months);
    row.cells["ui_contribution_prev_year"] = dirt_.yuan(unit.contribution_fen);
    row.cells["arrears_amt"] = dirt_.yuan(unit.arrears_fen);
    row.facts[Fact::insured] = 1;
    row.facts[Fact::insured_count] = unit.headcount;
    row.facts[Fact::new_benefit] = blank ? std::nullopt : std::optional(unit.new_benefit);
    row.facts[Fact::paid_months] = unit.paid_months;
    row.facts[Fact::contribution] = unit.contribution_fen;
    return row;
  }

  void identify(Line& row) {
    if (firm_.is(Role::unit_by_organisation_code)) {
      row.cells["AAB998"] = dirt_.null_word();
      row.cells["AAB003"] = organisation_code();
      row.cells["AAB004"] = firm_.name;
    } else if (firm_.is(Role::unit_uscc_in_wrong_column)) {
      row.cells["AAB998"] = "";
      row.cells["AAB003"] = firm_.uscc;
      row.cells["AAB004"] = firm_.name;
    } else if (firm_.is(Role::unit_by_name)) {
      row.cells["AAB998"] = dirt_.null_word();
      row.cells["AAB003"] = dirt_.null_word();
      row.cells["AAB004"] = dirt_.name(firm_.name);
    } else if (firm_.is(Role::unit_masked)) {
      row.cells["AAB998"] = masked(firm_.uscc);
      row.cells["AAB003"] = std::nullopt;
      out_.spoil(row, "uscc_masked", "uscc_invalid");
    } else if (firm_.is(Role::twin_name)) {
      row.cells["AAB998"] = "";
      row.cells["AAB003"] = "";
      row.cells["AAB004"] = firm_.name;
      out_.spoil(row, "name_not_unique", "name_not_unique");
    }
  }

  std::string organisation_code() {
    const std::string& code = firm_.organisation_code;
    return random_.percent(50) ? code : code.substr(0, 8) + "-" + code.substr(8);
  }

  void payment(const Unit& unit, const std::string& kind) {
    const Date month = out_.options().start.plus_months(-1);
    Line row;
    row.record_type = "social_security.payment";
    row.key = "JF" + month.to_compact().substr(0, 6) + kind + unit.number;
    row.cells["AAZ083"] = row.key;
    row.cells["AAB001"] = unit.number;
    row.cells["AAB998"] = dirt_.code(firm_.uscc);
    row.cells["AAE140"] = kind;
    row.cells["AAE003"] = month.to_compact().substr(0, 6);
    row.cells["AAB119"] = dirt_.count(unit.headcount);
    row.cells["AAE080"] = dirt_.yuan(unit.contribution_fen / 12);
    Lane packet = lane("social_security.payment");
    packet.dated = out_.options().start.plus_days(-3);
    deliver(row, packet);
  }

  Builder& out_;
  const Firm& firm_;
  Random random_;
  Dirt dirt_;
};

}  // namespace

void write_social(Builder& out, const Firm& firm) {
  SocialOffice(out, firm).write();
}

}  // namespace zhida::town
