// The clean facts of the town: who is there and what is true of them. What the systems make of it is written in
// *_rows.cpp.
#pragma once
#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "adapters/town/random.h"
#include "base/time.h"

namespace zhida::town {

enum class Kind { company, branch, sole_proprietor, other };

/// What happens to a firm on purpose, so that every policy is met, not met and unknown for every reason we know of.
enum class Role : unsigned {
  // Department lists.
  hnte,
  hnte_2022,
  hnte_blank_first,
  hnte_blank_year,
  hnte_conflict,
  hnte_superseded,
  hnte_masked,
  hnte_withdrawn,
  hnte_name_only,
  hnte_name_unknown,
  hnte_duplicate,
  per_mu_late,
  srdi,
  srdi_blank_first,
  srdi_conflict,
  srdi_unreadable,
  little_giant,
  little_giant_blank,
  little_giant_conflict,
  above_scale,
  above_scale_duty_blank,
  above_scale_duty_no,
  above_scale_again,
  patents,
  patents_blank_country,
  patents_superseded,
  patents_withdrawn,
  patents_masked,
  // Lists of market supervision and credit.
  dishonest,
  dishonest_repaired,
  dishonest_broken_seal,
  safety,
  abnormal,
  abnormal_leaves_later,
  abnormal_removed,
  abnormal_deleted,
  abnormal_stale,
  serious,
  punished,
  // Market registration and reports.
  registration_missing,
  registration_masked,
  kind_conflict,
  transferred,
  report_missing,
  report_undisclosed,
  // Tax.
  tax_missing,
  tax_swapped,
  tax_old_number,
  vat_conflict,
  sales_missing,
  sales_stale,
  sales_unreadable,
  // Social security.
  uninsured,
  several_units,
  unit_stale,
  unit_masked,
  unit_wrong_count,
  unit_truncated,
  unit_by_organisation_code,
  unit_uscc_in_wrong_column,
  unit_by_name,
  unit_benefit_blank,
  unit_boundary,
  // Persons.
  ghost,       ///< Only in rows that nobody can identify.
  twin_name,   ///< Shares its name with the firm before it.
  beyond_gbk,  ///< Has a character that GBK lacks; never paid.
  count_
};

struct Unit {
  std::string number;
  std::int64_t headcount = 0, new_benefit = 0, paid_months = 0;
  std::int64_t contribution_fen = 0, arrears_fen = 0;
};

struct Firm {
  std::size_t index = 0;
  std::string uscc, name, former_name, division, representative, address;
  std::string pripid, djxh, registration_number, organisation_code;
  Kind kind = Kind::company;
  std::string category_code;  ///< qylxdl: 11 12 50 16 31 33
  std::string type_code;      ///< comp_type: 1130 …
  char status = 'K';          ///< reg_state: K D X Z Q
  std::string industry;       ///< Section letter and four digits: `C3411`.
  Date established, approved, term_to;
  bool term_open = true;
  std::int64_t capital_fen = 0;
  std::int64_t employees = 0, revenue_fen = 0, assets_fen = 0, profit_fen = 0, tax_fen = 0;
  bool small_scale = false;
  char tax_status = '3';  ///< nsrzt_dm 03, 05, 07.
  char credit_grade = 'B';
  std::int64_t monthly_sales_fen = 0;
  char per_mu_class = 'B';
  std::vector<Unit> units;
  std::bitset<static_cast<std::size_t>(Role::count_)> roles;

  bool is(Role role) const { return roles.test(static_cast<std::size_t>(role)); }
  void become(Role role) { roles.set(static_cast<std::size_t>(role)); }
};

struct TownOptions {
  std::uint64_t seed = 1;
  std::int64_t enterprises = 300;  ///< 1 … 100,000
  Date start;
  bool faults = true;  ///< `--faults demo`; without: harmless dirt and missing data only.

  Instant opens() const { return start.begins() + std::chrono::hours(9); }
  /// 02:00 of the day `days` after the start (before it when negative).
  Instant at_night(int days) const { return start.plus_days(days).begins() + std::chrono::hours(2); }
};

/// All firms with their clean facts and their roles. Deterministic in the options.
std::vector<Firm> settle(const TownOptions& options);

}  // namespace zhida::town
