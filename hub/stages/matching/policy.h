#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/json.h"
#include "base/money.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/enterprise_profile.h"
#include "domain/entitlement.h"
#include "domain/field_catalogue.h"
#include "domain/policy_handling.h"

namespace zhida::matching {

/// Whether the data is what a field of this type holds.
bool fits(const FieldData& data, FieldType type);

/// The conditions a clause can state. Groups (`all`, `any`, `not`) are kinds of Clause, not operators.
enum class Operator {
  eq,
  in,
  not_in,
  gt,
  gte,
  lt,
  lte,
  between,  ///< Both ends included.
  is_true,
  is_false,
  exists,        ///< Met when there is a value; unknown otherwise, since missing data prove nothing.
  listed,        ///< On a list: the field is true.
  not_listed,    ///< Not on a list: the field is false.
  first_time,    ///< Listed, and for the first time: the field and `<field>_first_time` are both true.
  date_gte,      ///< On that day or later.
  date_between,  ///< Both days included.
  industry_in,   ///< GB/T 4754 code below one of the given codes; a section letter stands for its divisions.
  region_in,     ///< GB/T 2260 code of one of the given regions or below it.
};
const char* to_text(Operator op);
/// The canonical name, or one of = != < <= > >= (`!=` is not_in with one value).
std::optional<Operator> operator_from(std::string_view text);
/// All canonical names, in the order of the enumeration.
std::vector<std::string> operator_names();

/// What an unknown clause means for the firm. None of them lets it pass.
enum class OnUnknown {
  review,          ///< The verdict stays open; a person looks.
  ask_enterprise,  ///< The verdict stays open; the firm is asked for the data.
  fail,            ///< Counts against the firm, also below a `not`.
};
const char* to_text(OnUnknown on_unknown);

/// One node of a policy's conditions: a condition on one field, or a group of clauses.
struct Clause {
  enum class Kind { condition, all, any, negation };
  Kind kind = Kind::condition;
  std::string id;    ///< Unique in the policy. Groups may go without: then only their clauses are reported.
  std::string text;  ///< Chinese, our own words.

  // Condition only.
  std::string field;
  FieldType type = FieldType::text;
  std::string unit;  ///< As people read it: `月`, `人`, `元`, `%`.
  Operator op = Operator::eq;
  std::vector<FieldData> operands;  ///< One; two for between; many for in, not_in, industry_in, region_in; else none.
  OnUnknown on_unknown = OnUnknown::review;
  int max_age_days = 0;   ///< A value older than this is stale for this clause; 0: only the profile's own limit counts.
  std::string threshold;  ///< `>= 12`, made by finish().

  std::vector<Clause> children;  ///< Groups only; exactly one below a negation.
};

/// The same sum for everybody.
struct FixedAmount {
  Money amount;
};
/// A share of a money field; the share may depend on a code field (`rates` is used where `by` is named).
struct RatioAmount {
  std::string base;
  std::int64_t rate_ppm = 0;
  std::string by;
  std::map<std::string, std::int64_t> rates_ppm;
};
/// A sum by a code field. A code that the policy does not name is entitled to nothing.
struct LookupAmount {
  std::string by;
  std::map<std::string, Money> amounts;
};
/// So much for each unit of a count field, at most `units_max` units.
struct PerUnitAmount {
  std::string count;
  Money unit_amount;
  std::optional<std::int64_t> units_max;
};
/// Paid in two stages, because the code that decides the sum is published late: first a share of what `advance_code`
/// would give, and once the code is known what is still missing. What was paid first is never asked back.
struct ScheduleAmount {
  std::string by;
  std::map<std::string, Money> amounts;
  std::string advance_code;
  std::int64_t advance_rate_ppm = 0;
};
/// A relief without a sum of ours: the tax or contribution is simply not charged.
struct ReliefAmount {};

struct Amount {
  std::variant<FixedAmount, RatioAmount, LookupAmount, PerUnitAmount, ScheduleAmount, ReliefAmount> rule =
      ReliefAmount{};
  std::string text;  ///< Chinese, our own words.
  std::optional<Money> cap;
  Rounding rounding = Rounding::half_up;  ///< Applied once, at the end.
  std::int64_t rounding_unit_fen = 1;
};
/// `fixed`, `ratio`, `lookup`, `per_unit`, `schedule`, `relief`
const char* family_of(const Amount& amount);

/// Where a limit comes from: from the policy's own text, or from this town's settings.
enum class Basis { stated, local };
const char* to_text(Basis basis);

struct Publicity {
  int working_days = 0;  ///< The first day counts.
  Basis basis = Basis::local;
};

/// What happens after the match: by whom it is decided, how it is paid.
struct Handling {
  Channel channel = Channel::appropriation;
  std::string project_code;  ///< PRO_CODE of the appropriations it is paid from; appropriation channel only.
  std::string fund;          ///< Who carries out a sealed decision: `social_security`; fund channel only.
  PayeeRule payee = PayeeRule::own_account;
  std::string period;  ///< What the benefit is for, `2025` or `once`: paid once for firm, item, period and tranche.
  std::vector<std::string> review_departments;  ///< In order; empty for reliefs that nobody decides.
  std::optional<Publicity> publicity;           ///< nullopt: none.
  std::optional<int> confirm_within_working_days;
  std::optional<int> review_within_working_days;
  std::vector<std::string> recheck_fields;  ///< Fetched anew before the money is asked for; identifiers.
};
const char* to_text(Channel channel);

/// A field that the policy asks about and that no source provides: unknown for everybody, and said so.
struct MissingField {
  std::string name;
  std::string title;
  FieldType type = FieldType::boolean;
};

/// One policy item as published. A value: whoever holds it can evaluate, explain and print it without anything else.
struct Policy {
  PolicyId id;
  std::string version;  ///< SHA-256 of the canonical form, hex; made by policy_file.
  std::string title, issuer, level, document, document_number, basis_url;
  std::string policy_class;     ///< 免申即享, 申报, 税费直接享受 …
  bool class_inferred = false;  ///< The class is read from the text, not stated by it.
  std::string subject;          ///< `enterprise`
  std::optional<Date> valid_from, valid_to;
  Clause when;  ///< A group, or a single condition.
  Amount amount;
  Handling handling;
  std::vector<MissingField> missing_fields;
  std::vector<std::string> local_settings;    ///< What the town set because the text is silent: `publicity`.
  std::map<std::string, std::string> titles;  ///< Chinese titles of the fields it reads.
};

/// What the desk needs to know of the item.
HandlingSettings handling_settings(const Policy& policy);

/// Every profile field whose value can change the outcome, amounts included.
std::set<std::string> fields_of(const Policy& policy);

/// Derives what is stored for speed only (thresholds as text). Call it once after a policy was put together.
void finish(Policy& policy);

/// The form that is stored and hashed (canonical_json makes the octets). Nothing in it is derived.
Json to_json(const Policy& policy);

/// Calls `visit(clause)` for the clause and everything below it, in the order of the text.
template <class Visit>
void for_each_clause(const Clause& clause, const Visit& visit) {
  visit(clause);
  for (const auto& child : clause.children) for_each_clause(child, visit);
}

}  // namespace zhida::matching
