// Who lives in town. Facts first, roles second; neither knows how any system spells them.
#include <algorithm>
#include <set>

#include "adapters/town/firm.h"
#include "adapters/town/names.h"
#include "adapters/town/numbers.h"

namespace zhida::town {

namespace {

constexpr std::int64_t kWan = 1'000'000;  // Fen in 万元.

std::string suffix_of(Kind kind, Random& random) {
  switch (kind) {
    case Kind::company:
      return random.percent(88) ? "有限公司" : "股份有限公司";
    case Kind::branch:
      return "有限公司分公司";
    case Kind::sole_proprietor:
      return random.percent(50) ? "店" : "经营部";
    case Kind::other:
      break;
  }
  return random.percent(50) ? "合伙企业（普通合伙）" : "厂";
}

/// 湖州新益阀门有限公司, or with the place in brackets: 新益阀门（湖州）有限公司.
std::string compose_name(Firm& firm, const Industry& industry, Random& random) {
  const std::string brand_text =
      firm.is(Role::beyond_gbk) ? brand_beyond_gbk(random) : brand(random, random.percent(85) ? 2 : 3);
  const std::string place = random.percent(50) ? "湖州" : place_name(firm.division);
  const std::string suffix = suffix_of(firm.kind, random);
  if (firm.kind == Kind::company && random.percent(10))
    return brand_text + industry.word + "（" + place + "）" + suffix;
  return place + brand_text + industry.word + suffix;
}

void give_size(Firm& firm, Random& random) {
  // Employees first; revenue, assets, profit and tax follow from them.
  const auto drawn = random.below(100);
  if (firm.kind == Kind::sole_proprietor) {
    firm.employees = random.between(1, 8);
  } else if (firm.kind == Kind::branch || drawn < 45) {
    firm.employees = random.between(2, 19);
  } else if (drawn < 78) {
    firm.employees = random.between(20, 180);
  } else if (drawn < 94) {
    firm.employees = random.between(180, 900);
  } else {
    firm.employees = random.between(1000, 4200);
  }
  const std::int64_t revenue_per_head = random.between(12, 95) * kWan + random.between(0, kWan - 1);
  firm.revenue_fen = firm.employees * revenue_per_head;
  if (firm.kind == Kind::sole_proprietor) firm.revenue_fen /= 4;
  firm.assets_fen = firm.revenue_fen / 100 * random.between(55, 160) + random.between(0, 999'999);
  firm.profit_fen = firm.revenue_fen / 1000 * random.between(-40, 140);
  firm.tax_fen = firm.revenue_fen / 1000 * random.between(12, 65) + random.between(0, 99'999);
  firm.capital_fen = std::max<std::int64_t>(1, firm.revenue_fen / kWan / 50 * 10) * kWan;
  firm.small_scale = firm.revenue_fen < 500 * kWan ? random.percent(92) : random.percent(4);
  firm.monthly_sales_fen = firm.revenue_fen / 1200 * random.between(70, 130);
  if (firm.small_scale && random.percent(6)) firm.monthly_sales_fen = 10'000'000;  // Exactly the limit.
}

void insure(Firm& firm, Random& random) {
  const int number_of_units = firm.is(Role::several_units) ? static_cast<int>(random.between(2, 3)) : 1;
  std::int64_t left = std::max<std::int64_t>(number_of_units, firm.employees * random.between(80, 104) / 100);
  if (firm.is(Role::unit_boundary)) left = random.percent(50) ? 200 : 30;
  for (int i = 0; i < number_of_units; ++i) {
    Unit unit;
    unit.number = firm.division + padded(static_cast<std::int64_t>(firm.index), 7) + std::to_string(i + 1);
    unit.headcount = i + 1 == number_of_units ? left : std::max<std::int64_t>(1, left / 2);
    left -= i + 1 == number_of_units ? 0 : unit.headcount;
    if (left < 1) left = 1;
    const auto leaving = random.below(100);
    const std::int64_t thousandths = leaving < 62 ? 0 : leaving < 82 ? random.between(5, 50) : random.between(56, 320);
    unit.new_benefit = unit.headcount * thousandths / 1000;
    if (firm.is(Role::unit_boundary)) unit.new_benefit = unit.headcount == 200 ? 11 : 6;  // Exactly 5.5 % and 20 %.
    unit.paid_months = random.percent(12) ? random.between(1, 11) : random.between(12, 240);
    if (firm.is(Role::unit_boundary)) unit.paid_months = 12;
    unit.contribution_fen = unit.headcount * random.between(38'000, 61'000) + random.between(0, 99);
    unit.arrears_fen = random.percent(6) ? random.between(10'000, 9'000'000) : 0;
    firm.units.push_back(unit);
  }
}

void give_numbers(Firm& firm, Random& random, std::set<std::string>& taken) {
  static constexpr std::string_view kLetters = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  const std::string kind = firm.kind == Kind::sole_proprietor ? "92" : "91";
  do {
    std::string eight = "MA";
    if (firm.established.year() < 2015) {
      eight = padded(random.between(14'000'000, 79'999'999), 8);
    } else {
      for (int i = 0; i < 6; ++i) eight += kLetters[static_cast<std::size_t>(random.below(kLetters.size()))];
    }
    firm.uscc = make_uscc(kind, firm.division, eight);
  } while (!taken.insert(firm.uscc.substr(8, 9)).second);
  const auto serial = static_cast<std::int64_t>(firm.index) + 1;
  firm.organisation_code = firm.uscc.substr(8, 9);
  firm.registration_number = make_registration_number(firm.division, serial);
  firm.pripid = firm.division + padded(serial, 10);
  firm.djxh = "10" + firm.division.substr(0, 6) + padded(serial, 12);
}

void give_registration(Firm& firm, const TownOptions& options, Random& random) {
  firm.industry = pick_industry(random).code;
  firm.division = random.percent(45) ? "330502" : random.percent(50) ? "330503" : "330522";
  firm.established = Date::from_ymd(static_cast<int>(random.between(1995, 2023)),
                                    static_cast<int>(random.between(1, 12)), static_cast<int>(random.between(1, 28)))
                         .value();
  firm.approved =
      std::min(firm.established.plus_months(static_cast<int>(random.between(0, 60))), options.start.plus_days(-200));
  firm.term_open = random.percent(60);
  firm.term_to = firm.established.plus_months(12 * static_cast<int>(random.between(10, 50)));
  switch (firm.kind) {
    case Kind::company:
      firm.category_code = "11";
      firm.type_code = random.percent(60) ? "1130" : "1151";
      break;
    case Kind::branch:
      firm.category_code = "12";
      firm.type_code = "2130";
      break;
    case Kind::sole_proprietor:
      firm.category_code = "50";
      firm.type_code = "9500";
      break;
    case Kind::other:
      firm.category_code = random.percent(50) ? "33" : random.percent(50) ? "31" : "16";
      firm.type_code = firm.category_code == "33" ? "4530" : firm.category_code == "31" ? "4540" : "9100";
      break;
  }
  const auto state = random.below(100);
  firm.status = state < 91 ? 'K' : state < 94 ? 'X' : state < 96 ? 'D' : state < 98 ? 'Z' : 'Q';
  firm.tax_status = firm.status == 'X' ? '7' : random.percent(3) ? '5' : '3';
  firm.credit_grade = "AABBBBMMCD"[random.below(10)];
  firm.per_mu_class = "AABBBBCCCD"[random.below(10)];
}

/// Deals out roles: each is given to the next firms of a shuffled pool.
class Casting {
 public:
  Casting(std::vector<Firm>& firms, const TownOptions& options) : firms_(firms), options_(options) {}

  /// Shuffles the firms that `fits` accepts into a new pool, at most `limit` of them.
  template <class Fits>
  void gather(std::string_view purpose, std::size_t limit, Fits fits) {
    pool_.clear();
    for (std::size_t i = 0; i < firms_.size(); ++i) {
      if (fits(firms_[i])) pool_.push_back(i);
    }
    Random random = Random::stream(options_.seed, purpose);
    random.shuffle(pool_);
    if (pool_.size() > limit) pool_.resize(limit);
    next_ = 0;
  }
  /// At least `least` firms (as far as the pool goes), or `per_thousand` of the town.
  std::size_t share(std::size_t least, std::size_t per_thousand) const {
    return std::max(least, firms_.size() * per_thousand / 1000);
  }
  void give_all(Role role) {
    for (const std::size_t index : pool_) firms_[index].become(role);
  }
  void give(Role role, std::size_t count) {
    for (; count > 0 && next_ < pool_.size(); --count) firms_[pool_[next_++]].become(role);
  }
  /// Only in a town with faults.
  void harm(Role role, std::size_t count) {
    if (options_.faults) give(role, count);
  }

 private:
  std::vector<Firm>& firms_;
  const TownOptions& options_;
  std::vector<std::size_t> pool_;
  std::size_t next_ = 0;
};

bool is_plain(const Firm& firm) {
  return !firm.is(Role::ghost) && !firm.is(Role::twin_name) && !firm.is(Role::beyond_gbk);
}
bool may_be_awarded(const Firm& firm) {
  return firm.kind == Kind::company && firm.status == 'K' && is_plain(firm) && !firm.is(Role::registration_missing) &&
         !firm.is(Role::registration_masked);
}

void cast_persons(Casting& casting) {
  casting.gather("persons", ~0u, [](const Firm& firm) { return firm.kind == Kind::sole_proprietor; });
  casting.harm(Role::twin_name, casting.share(2, 5));
  casting.harm(Role::ghost, casting.share(3, 10));
  casting.give(Role::beyond_gbk, casting.share(2, 8));
}

void cast_registration(Casting& casting) {
  casting.gather("registration", ~0u, [](const Firm& firm) { return is_plain(firm); });
  casting.give(Role::registration_missing, casting.share(3, 15));
  casting.harm(Role::registration_masked, casting.share(3, 10));
  casting.gather("registration twice", ~0u, may_be_awarded);
  casting.harm(Role::kind_conflict, casting.share(4, 10));
  casting.give(Role::transferred, casting.share(3, 10));
  casting.gather("reports", ~0u, [](const Firm& firm) { return !firm.is(Role::ghost); });
  casting.give(Role::report_missing, casting.share(8, 80));
  casting.give(Role::report_undisclosed, casting.share(8, 60));
}

void cast_department_lists(Casting& casting) {
  const auto may_be_on_a_list = [](const Firm& firm) { return may_be_awarded(firm) && !firm.is(Role::kind_conflict); };
  const std::size_t hnte = casting.share(52, 160);
  casting.gather("hnte", hnte, may_be_on_a_list);
  casting.give_all(Role::hnte);
  casting.give(Role::hnte_blank_first, casting.share(4, 8));
  casting.give(Role::hnte_blank_year, casting.share(3, 6));
  casting.harm(Role::hnte_conflict, casting.share(2, 6));
  casting.harm(Role::hnte_superseded, casting.share(2, 5));
  casting.harm(Role::hnte_masked, casting.share(2, 5));
  casting.give(Role::hnte_withdrawn, casting.share(2, 5));
  casting.give(Role::hnte_name_only, casting.share(3, 6));
  casting.harm(Role::hnte_name_unknown, casting.share(1, 3));
  casting.give(Role::hnte_duplicate, casting.share(2, 5));
  casting.gather("hnte 2022", hnte / 2,
                 [](const Firm& firm) { return firm.is(Role::hnte) && !firm.is(Role::hnte_conflict); });
  casting.give_all(Role::hnte_2022);
  casting.give(Role::per_mu_late, hnte / 5);
  casting.gather("srdi", casting.share(24, 80), may_be_on_a_list);
  casting.give_all(Role::srdi);
  casting.give(Role::srdi_blank_first, casting.share(4, 8));
  casting.harm(Role::srdi_conflict, casting.share(2, 5));
  casting.harm(Role::srdi_unreadable, casting.share(2, 5));
  casting.gather("little giant", casting.share(16, 50), may_be_on_a_list);
  casting.give_all(Role::little_giant);
  casting.give(Role::little_giant_blank, casting.share(4, 8));
  casting.harm(Role::little_giant_conflict, casting.share(1, 4));
  casting.gather("patents", casting.share(20, 80), may_be_on_a_list);
  casting.give_all(Role::patents);
  casting.give(Role::patents_blank_country, casting.share(4, 8));
  casting.harm(Role::patents_superseded, casting.share(2, 5));
  casting.give(Role::patents_withdrawn, casting.share(1, 4));
  casting.harm(Role::patents_masked, casting.share(2, 5));
}

void cast_above_scale(Casting& casting) {
  const std::size_t listed = casting.share(34, 110);
  casting.gather("above scale", listed, may_be_awarded);
  casting.give_all(Role::above_scale);
  casting.give(Role::above_scale_duty_blank, casting.share(4, 8));
  casting.give(Role::above_scale_duty_no, casting.share(2, 6));
  casting.give(Role::above_scale_again, casting.share(3, 10));
  casting.give(Role::dishonest, casting.share(2, 6));
  casting.give(Role::dishonest_repaired, casting.share(1, 4));
  casting.harm(Role::dishonest_broken_seal, casting.share(1, 2));
  casting.give(Role::safety, casting.share(1, 4));
  casting.give(Role::abnormal, casting.share(1, 4));
  casting.give(Role::abnormal_leaves_later, casting.share(1, 3));
  casting.give(Role::abnormal_removed, casting.share(1, 4));
  casting.give(Role::abnormal_deleted, casting.share(1, 3));
  casting.harm(Role::abnormal_stale, casting.share(2, 4));
  casting.gather("above scale without registration", 1, [](const Firm& firm) {
    return firm.is(Role::registration_missing) || firm.is(Role::registration_masked) || firm.is(Role::kind_conflict);
  });
  casting.give_all(Role::above_scale);
  // The lists know others, too.
  const auto others = [](const Firm& firm) { return is_plain(firm) && !firm.is(Role::above_scale); };
  casting.gather("listed", ~0u, others);
  casting.give(Role::abnormal, casting.share(4, 25));
  casting.give(Role::abnormal_removed, casting.share(2, 15));
  casting.give(Role::serious, casting.share(2, 8));
  casting.give(Role::dishonest, casting.share(3, 12));
  casting.give(Role::safety, casting.share(1, 3));
  casting.give(Role::punished, casting.share(6, 40));
}

void cast_tax(Casting& casting) {
  const auto files_tax = [](const Firm& firm) { return is_plain(firm); };
  casting.gather("tax", ~0u, files_tax);
  casting.give(Role::tax_missing, casting.share(4, 20));
  casting.give(Role::tax_swapped, casting.share(4, 25));
  casting.harm(Role::tax_old_number, casting.share(2, 8));
  casting.gather("small scale", ~0u, [](const Firm& firm) {
    return is_plain(firm) && firm.small_scale && !firm.is(Role::tax_missing) && !firm.is(Role::tax_old_number);
  });
  casting.harm(Role::vat_conflict, casting.share(3, 8));
  casting.give(Role::sales_missing, casting.share(3, 12));
  casting.harm(Role::sales_stale, casting.share(3, 12));
  casting.harm(Role::sales_unreadable, casting.share(3, 10));
}

void cast_social_security(Casting& casting) {
  casting.gather("uninsured", ~0u, [](const Firm& firm) { return is_plain(firm) && !firm.is(Role::above_scale); });
  casting.give(Role::uninsured, casting.share(6, 110));
  casting.gather("units", ~0u, [](const Firm& firm) {
    return may_be_awarded(firm) && !firm.is(Role::uninsured) && !firm.is(Role::kind_conflict);
  });
  casting.harm(Role::unit_stale, casting.share(3, 12));
  casting.harm(Role::unit_masked, casting.share(2, 8));
  casting.harm(Role::unit_wrong_count, std::min<std::size_t>(3, casting.share(3, 0)));
  casting.harm(Role::unit_truncated, std::min<std::size_t>(2, casting.share(2, 0)));
  casting.give(Role::unit_benefit_blank, casting.share(3, 15));
  casting.give(Role::unit_boundary, casting.share(4, 12));
  casting.give(Role::several_units, casting.share(10, 60));
  casting.give(Role::unit_by_organisation_code, casting.share(8, 60));
  casting.give(Role::unit_uscc_in_wrong_column, casting.share(3, 15));
  casting.give(Role::unit_by_name, casting.share(3, 15));
}

}  // namespace

std::vector<Firm> settle(const TownOptions& options) {
  std::vector<Firm> firms(static_cast<std::size_t>(options.enterprises));
  std::set<std::string> taken_codes;
  for (std::size_t i = 0; i < firms.size(); ++i) {
    Firm& firm = firms[i];
    firm.index = i;
    Random random = Random::stream(options.seed, "firm", i);
    const auto kind = random.below(100);
    firm.kind = kind < 72 ? Kind::company : kind < 77 ? Kind::branch : kind < 95 ? Kind::sole_proprietor : Kind::other;
    give_registration(firm, options, random);
    give_size(firm, random);
    give_numbers(firm, random, taken_codes);
    firm.representative = person_name(random);
    firm.address = address(random, firm.division);
  }
  Casting casting(firms, options);
  cast_persons(casting);
  cast_registration(casting);
  cast_department_lists(casting);
  cast_above_scale(casting);
  cast_tax(casting);
  cast_social_security(casting);

  std::set<std::string> taken_names;
  const Firm* last_proprietor = nullptr;  // Whose name the next twin takes.
  for (Firm& firm : firms) {
    Random random = Random::stream(options.seed, "name", firm.index);
    const auto& all = industries();
    const auto& industry =
        *std::find_if(all.begin(), all.end(), [&](const Industry& each) { return firm.industry == each.code; });
    if (firm.is(Role::twin_name) && last_proprietor != nullptr) {
      firm.name = last_proprietor->name;
    } else {
      firm.roles.reset(static_cast<std::size_t>(Role::twin_name));
      do {
        firm.name = compose_name(firm, industry, random);
      } while (!taken_names.insert(firm.name).second);
    }
    do {
      firm.former_name = compose_name(firm, industry, random);
    } while (!taken_names.insert(firm.former_name).second);
    if (firm.kind == Kind::sole_proprietor && is_plain(firm) && !firm.is(Role::registration_missing) &&
        !firm.is(Role::registration_masked)) {
      last_proprietor = &firm;
    }
    Random at_work = Random::stream(options.seed, "units", firm.index);
    const bool nobody = firm.is(Role::uninsured) || firm.is(Role::ghost) || firm.is(Role::beyond_gbk);
    if (!nobody) insure(firm, at_work);
  }
  return firms;
}

}  // namespace zhida::town
