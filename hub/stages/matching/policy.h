#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
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
#include "stages/matching/expression.h"

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
  all_of,        ///< A field that holds several codes (joined by `、`) has every one of the given ones.
  any_of,        ///< … has at least one of them.
  /// The benefit was not had before, or not within `months`: the field is the day it was last received, kNeverReceived
  /// where it never was.
  not_received,
  no_event_within,  ///< The field is the day of the last event; none lies within the last `months` months.
};
const char* to_text(Operator op);
/// The canonical name, or one of = != < <= > >= (`!=` is not_in with one value).
std::optional<Operator> operator_from(std::string_view text);
/// The day (the first that a Date can be written as) that stands for "never" in fields that hold the day of the last
/// event or receipt: a known value, not a gap.
inline Date never() {
  return Date(std::chrono::sys_days(std::chrono::year(1000) / 1 / 1));
}

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
  /// Only a value of one of these sources counts, another's is unknown; empty: any source.
  std::vector<std::string> sources;
  int months = 0;       ///< not_received, no_event_within: how far back is looked; 0: ever.
  std::string article;  ///< Where in the document it stands: `第三条`; empty where not known.
  /// Region data in place of operands: name of the datum for operand i, empty where operands[i] stands for itself.
  /// Empty altogether for most clauses. Without an entry for the firm's region the clause is unknown. specialised()
  /// puts the values in.
  std::vector<std::string> operand_data;
  /// Where the condition does not hold, the clause is unknown, not not_met. Only amount_needs() makes such clauses.
  bool false_is_unknown = false;

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
  /// Instead of `by`: for each code the field that counts how many there are; the sum is Σ count × amount.
  std::map<std::string, std::string> counts{};
};
/// So much for each unit of a count field, at most `units_max` units.
struct PerUnitAmount {
  std::string count;
  Money unit_amount;
  std::optional<std::int64_t> units_max;
  std::string unit_datum{};  ///< Instead of unit_amount: `unit_factor` times this datum of the firm's region.
  std::int64_t unit_factor = 1;
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
/// The tier that holds decides: a sum, or a share of `base`. Tiers exclude one another (the checker sees to it); a firm
/// that lies in none is entitled to nothing.
struct TierAmount {
  struct Tier {
    Clause when;
    std::optional<Money> amount;
    std::int64_t rate_ppm = 0;  ///< Where there is no amount.
  };
  std::string base;  ///< Money; empty where every tier is a sum.
  std::vector<Tier> tiers;
  bool is_lookup = false;  ///< Written as family `lookup` with rows: the same, by another name.
};
/// Marginal rates: each band's rate applies to the part of the base that lies in it.
struct BandsAmount {
  struct Band {
    std::optional<Money> upto;  ///< Included; nullopt in the last band: no end.
    std::int64_t rate_ppm = 0;
  };
  std::string base;
  std::vector<Band> bands;  ///< In rising order.
};
/// Arithmetic over fields, exact, rounded once.
struct FormulaAmount {
  Expression formula;
};
/// What was really spent, or a share of it. With `months` the base is what a month cost.
struct ActualCostAmount {
  std::string base;
  std::int64_t rate_ppm = 1'000'000;
  std::string months;
  std::optional<std::int64_t> months_max;
};
/// Interest: principal × yearly rate × share × months / 12.
struct InterestAmount {
  std::string principal;
  std::optional<Money> principal_max;
  std::int64_t rate_ppm = 0;  ///< A year; used where `rate_field` is empty.
  std::string rate_field;     ///< The loan's own reference rate, a rate field.
  std::int64_t share_ppm = 1'000'000;
  std::string months;
  std::optional<std::int64_t> months_max;
};
/// Paid in stages, each when its own condition holds. A stage whose condition is unknown waits; the item as a whole
/// needs no stage. Family `schedule`.
struct StagesAmount {
  struct Stage {
    std::string id;  ///< The tranche: `year1`.
    Clause when;     ///< `all` of nothing: unconditional.
    Money amount;
  };
  std::vector<Stage> stages;
};
/// The text states no sum, or somebody else decides it: met without an amount, and nothing is paid by us.
struct NoAmount {};

using AmountRule =
    std::variant<FixedAmount, RatioAmount, LookupAmount, PerUnitAmount, ScheduleAmount, ReliefAmount, TierAmount,
                 BandsAmount, FormulaAmount, ActualCostAmount, InterestAmount, StagesAmount, NoAmount>;

/// The first that holds multiplies the sum; none: the sum stays as it is.
struct Multiplier {
  Clause when;
  std::int64_t factor_ppm = 1'000'000;
  std::optional<Money> cap;  ///< Replaces the general cap.
};
/// A ceiling that depends on the firm: a share of a money field.
struct FieldCap {
  std::string field;
  std::int64_t rate_ppm = 1'000'000;
};
/// Added to the main rule before rounding.
struct AmountPart {
  AmountRule rule;
  std::string text;
  bool optional =
      false;  ///< A firm that lies in none of its tiers gets nothing of this part, and the rest all the same.
};
/// Who bears which share of the sum (市, 区). Shares add up to the whole; what rounding leaves goes to the first.
struct CoFunder {
  std::string payer;
  std::int64_t share_ppm = 0;
};

struct Amount {
  AmountRule rule = ReliefAmount{};
  std::string text;  ///< Chinese, our own words.
  std::optional<Money> cap;
  Rounding rounding = Rounding::half_up;  ///< Applied once, at the end.
  std::int64_t rounding_unit_fen = 1;
  std::vector<FieldCap> field_caps;
  std::vector<Multiplier> multipliers;
  std::vector<AmountPart> parts;
  std::vector<CoFunder> co_funding;
};
/// `fixed`, `ratio`, `lookup`, `per_unit`, `tier`, `bands`, `formula`, `actual_cost`, `interest`, `schedule`, `relief`,
/// `none`
const char* family_of(const Amount& amount);
/// All of them.
std::vector<std::string> amount_families();

/// Where a limit comes from: from the policy's own text, or from this town's settings.
enum class Basis { stated, local };
const char* to_text(Basis basis);

struct Publicity {
  int working_days = 0;  ///< The first day counts.
  Basis basis = Basis::local;
};

/// Where the money comes from. Casework knows three ways of handling it (Channel): a tax refund is a decision that the
/// tax bureau carries out, as the fund does; a pool is drawn on by payment requests, as an appropriation is.
enum class Funding { appropriation, social_insurance_fund, tax_refund, relief, pool };
const char* to_text(Funding funding);
std::optional<Funding> funding_from(std::string_view text);

/// What happens after the match: by whom it is decided, how it is paid.
struct Handling {
  Channel channel = Channel::appropriation;
  Funding funding = Funding::appropriation;
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
  std::string unit;
};

/// A field computed from others: unknown if a part of it is. As old as its oldest part.
struct DerivedField {
  std::string name;
  std::string title;
  FieldType type = FieldType::integer;  ///< int, money or rate.
  std::string unit;
  Expression formula;
  Rounding rounding = Rounding::half_up;
};

/// What a region sets for itself (minimum wage, required ratio). Part of the published item, so that its hash covers
/// it. The most specific region that the firm's division lies in counts.
struct RegionDatum {
  std::string name;  ///< `region.required_ratio`
  std::string title;
  FieldType type = FieldType::integer;
  std::string unit;
  std::map<std::string, FieldData> values;  ///< By GB/T 2260 code.
  /// The value for a division; null where no entry covers it.
  const FieldData* find(std::string_view division) const;
};

/// Who comes first where there is not enough for all.
struct Ranking {
  std::string by;  ///< Number or date.
  bool descending = true;
  std::int64_t quota = 0;  ///< How many firms; 0: as many as the pool lasts for.
  std::string rank_field;  ///< The virtual field that the ranking sets: an int, from 1.
};
/// All that there is for an item in its period.
struct Pool {
  Money total;
  bool in_proportion = false;  ///< Everybody gets less, instead of first come, first served.
};

/// Rows about persons behind a count field: each is judged by itself, and a person counts once for a benefit.
struct PersonCount {
  std::string count_field;  ///< The firm's field that the count becomes.
  Clause when;              ///< Over the person's fields.
  std::string benefit;      ///< Once per person for this benefit; empty: no such limit.
  int keep_months = 0;      ///< How long the salted digest of a person who counted is kept.
};

/// What kind of item it is, by how firms are found.
enum class ItemKind {
  conditions,  ///< 条件类: computed.
  list,        ///< 名单类: a department hands in the firms.
  reminder,    ///< 暂难数据化: cannot be computed; firms are told of it and apply.
};
const char* to_text(ItemKind kind);

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

  ItemKind kind = ItemKind::conditions;
  std::vector<DerivedField> derived;  ///< Each uses only fields and derived fields before it.
  std::vector<RegionDatum> region_data;
  std::optional<Ranking> ranking;
  std::optional<Pool> pool;
  std::vector<PersonCount> persons;
  std::string exclusive_group;         ///< 从高不重复: of the items of one group a firm gets the best.
  std::vector<std::string> not_with;   ///< Items or groups that it may not be added to, one way or the other.
  std::vector<std::string> benefits;   ///< Names under which others ask whether it was received, beside its id.
  bool stackable = false;              ///< 可叠加享受, said by the text.
  std::vector<std::string> uncertain;  ///< What the source leaves open, for people.
};

/// What the desk needs to know of the item.
HandlingSettings handling_settings(const Policy& policy);

/// Every profile field whose value can change the outcome, amounts included.
std::set<std::string> fields_of(const Policy& policy);

/// The item as it is for one region on one day: region data, windows in months and receipts are plain comparisons with
/// a value; `when` then holds nothing but fields, literal operands and the operators up to any_of. The empty group
/// `all` is met, the empty group `any` is not; a condition on the field "" is unknown. So are the clauses inside the
/// amount.
Policy specialised(const Policy& policy, std::string_view division, Date day);
/// The same for one clause of the policy, or one that amount_needs() made of it.
Clause specialised(const Policy& policy, const Clause& clause, std::string_view division, Date day);

/// Whether an outcome can change by the mere passing of days, inside the item's period: windows, ages.
bool depends_on_day(const Policy& policy);
/// Whether the sum, or the parts payable now, of a firm that goes on meeting the item can change so.
bool sum_depends_on_day(const Policy& policy);

/// Derives what is stored for speed only (thresholds as text). Call it once after a policy was put together.
void finish(Policy& policy);

/// The form that is stored and hashed (canonical_json makes the octets). Nothing in it is derived.
Json to_json(const Policy& policy);
/// Reads that form back, finished but for its version. The same item again: same outcomes, same form. Error
/// `policy_body_malformed`.
Result<Policy> policy_from_json(const Json& json);

/// Calls `visit(clause)` for the clause and everything below it, in the order of the text.
template <class Visit>
void for_each_clause(const Clause& clause, const Visit& visit) {
  visit(clause);
  for (const auto& child : clause.children) for_each_clause(child, visit);
}

/// The same for every clause of the policy: conditions, tiers, stages, multipliers. Persons' clauses are not among
/// them.
void for_each_clause_of(const Policy& policy, const std::function<void(const Clause&)>& visit);

/// A condition or group that always holds.
Clause always();

}  // namespace zhida::matching
