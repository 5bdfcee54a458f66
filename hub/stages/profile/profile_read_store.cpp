#include <algorithm>
#include <map>
#include <set>

#include "stages/profile/merge.h"
#include "stages/profile/profile_store.h"

namespace zhida::profile {
namespace {

using storage::Rows;
using storage::Transaction;
using storage::Values;

using CoverageByList = std::map<std::string, std::vector<Coverage>, std::less<>>;

Result<CoverageByList> load_coverage(Transaction& transaction) {
  CoverageByList out;
  for (const auto& row : TRY(transaction.query(
           "SELECT source, list_id, as_of, received_at, record_id FROM list_coverage", {}, "tttii"))) {
    const Date as_of = TRY(Date::parse(row.text(2)));
    out[row.text(1)].push_back({row.text(0), as_of, from_millis(row.integer(3)), row.integer(4)});
  }
  return out;
}

constexpr const char* kValueColumns =
    "SELECT uscc, field, source, record_type, record_key, data_text, data_type, as_of, received_at, record_id FROM "
    "profile_value WHERE uscc ";
constexpr const char* kEnterpriseColumns = "SELECT uscc, division, name, sequence FROM enterprise WHERE uscc ";

using CandidatesByField = std::map<std::string, std::vector<Candidate>, std::less<>>;

Result<Candidate> read_candidate(const storage::Row& row, const FieldSpec& spec) {
  Candidate out;
  out.record_key = row.text(4);
  out.value.source = row.text(2);
  out.value.record_type = row.text(3);
  out.value.as_of = TRY(Date::parse(row.text(7)));
  out.value.received = from_millis(row.integer(8));
  out.value.record_id = row.integer(9);
  if (row.is_null(5)) {
    out.kind = row.text(6) == "unreadable" ? Candidate::Kind::unreadable : Candidate::Kind::nothing;
    return out;
  }
  auto data = parse_field_data(spec.row_type(), row.text(5));
  // The field's declared type was changed and the row not yet read again: its value is not known.
  if (!data) {
    out.kind = Candidate::Kind::unreadable;
  } else {
    out.value.data = std::move(data.value());
  }
  return out;
}

EnterpriseProfile assemble(const storage::Row& enterprise, const CandidatesByField& candidates,
                           const CoverageByList& coverage, Date on, const ProfileRules& rules) {
  static const std::vector<Candidate> kNoCandidates;
  static const std::vector<Coverage> kNoCoverage;
  EnterpriseProfile profile;
  profile.uscc = enterprise.text(0);
  profile.division = enterprise.text(1);
  profile.name = enterprise.text(2);
  profile.sequence = enterprise.integer(3);
  profile.as_of = on;
  for (const auto& [name, spec] : rules.catalogue.all()) {
    const auto rows = candidates.find(name);
    const auto list = spec.covered_by.empty() ? coverage.end() : coverage.find(spec.covered_by);
    if (rows == candidates.end() && list == coverage.end()) continue;
    profile.fields.emplace(name, merge_field(spec, rows == candidates.end() ? kNoCandidates : rows->second,
                                             list == coverage.end() ? kNoCoverage : list->second, on));
  }
  derive_fields(profile, rules.catalogue, rules.sizes);
  return profile;
}

/// Enterprises and values by the same condition, both ordered by USCC.
Result<std::vector<EnterpriseProfile>> load(Transaction& transaction, const Rows& enterprises,
                                            const std::string& condition, const Values& values, Date on,
                                            const ProfileRules& rules, const CoverageByList& coverage) {
  const Rows rows = TRY(transaction.query(kValueColumns + condition + " ORDER BY uscc, field", values, "ttttttttii"));
  std::vector<EnterpriseProfile> out;
  out.reserve(enterprises.size());
  auto next = rows.begin();
  for (const auto& enterprise : enterprises) {
    CandidatesByField candidates;
    while (next != rows.end() && next->text(0) < enterprise.text(0)) ++next;
    for (; next != rows.end() && next->text(0) == enterprise.text(0); ++next) {
      const FieldSpec* const spec = rules.catalogue.find(next->text(1));
      if (spec != nullptr) candidates[spec->name].push_back(TRY(read_candidate(*next, *spec)));
    }
    out.push_back(assemble(enterprise, candidates, coverage, on, rules));
  }
  return out;
}

}  // namespace

Result<EnterpriseProfile> load_profile(Transaction& transaction, const std::string& uscc, Date on,
                                       const ProfileRules& rules) {
  auto profiles = TRY(load_profiles(transaction, std::vector<std::string>{uscc}, on, rules));
  if (profiles.empty()) return refuse("enterprise_unknown", "The hub knows no firm with the code " + uscc + ".");
  return std::move(profiles.front());
}

Result<std::vector<EnterpriseProfile>> load_profiles(Transaction& transaction, const std::string& after,
                                                     std::size_t count_max, Date on, const ProfileRules& rules) {
  const Rows enterprises = TRY(transaction.query(std::string(kEnterpriseColumns) + "> ? ORDER BY uscc LIMIT ?",
                                                 {after, static_cast<std::int64_t>(count_max)}, "ttti"));
  if (enterprises.empty()) return std::vector<EnterpriseProfile>{};
  const auto coverage = TRY(load_coverage(transaction));
  return load(transaction, enterprises, "> ? AND uscc <= ?", {after, enterprises.back().text(0)}, on, rules, coverage);
}

Result<std::vector<EnterpriseProfile>> load_profiles(Transaction& transaction, const std::vector<std::string>& usccs,
                                                     Date on, const ProfileRules& rules) {
  constexpr std::size_t kAtOnce = 32;
  std::string list = "IN (?";
  for (std::size_t i = 1; i < kAtOnce; ++i) list += ", ?";
  list += ")";
  const auto coverage = TRY(load_coverage(transaction));
  const std::set<std::string> wanted(usccs.begin(), usccs.end());
  std::vector<EnterpriseProfile> out;
  for (auto next = wanted.begin(); next != wanted.end();) {
    Values values;
    const bool single = wanted.size() == 1;
    for (; next != wanted.end() && values.size() < kAtOnce; ++next) values.emplace_back(*next);
    if (!single) values.resize(kAtOnce, values.back());
    const std::string condition = single ? "= ?" : list;
    const Rows enterprises = TRY(transaction.query(kEnterpriseColumns + condition + " ORDER BY uscc", values, "ttti"));
    auto profiles = TRY(load(transaction, enterprises, condition, values, on, rules, coverage));
    std::move(profiles.begin(), profiles.end(), std::back_inserter(out));
  }
  return out;
}

Result<std::vector<EnterpriseProfile>> load_profiles_between(Transaction& transaction, const std::string& first,
                                                             const std::string& last, Date on,
                                                             const ProfileRules& rules) {
  const std::string condition = "BETWEEN ? AND ?";
  const Values values = {first, last};
  const Rows enterprises = TRY(transaction.query(kEnterpriseColumns + condition + " ORDER BY uscc", values, "ttti"));
  const auto coverage = TRY(load_coverage(transaction));
  return load(transaction, enterprises, condition, values, on, rules, coverage);
}

Result<std::vector<std::string>> all_firms(Transaction& transaction) {
  std::vector<std::string> out;
  for (const auto& row : TRY(transaction.query("SELECT uscc FROM enterprise ORDER BY uscc", {}, "t")))
    out.push_back(row.text(0));
  return out;
}

Result<std::vector<std::string>> firms_after(Transaction& transaction, const std::string& after,
                                             std::size_t count_max) {
  std::vector<std::string> out;
  for (const auto& row : TRY(transaction.query("SELECT uscc FROM enterprise WHERE uscc > ? ORDER BY uscc LIMIT ?",
                                               {after, static_cast<std::int64_t>(count_max)}, "t")))
    out.push_back(row.text(0));
  return out;
}

Result<std::int64_t> last_change(Transaction& transaction) {
  return TRY(transaction.query("SELECT coalesce(max(sequence), 0) FROM profile_change", {}, "i")).front().integer(0);
}

Result<ProfileChanges> changes_since(Transaction& transaction, std::int64_t after_sequence, std::size_t rows_max) {
  ProfileChanges out;
  out.through_sequence = after_sequence;
  std::set<std::string> firms;
  for (const auto& row :
       TRY(transaction.query("SELECT sequence, uscc FROM profile_change WHERE sequence > ? ORDER BY sequence LIMIT ?",
                             {after_sequence, static_cast<std::int64_t>(rows_max)}, "it"))) {
    out.through_sequence = row.integer(0);
    firms.insert(row.text(1));
  }
  out.usccs.assign(firms.begin(), firms.end());
  return out;
}

Result<std::vector<ChangeRow>> history(Transaction& transaction, const std::string& uscc, std::size_t rows_max) {
  std::vector<ChangeRow> out;
  for (const auto& row : TRY(transaction.query(
           "SELECT c.sequence, c.field, c.old_text, c.new_text, r.source, r.record_type, r.record_key, c.record_id, "
           "c.at, "
           "c.trace_id FROM profile_change c LEFT JOIN source_record r ON r.id = c.record_id WHERE c.uscc = ? ORDER BY "
           "c.sequence DESC LIMIT ?",
           {uscc, static_cast<std::int64_t>(rows_max)}, "ittttttiit"))) {
    ChangeRow change;
    change.sequence = row.integer(0);
    change.field = row.text(1);
    change.old_text = row.text_or(2, "");
    change.new_text = row.text_or(3, "");
    change.source = row.text_or(4, "");
    change.record_type = row.text_or(5, "");
    change.record_key = row.text_or(6, "");
    change.record_id = row.integer(7);
    change.at = from_millis(row.integer(8));
    change.trace_id = row.text(9);
    out.push_back(std::move(change));
  }
  return out;
}

Result<LoggedValues> logged_values(Transaction& transaction, const std::string& uscc, std::int64_t sequence) {
  LoggedValues out;
  for (const auto& row : TRY(transaction.query(
           "SELECT field, record_id, new_text FROM profile_change WHERE uscc = ? AND sequence <= ? ORDER BY sequence",
           {uscc, sequence}, "tit")))
    out.insert_or_assign({row.text(0), row.integer(1)},
                         row.is_null(2) ? std::optional<std::string>() : std::optional(row.text(2)));
  return out;
}

namespace {

struct FieldDay {
  const FieldSpec* spec;
  Date as_of;
  Date stale_on() const { return as_of.plus_days(spec->fresh_for_days + 1); }
};

/// Every pair of a field that goes stale and a day that a value of it has: one pass over the table.
Result<std::vector<FieldDay>> field_days(Transaction& transaction, const ProfileRules& rules) {
  std::vector<FieldDay> out;
  for (const auto& row : TRY(transaction.query("SELECT DISTINCT field, as_of FROM profile_value", {}, "tt"))) {
    const FieldSpec* const spec = rules.catalogue.find(row.text(0));
    if (spec == nullptr || spec->fresh_for_days == 0) continue;
    const Date as_of = TRY(Date::parse(row.text(1)));
    out.push_back({spec, as_of});
  }
  return out;
}

/// The same for the lists that cover fields.
std::vector<FieldDay> covered_days(const CoverageByList& coverage, const ProfileRules& rules) {
  std::vector<FieldDay> out;
  for (const auto& [name, spec] : rules.catalogue.all()) {
    const auto list = coverage.find(spec.covered_by);
    if (spec.fresh_for_days == 0 || list == coverage.end()) continue;
    for (const auto& seen : list->second) out.push_back({&spec, seen.as_of});
  }
  return out;
}

}  // namespace

Result<std::vector<std::string>> becoming_stale(Transaction& transaction, Date after, Date through,
                                                const ProfileRules& rules) {
  const auto due = [&](const FieldDay& day) { return day.stale_on() > after && day.stale_on() <= through; };
  const auto covered = covered_days(TRY(load_coverage(transaction)), rules);
  std::vector<std::string> out;
  if (std::any_of(covered.begin(), covered.end(), due)) {
    for (const auto& row : TRY(transaction.query("SELECT uscc FROM enterprise ORDER BY uscc", {}, "t")))
      out.push_back(row.text(0));
    return out;
  }
  std::set<std::pair<std::string, std::string>> pairs;
  for (const auto& day : TRY(field_days(transaction, rules))) {
    if (due(day)) pairs.emplace(day.spec->name, day.as_of.to_string());
  }
  if (pairs.empty()) return out;
  // The database picks them out: all firms' values are too many to be carried here.
  constexpr std::size_t kAtOnce = 128;
  static const std::string kSql = [] {
    std::string sql = "SELECT DISTINCT uscc FROM profile_value WHERE field || ' ' || as_of IN (?";
    for (std::size_t i = 1; i < kAtOnce; ++i) sql += ", ?";
    return sql + ")";
  }();
  std::set<std::string> firms;
  for (auto next = pairs.begin(); next != pairs.end();) {
    Values values;
    for (; next != pairs.end() && values.size() < kAtOnce; ++next)
      values.emplace_back(next->first + " " + next->second);
    values.resize(kAtOnce, values.back());
    for (const auto& row : TRY(transaction.query(kSql, values, "t"))) firms.insert(row.text(0));
  }
  out.assign(firms.begin(), firms.end());
  return out;
}

Result<std::optional<Date>> next_staleness(Transaction& transaction, Date after, const ProfileRules& rules) {
  std::optional<Date> next;
  const auto consider = [&](const FieldDay& day) {
    const Date stale_on = day.stale_on();
    if (stale_on > after && (!next || stale_on < *next)) next = stale_on;
  };
  for (const auto& day : covered_days(TRY(load_coverage(transaction)), rules)) consider(day);
  for (const auto& day : TRY(field_days(transaction, rules))) consider(day);
  return next;
}

Result<ProfileCounts> counts(Transaction& transaction) {
  const auto rows =
      TRY(transaction.query("SELECT (SELECT count(*) FROM enterprise), (SELECT count(*) FROM "
                            "profile_value), (SELECT coalesce(max(sequence), 0) FROM profile_change)",
                            {}, "iii"));
  return ProfileCounts{rows.front().integer(0), rows.front().integer(1), rows.front().integer(2)};
}

}  // namespace zhida::profile
