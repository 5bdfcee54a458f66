// What is true of one firm: from clean facts and the knowledge of which rows were delivered. It shares nothing with the
// hub's mapping, profile or matching; the policies' conditions are written here by hand (README.md).
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "domain/entitlement.h"

namespace zhida::town {

/// The facts that the ten policies need. Values are whole numbers: fen, counts, years, 0 and 1, and the codes named
/// here.
enum class Fact {
  hnte,
  hnte_year,
  hnte_first_time,
  srdi_grade,  ///< 1 national_little_giant, 2 provincial_little_giant, 3 provincial_srdi
  srdi_first_time,
  little_giant,
  little_giant_first_time,
  above_scale_first_time,
  reporting_duty,
  patent,          ///< 1 a row; counted.
  patent_country,  ///< A number for each country; counted distinct.
  legal_person,
  industry,  ///< The four digits as a number.
  employees,
  revenue,
  assets,
  abnormal,
  dishonest,
  safety,
  insured,
  insured_count,
  new_benefit,
  paid_months,
  contribution,
  vat_type,  ///< 1 general, 2 small_scale
  monthly_sales,
  per_mu_class,  ///< 1 A, 2 B, 3 C, 4 D
};

/// One row about the firm that reached the hub: in a delivery that was not refused, and identifiable.
struct Observation {
  std::string record_type;
  std::string key;
  Date as_of;
  Instant appears_at{};
  bool readable = true;
  bool withdrawn = false;
  std::map<Fact, std::optional<std::int64_t>> facts;  ///< nullopt: the row says nothing about it.
};

/// Days that a list's keeper vouches for, by record type of the list's rows and fact.
using Coverage = std::map<Fact, Date>;

struct Outcome {
  Verdict verdict = Verdict::unknown;
  std::optional<std::int64_t> amount_fen;
};

/// The policies of the truth, in the order of truth.jsonl.
inline constexpr std::array<const char*, 10> kPolicies{"HR-001", "HR-006", "HR-018", "IN-001", "IN-005",
                                                       "IN-006", "IN-007", "IN-012", "IN-023", "TX-005"};

/// Whether the hub can know the firm by `at`: one readable row was there.
bool is_known(const std::vector<Observation>& observations, Instant at);
/// All ten, for what was delivered by `at`, judged on the day of `at`.
std::map<std::string, Outcome> judge(const std::vector<Observation>& observations, const Coverage& coverage,
                                     Instant at);

/// 中小企业划型 (工信部联企业〔2011〕300号): 1 large, 2 medium, 3 small, 4 micro; nullopt when the table does not say
/// or a needed figure is unknown. Amounts in fen.
std::optional<int> enterprise_size(std::optional<std::int64_t> industry, std::optional<std::int64_t> employees,
                                   std::optional<std::int64_t> revenue, std::optional<std::int64_t> assets);

}  // namespace zhida::town
