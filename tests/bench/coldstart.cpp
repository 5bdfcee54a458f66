// bench_coldstart: how long a hub that starts takes until the matching engine is ready, beside reading the same
// profiles from the same store and doing nothing with them.
//   bench_coldstart FIRMS MAPPINGS [--rounds N] [--threads N]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "figures.h"
#include "flow/match_index.h"
#include "match_town.h"
#include "platform/storage/database.h"
#include "stages/mapping/fields.h"
#include "stages/matching/engine/parallel.h"
#include "stages/matching/policy_file.h"
#include "stages/profile/profile_store.h"
#include "support/temp_folder.h"

namespace zhida::bench {
namespace {

using namespace std::chrono_literals;

template <class T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().code + ": " + result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

class ColdStart {
 public:
  ColdStart(std::size_t firms, const std::string& mappings, unsigned threads) : firms_(firms), threads_(threads) {
    std::vector<Finding> findings;
    rules_.catalogue = value_of(mapping::load_fields(mappings + "/fields.yaml", findings));
    rules_.sizes = value_of(profile::SizeRules::parse(value_of(read_file(mappings + "/codes/sme_size.csv"))));
    rules_.default_division = "330500";
    matching::PolicyFindings faults;
    for (auto& source : value_of(matching::load_policies({mappings + "/policies"}, rules_.catalogue, faults)))
      items_.push_back(std::move(source.policy));
    storage::DatabaseConfig config;
    config.url = "sqlite://" + folder_.file("hub.db");
    config.readers = threads + 2;
    database_ = value_of(storage::Database::open(config));
    (void)value_of(storage::migrate(*database_));
    fill();
  }

  /// The reading of the index, and nothing else.
  double read_only() {
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::string> usccs;
    value_of(database_->read([&](storage::Transaction& transaction) -> Result<void> {
      usccs = TRY(profile::all_firms(transaction));
      return ok();
    }));
    std::atomic<std::size_t> next{0}, firms{0};
    matching::engine::in_parallel(threads_, [&](unsigned) {
      constexpr std::size_t kAtOnce = 1'000;
      for (auto from = next.fetch_add(kAtOnce); from < usccs.size(); from = next.fetch_add(kAtOnce)) {
        const auto last = std::min(from + kAtOnce, usccs.size()) - 1;
        value_of(database_->read([&](storage::Transaction& transaction) -> Result<void> {
          firms += TRY(profile::load_profiles_between(transaction, usccs[from], usccs[last], day_, rules_)).size();
          return ok();
        }));
      }
    });
    if (firms != firms_) throw std::runtime_error("Not every firm was read.");
    return seconds_since(begin);
  }

  double until_ready() {
    std::atomic<bool> loaded = false;
    flow::MatchIndex index(*database_, rules_, {true, threads_}, [&] {
      loaded = true;
      loaded.notify_one();
    });
    const auto begin = std::chrono::steady_clock::now();
    value_of(index.settle(items_, day_, 0, 0));
    loaded.wait(false);
    value_of(index.settle(items_, day_, 0, 0));
    const auto took = seconds_since(begin);
    const auto state = index.state();
    if (state.phase != flow::MatchIndexState::Phase::ready || state.firms != static_cast<std::int64_t>(firms_))
      throw std::runtime_error("The engine is not ready: " + state.error_code);
    octets_a_firm = static_cast<double>(state.octets) / static_cast<double>(state.firms);
    const auto survey = std::chrono::steady_clock::now();
    const auto found = value_of(index.differing(true, false));
    survey_seconds = seconds_since(survey);
    found_by_survey = found.size();
    return took;
  }

  std::size_t rows() const { return rows_; }
  std::size_t items() const { return items_.size(); }
  double fill_seconds = 0, octets_a_firm = 0, survey_seconds = 0;
  std::size_t found_by_survey = 0;

 private:
  /// The rows that the profile stage writes, many at once. Values lie about the limits of the items.
  void fill() {
    const auto begin = std::chrono::steady_clock::now();
    std::map<std::string, std::vector<FieldData>> asked;
    for (const auto& item : items_) {
      for (const auto& field : matching::fields_of(item)) asked[field];
      matching::for_each_clause_of(item, [&](const matching::Clause& clause) {
        auto& operands = asked[clause.field];
        operands.insert(operands.end(), clause.operands.begin(), clause.operands.end());
      });
    }
    std::vector<const FieldSpec*> fields;
    for (const auto& [name, operands] : asked)
      if (const auto* spec = rules_.catalogue.find(name); spec != nullptr && spec->derived_by.empty())
        fields.push_back(spec);
    Dice dice(7);
    constexpr std::size_t kFirmsAtOnce = 5'000, kRowsAtOnce = 100;
    for (std::size_t from = 0; from < firms_; from += kFirmsAtOnce)
      value_of(database_->write([&](storage::Transaction& transaction) -> Result<void> {
        storage::Values values;
        const auto flush = [&](std::size_t rows) -> Result<void> {
          if (rows == 0) return ok();
          std::string sql =
              "INSERT INTO profile_value (uscc, field, source, record_type, record_key, data_text, data_type, as_of, "
              "received_at, record_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
          for (std::size_t i = 1; i < rows; ++i) sql += ", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
          (void)TRY(transaction.execute(sql, values));
          values.clear();
          return ok();
        };
        for (std::size_t firm = from; firm < std::min(firms_, from + kFirmsAtOnce); ++firm) {
          const auto uscc = Town::uscc(firm);
          const std::string division = dice.below(3) == 0 ? "330503" : "330502";
          (void)TRY(transaction.execute(
              "INSERT INTO enterprise (uscc, division, name, sequence, first_seen, updated_at, organisation_code) "
              "VALUES (?, ?, ?, 1, 0, 0, ?)",
              {uscc, division, "企业" + std::to_string(firm), uscc.substr(8, 9)}));
          for (const auto* spec : fields) {
            if (dice.below(3) == 0) continue;  // Nobody knows everything of a firm.
            const auto data = data_of(*spec, asked[spec->name], dice);
            for (storage::Value& value : storage::Values{
                     uscc, spec->name, std::string("tax"), std::string("dice"), spec->name, to_text(data),
                     std::string(to_text(spec->row_type())),
                     day_.plus_days(-static_cast<int>(dice.below(300))).to_string(), std::int64_t{0}, std::int64_t{1}})
              values.push_back(std::move(value));
            ++rows_;
            if (values.size() < kRowsAtOnce * 10) continue;
            CHECK_OK(flush(kRowsAtOnce));
          }
        }
        return flush(values.size() / 10);
      }));
    fill_seconds = seconds_since(begin);
  }

  FieldData data_of(const FieldSpec& spec, const std::vector<FieldData>& operands, Dice& dice) const {
    const auto* operand = operands.empty() ? nullptr : &operands[dice.below(operands.size())];
    switch (spec.type) {
      case FieldType::boolean:
        return dice.below(4) != 0;
      case FieldType::date:
        return day_.plus_days(-static_cast<int>(dice.below(900)));
      case FieldType::integer:
      case FieldType::money_fen:
      case FieldType::rate_ppm: {
        const auto* number = operand == nullptr ? nullptr : std::get_if<std::int64_t>(operand);
        return (number == nullptr ? 100'000 : *number) + static_cast<std::int64_t>(dice.below(1'000)) - 500;
      }
      case FieldType::text:
      case FieldType::code:
        break;
    }
    const auto* text = operand == nullptr ? nullptr : std::get_if<std::string>(operand);
    return text == nullptr ? std::string("其他") : *text;
  }

  const std::size_t firms_;
  const unsigned threads_;
  const Date day_ = value_of(Date::parse("2025-11-03"));
  test::TempFolder folder_;
  profile::ProfileRules rules_;
  std::vector<matching::Policy> items_;
  std::unique_ptr<storage::Database> database_;
  std::size_t rows_ = 0;
};

int main_of(int count, char** words) {
  std::vector<std::string> plain;
  int rounds = 5;
  auto threads = std::max(1u, std::thread::hardware_concurrency());
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--rounds" && i + 1 < count)
      rounds = std::atoi(words[++i]);
    else if (word == "--threads" && i + 1 < count)
      threads = static_cast<unsigned>(std::atoi(words[++i]));
    else
      plain.push_back(word);
  }
  const auto firms = plain.empty() ? 0 : std::strtoull(plain[0].c_str(), nullptr, 10);
  if (plain.size() != 2 || firms == 0 || rounds < 1 || threads < 1) {
    std::fprintf(stderr, "usage: bench_coldstart FIRMS MAPPINGS [--rounds N] [--threads N]\n");
    return 2;
  }
  // A quarter of them as well: what is linear shows.
  for (const auto number : {firms / 4, firms}) {
    if (number == 0) continue;
    ColdStart start(number, plain[1], threads);
    std::printf("%llu firms, %zu rows of profiles, %zu items, %u threads; written in %.1f s\n",
                static_cast<unsigned long long>(number), start.rows(), start.items(), threads, start.fill_seconds);
    std::vector<double> readings, starts, ratios;
    for (int round = 0; round < rounds; ++round) {
      readings.push_back(start.read_only());
      starts.push_back(start.until_ready());
      ratios.push_back(starts.back() / readings.back());
    }
    const auto a_firm = [&](double seconds) { return 1e6 * seconds / static_cast<double>(number); };
    std::printf(
        "  reading them alone %.2f s (%.1f us a firm), ready engine %.2f s (%.1f us a firm), %.0f octets a firm\n",
        median(readings), a_firm(median(readings)), median(starts), a_firm(median(starts)), start.octets_a_firm);
    std::printf("  all items on all firms against the stored verdicts (none): %.3f s, %zu firms found\n",
                start.survey_seconds, start.found_by_survey);
    if (number == firms) {
      const auto ratio = median(ratios);
      std::printf("  for 1,000,000 firms by these: %.0f s\n", a_firm(median(starts)));
      goal("cold_start_by_reading", ratio, 1.5, ratio <= 1.5);
    }
  }
  return 0;
}

}  // namespace
}  // namespace zhida::bench

int main(int count, char** words) {
  try {
    return zhida::bench::main_of(count, words);
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "%s\n", fault.what());
    return 1;
  }
}
