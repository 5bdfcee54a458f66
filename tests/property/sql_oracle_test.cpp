// PostgreSQL as an oracle: items exported as SQL (stages/matching/sql.h) must say of every firm what the scalar
// evaluator and the engine say, met and unknown both. Items by dice, and the 41 items of mappings/policies on firms
// whose values lie around the items' own limits. ZHIDA_SEED=n repeats a run, ZHIDA_PAIRS=n and ZHIDA_LONG=1 make it
// longer.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "property/random_items.h"
#include "property/verdicts.h"
#include "stages/matching/amount.h"
#include "stages/matching/engine/lower.h"
#include "stages/matching/engine/partition.h"
#include "stages/matching/facts.h"
#include "stages/matching/sql.h"
#include "support/scratch_database.h"
#include "support/shell.h"
#include "unit/matching/scene.h"

namespace zhida::matching {
namespace {

using zhida::test::RandomItems;
using zhida::test::VerdictMatrix;

constexpr unsigned kThreads = 2;

std::string copy_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

/// What a column of the type may hold; anything else is unknown there.
bool fits_column(const FieldData& data, const std::string& type) {
  return type == "boolean"  ? std::holds_alternative<bool>(data)
         : type == "bigint" ? std::holds_alternative<std::int64_t>(data)
         : type == "date"   ? std::holds_alternative<Date>(data)
                            : std::holds_alternative<std::string>(data);
}

std::string cell(const EnterpriseProfile& firm, const SqlColumn& column) {
  auto name = column.name;
  const auto cut = [&](std::string_view end) {
    if (!name.ends_with(end)) return false;
    name.resize(name.size() - end.size());
    return true;
  };
  const bool as_of = cut(".as_of"), source = !as_of && cut(".source");
  const auto* state = firm.find(name);
  if (state == nullptr || !state->value) return "\\N";
  if (as_of) return state->value->as_of.to_string();
  if (source) return copy_text(state->value->source);
  return fits_column(state->value->data, column.type) ? copy_text(zhida::to_text(state->value->data)) : "\\N";
}

/// One table a set of firms, one query an item; what PostgreSQL's three values say.
VerdictMatrix judged_by_postgresql(const std::string& address, const std::vector<Policy>& policies,
                                   const std::vector<EnterpriseProfile>& firms, Date day) {
  const zhida::test::TempFolder folder;
  const auto columns = sql_columns(policies);
  {
    std::ofstream out(folder.file("ask.sql"), std::ios::binary);
    out << "\\set QUIET on\n\\set ON_ERROR_STOP on\nBEGIN;\nCREATE TEMPORARY TABLE firm (row integer, division text "
           "COLLATE \"C\"";
    for (const auto& column : columns) out << ", " << sql_name(column.name) << " " << column.type;
    out << ");\nCOPY firm FROM stdin;\n";
    for (std::size_t row = 0; row < firms.size(); ++row) {
      auto firm = firms[row];
      for (const auto& policy : policies) derive_into(policy, firm);
      out << row << "\t" << copy_text(firm.division);
      for (const auto& column : columns) out << "\t" << cell(firm, column);
      out << "\n";
    }
    out << "\\.\n";
    for (const auto& policy : policies)
      out << "SELECT string_agg(CASE verdict WHEN TRUE THEN 'T' WHEN FALSE THEN 'F' ELSE 'U' END, '' ORDER BY row) "
             "FROM "
             "(SELECT row, "
          << sql_verdict(policy, day) << " AS verdict FROM firm) AS judged;\n";
    out << "ROLLBACK;\n";
    BOOST_REQUIRE(out.flush());
  }
  const auto asked = zhida::test::run_shell(zhida::test::ScratchServer::program("psql") + " -XAtq -d '" + address +
                                            "' -f '" + folder.file("ask.sql") + "' 2>&1");
  BOOST_REQUIRE_MESSAGE(asked.status == 0, asked.out.substr(0, 2000));
  VerdictMatrix out;
  std::istringstream lines(asked.out);
  for (std::string line; std::getline(lines, line);) {
    BOOST_REQUIRE_MESSAGE(line.size() == firms.size(), line.substr(0, 500));
    auto& verdicts = out.emplace_back();
    for (const char c : line)
      verdicts.push_back(c == 'T' ? Verdict::met : c == 'F' ? Verdict::not_met : Verdict::unknown);
  }
  BOOST_REQUIRE_EQUAL(out.size(), policies.size());
  return out;
}

/// PostgreSQL, the scalar evaluator and the engine with each set of instructions. How often each verdict was found.
std::array<std::int64_t, 3> require_all_alike(const std::string& address, const std::vector<Policy>& policies,
                                              const std::vector<EnterpriseProfile>& firms, Date day,
                                              const std::string& seed) {
  const auto expected = judged_by_postgresql(address, policies, firms, day);
  zhida::test::require_same(policies, firms, expected, zhida::test::judged_by_scalar(policies, firms, day, kThreads),
                            seed + ", beside PostgreSQL the scalar evaluator");
  const engine::Lowering lowering(policies, day);
  const auto table = lowering.table_of(firms);
  const engine::Table* tables[] = {&table};
  const auto plan = engine::compile(lowering.model(), tables);
  for (const auto path : engine::available_paths()) {
    const engine::Partition partition(plan, table, path, 1);
    zhida::test::require_same(policies, firms, expected, zhida::test::judged_by_engine(*partition.snapshot(), path, 1),
                              seed + ", beside PostgreSQL the engine, " + engine::to_text(path) + ",");
  }
  std::array<std::int64_t, 3> counts{};
  for (const auto& verdicts : expected)
    for (const auto verdict : verdicts) ++counts[static_cast<std::size_t>(verdict)];
  return counts;
}

std::uint64_t seed_given(bool& given) {
  const char* text = std::getenv("ZHIDA_SEED");
  given = text != nullptr;
  return given ? std::strtoull(text, nullptr, 10) : std::uint64_t{std::random_device{}()};
}

/// How many pairs are wanted: so many, ten times as many with ZHIDA_LONG.
std::int64_t wanted_pairs(std::int64_t usual) {
  if (const char* given = std::getenv("ZHIDA_PAIRS")) return std::strtoll(given, nullptr, 10);
  return std::getenv("ZHIDA_LONG") != nullptr ? usual * 25 : usual;
}

/// Firms for items that exist: each field takes values that the items themselves name, their neighbours, and others.
class FirmsAround {
 public:
  FirmsAround(const std::vector<Policy>& policies, Date day, std::uint64_t seed) : day_(day), random_(seed) {
    for (const auto& policy : policies) {
      const auto note = [&](const Clause& clause) { this->note(policy, clause); };
      for_each_clause(policy.when, note);
      for_each_clause(amount_needs(policy), note);
      for (const auto& datum : policy.region_data)
        for (const auto& [region, value] : datum.values) regions_.insert(region);
      for (const auto& field : policy.derived)
        for (const auto& part : field.formula.fields()) {
          auto& known = fields_[part];
          if (known.near.empty())
            known = {FieldType::integer, {std::int64_t{0}, std::int64_t{1}, std::int64_t{1'000'000}}};
        }
    }
    regions_.insert({"330502", "330100", "110101"});
  }

  EnterpriseProfile firm() {
    EnterpriseProfile out;
    out.uscc = "firm";
    out.division = *std::next(regions_.begin(), below(static_cast<std::int64_t>(regions_.size())));
    out.as_of = day_;
    // Most firms know nearly everything: else hardly any verdict is anything but unknown.
    const auto known_share = below(3) == 0 ? 60 : 97;
    for (const auto& [name, field] : fields_) {
      if (below(100) >= known_share) continue;
      FieldState state;
      if (below(100) < known_share) {
        state.value.emplace();
        state.value->data = value(field);
        state.value->as_of = day_.plus_days(-static_cast<int>(below(below(4) == 0 ? 900 : 30)));
        state.value->source = kSources[below(std::size(kSources))];
      }
      out.fields[name] = std::move(state);
    }
    return out;
  }

 private:
  struct Field {
    FieldType type = FieldType::integer;
    std::vector<FieldData> near;
  };
  static constexpr const char* kSources[] = {"tax", "social_security", "market_supervision", "credit",
                                             "department_lists"};

  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(limit));
  }

  void note(const Policy& policy, const Clause& clause) {
    if (clause.kind != Clause::Kind::condition || clause.field.empty()) return;
    auto& field = fields_[clause.field];
    field.type = clause.type;
    const auto put = [&](const FieldData& data) {
      field.near.push_back(data);
      if (const auto* number = std::get_if<std::int64_t>(&data)) {
        if (*number > INT64_MIN) field.near.push_back(*number - 1);
        if (*number < INT64_MAX) field.near.push_back(*number + 1);
      } else if (const auto* date = std::get_if<Date>(&data)) {
        field.near.push_back(date->plus_days(1));
        if (*date > never()) field.near.push_back(date->plus_days(-1));
      } else if (const auto* text = std::get_if<std::string>(&data)) {
        if (clause.op == Operator::region_in) field.near.push_back(text->substr(0, 4) + "99");
        if (clause.op == Operator::industry_in) field.near.push_back(*text + "11");
        if (clause.op == Operator::any_of || clause.op == Operator::all_of) {
          std::string joined = *text;
          for (const auto& other : clause.operands) joined += "、" + std::get<std::string>(other);
          field.near.push_back(joined);
        }
      }
    };
    for (std::size_t i = 0; i < clause.operands.size(); ++i)
      if (i >= clause.operand_data.size() || clause.operand_data[i].empty()) put(clause.operands[i]);
    for (const auto& datum : policy.region_data)
      if (std::ranges::find(clause.operand_data, datum.name) != clause.operand_data.end())
        for (const auto& [region, value] : datum.values) put(value);
    if (clause.op == Operator::not_received || clause.op == Operator::no_event_within) {
      put(never());
      put(clause.months > 0 ? day_.plus_months(-clause.months) : day_);
    }
    if (clause.op == Operator::first_time) fields_[clause.field + "_first_time"].type = FieldType::boolean;
  }

  FieldData value(const Field& field) {
    if (!field.near.empty() && below(10) < 8)
      return field.near[static_cast<std::size_t>(below(static_cast<std::int64_t>(field.near.size())))];
    switch (field.type) {
      case FieldType::boolean:
        return below(2) == 0;
      case FieldType::date:
        return day_.plus_days(static_cast<int>(below(1500)) - 1300);
      case FieldType::code:
      case FieldType::text:
        return std::string(below(2) == 0 ? "其他" : "3511");
      default:
        return below(3) == 0 ? below(20) : below(20'000'000'000);
    }
  }

  Date day_;
  std::mt19937_64 random_;
  std::map<std::string, Field> fields_;
  std::set<std::string> regions_;
};

bool postgresql_is_here() {
  if (zhida::test::ScratchServer::available()) return true;
  std::cout << "SKIPPED: PostgreSQL is not installed.\n";
  return false;
}

}  // namespace

BOOST_AUTO_TEST_CASE(postgresql_the_scalar_evaluator_and_the_engine_judge_items_by_dice_alike) {
  if (!postgresql_is_here()) return;
  bool given = false;
  const auto seed = seed_given(given);
  const auto wanted = wanted_pairs(400'000);
  zhida::test::ScratchServer server;
  const auto address = server.new_database();
  std::array<std::int64_t, 3> verdicts{};
  std::int64_t pairs = 0;
  std::mt19937_64 dice(seed);
  for (auto next = seed; pairs < wanted; next = dice()) {
    RandomItems random(next);
    std::vector<Policy> policies;
    std::vector<EnterpriseProfile> firms;
    for (int i = 0; i < 80; ++i) policies.push_back(random.policy(i % 2 == 0));
    for (int i = 0; i < 500; ++i) firms.push_back(random.firm(RandomItems::day()));
    const auto counts =
        require_all_alike(address, policies, firms, RandomItems::day(), "ZHIDA_SEED=" + std::to_string(next));
    for (std::size_t i = 0; i < counts.size(); ++i) pairs += counts[i], verdicts[i] += counts[i];
    if (given) break;
  }
  BOOST_TEST_MESSAGE("seed " << seed << ": " << pairs << " pairs beside PostgreSQL, 0 disagreements");
  for (const auto count : verdicts) BOOST_TEST(count * 50 > pairs);  // The dice do reach all three.
}

BOOST_AUTO_TEST_CASE(postgresql_the_scalar_evaluator_and_the_engine_judge_the_41_items_alike) {
  if (!postgresql_is_here()) return;
  bool given = false;
  const auto seed = seed_given(given);
  const auto wanted = wanted_pairs(160'000);
  std::vector<Policy> policies;
  for (const auto& source : test::policies()) policies.push_back(source.policy);
  BOOST_REQUIRE_EQUAL(policies.size(), 41u);
  zhida::test::ScratchServer server;
  const auto address = server.new_database();
  std::array<std::int64_t, 3> verdicts{};
  std::int64_t pairs = 0;
  std::mt19937_64 dice(seed);
  for (auto next = seed; pairs < wanted; next = dice()) {
    // Items have periods: days before, within and after them.
    const auto day = Date::parse("2025-11-03").value().plus_days(static_cast<int>(next % 1200) - 500);
    FirmsAround around(policies, day, next);
    std::vector<EnterpriseProfile> firms;
    for (int i = 0; i < 1000; ++i) firms.push_back(around.firm());
    const auto counts = require_all_alike(address, policies, firms, day, "ZHIDA_SEED=" + std::to_string(next));
    for (std::size_t i = 0; i < counts.size(); ++i) pairs += counts[i], verdicts[i] += counts[i];
    if (given) break;
  }
  BOOST_TEST_MESSAGE("seed " << seed << ": " << pairs << " pairs of the 41 items beside PostgreSQL, 0 disagreements ("
                             << verdicts[static_cast<std::size_t>(Verdict::met)] << " met, "
                             << verdicts[static_cast<std::size_t>(Verdict::unknown)] << " unknown)");
  BOOST_TEST(verdicts[static_cast<std::size_t>(Verdict::met)] > 0);
}

}  // namespace zhida::matching
