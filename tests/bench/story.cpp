// bench_story ZHIDA_YAML [rounds] [firms]: records a second from received to durable profile through the real source
// door (mapping, sealed manifest, intake, merge, audit; SQLite synchronous=FULL), beside SQLite's own rate for the rows
// that this leaves behind, inserted with prepared statements and the same number of commits. Alternating rounds in one
// process, medians.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <vector>

#include "adapter_api/catalogue.h"
#include "adapters/town/numbers.h"
#include "adapters/town/random.h"
#include "flow/hub.h"
#include "flow/hub_settings.h"
#include "flow/source_door.h"

namespace {

using namespace zhida;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t kBatchRows = 500;
constexpr int kSources = 2;  // As many pull at once as there are cores.

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

SourceRecord row(const char* type, const std::string& key, Columns columns, Date as_of) {
  SourceRecord record;
  record.source = "tax";
  record.record_type = type;
  record.key = key;
  record.columns = std::move(columns);
  Json body = Json::object();
  for (const auto& [name, cell] : record.columns) body[name] = *cell;
  record.body = body.dump();
  record.as_of = as_of;
  return record;
}

/// Four rows a firm, as the tax bureau sends them.
std::vector<SourceRecord> rows_of(const std::vector<std::string>& firms, std::size_t from, std::size_t to, Date day) {
  std::vector<SourceRecord> rows;
  for (std::size_t i = from; i < to; ++i) {
    const std::string id = "1011920000" + std::to_string(1'000'000'000 + i);
    rows.push_back(row("tax.registration", id,
                       {{"djxh", id},
                        {"nsrsbh", firms[i]},
                        {"uni_social_crd_cd", firms[i]},
                        {"nsrmc", "样例企业" + std::to_string(i) + "有限公司"},
                        {"nsrzt_dm", "03"},
                        {"zzsqylx", "小规模纳税人"},
                        {"tax_dept_no", "13305020000"},
                        {"gxsj", "2025-10-31 08:00:00"}},
                       day));
    rows.push_back(row("tax.credit_grade", id + "-2024",
                       {{"djxh", id},
                        {"tax_no", firms[i]},
                        {"tax_credit_level", "Ａ级"},
                        {"evalua_year", "2024"},
                        {"evalua_result_start", "2025-4-1"},
                        {"evalua_result_end", "9999-9-9"}},
                       day));
    rows.push_back(row(
        "tax.arrears", id,
        {{"djxh", id}, {"tax_no", firms[i]}, {"cumu_own_amt", "0.00"}, {"own_tax_type", "无"}, {"tjrq", "20251031"}},
        day));
    rows.push_back(row("tax.sales", id + "-202510",
                       {{"djxh", id}, {"tax_no", firms[i]}, {"ssq", "202510"}, {"ysxse", "81,234.50"}}, day));
  }
  return rows;
}

double through_the_door(const std::string& settings_file, const std::string& store,
                        const std::vector<std::string>& firms) {
  auto loaded = flow::load_settings(settings_file, all_adapters());
  if (!loaded) {
    std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
    std::exit(2);
  }
  auto config = loaded.value().hub_config();
  config.database.url = "sqlite://" + store;
  auto hub = flow::Hub::create(config, {}, {});
  if (!hub) {
    std::fprintf(stderr, "%s\n", hub.error().message.c_str());
    std::exit(2);
  }
  const Date day = hub.value()->rooms().clock.today();
  // Received: the rows are in memory as an adapter has them.
  std::vector<std::vector<SourceBatch>> work(kSources);
  const std::size_t firms_per_batch = kBatchRows / 4;
  for (std::size_t from = 0, n = 0; from < firms.size(); from += firms_per_batch, ++n) {
    SourceBatch batch;
    batch.source = "tax";
    batch.batch_id = "bench-" + std::to_string(n);
    batch.origin = "bench";
    batch.records = rows_of(firms, from, std::min(firms.size(), from + firms_per_batch), day);
    work[n % kSources].push_back(std::move(batch));
  }
  const auto began = std::chrono::steady_clock::now();
  std::vector<std::thread> sources;
  for (auto& own : work)
    sources.emplace_back([&hub, &own] {
      for (auto& batch : own) {
        const auto taken = hub.value()->source_door().deliver(std::move(batch));
        if (!taken) {
          std::fprintf(stderr, "%s\n", taken.error().message.c_str());
          std::exit(2);
        }
        for (const auto& outcome : taken.value())
          if (outcome.kind != RecordOutcome::Kind::accepted) {
            std::fprintf(stderr, "%s was not accepted: %s\n", outcome.key.c_str(), outcome.message.c_str());
            std::exit(2);
          }
      }
    });
  for (auto& source : sources) source.join();
  return static_cast<double>(firms.size() * 4) / Seconds(std::chrono::steady_clock::now() - began).count();
}

/// The rows that the door left behind, inserted once more into the same tables (with their indexes) of an empty store.
double by_sqlite_alone(const std::string& filled, const std::string& store, std::size_t records) {
  const auto from =
      std::move(storage::Database::open({.url = "sqlite://" + filled, .password = {}, .readers = 1}).value());
  const auto to =
      std::move(storage::Database::open({.url = "sqlite://" + store, .password = {}, .readers = 1}).value());
  (void)storage::migrate(*to).value();
  struct Table {
    std::string insert;
    std::vector<storage::Values> rows;
  };
  std::vector<Table> tables;
  (void)from->read([&](storage::Transaction& transaction) -> Result<void> {
    for (const char* name : {"enterprise", "source_record", "profile_value", "profile_change"}) {
      Table table;
      std::string columns, marks, letters, list;
      for (const auto& column :
           TRY(transaction.query(std::string("SELECT name, type FROM pragma_table_info('") + name + "')", {}, "tt"))) {
        list += (list.empty() ? "" : ", ") + column.text(0);
        marks += marks.empty() ? "?" : ", ?";
        letters += column.text(1) == "INTEGER" ? 'i' : column.text(1) == "BLOB" ? 'b' : 't';
      }
      table.insert = std::string("INSERT INTO ") + name + " (" + list + ") VALUES (" + marks + ")";
      for (const auto& source : TRY(transaction.query(std::string("SELECT ") + list + " FROM " + name, {}, letters))) {
        storage::Values values;
        for (std::size_t i = 0; i < letters.size(); ++i) {
          if (source.is_null(i))
            values.emplace_back(nullptr);
          else if (letters[i] == 'i')
            values.emplace_back(source.integer(i));
          else if (letters[i] == 'b')
            values.emplace_back(storage::Blob{source.blob(i)});
          else
            values.emplace_back(source.text(i));
        }
        table.rows.push_back(std::move(values));
      }
      tables.push_back(std::move(table));
    }
    return ok();
  });
  const std::size_t commits = records / kBatchRows;
  const auto began = std::chrono::steady_clock::now();
  for (std::size_t n = 0; n < commits; ++n) {
    const auto done = to->write([&](storage::Transaction& transaction) -> Result<void> {
      for (const auto& table : tables)
        for (std::size_t i = table.rows.size() * n / commits; i < table.rows.size() * (n + 1) / commits; ++i) {
          (void)TRY(transaction.execute(table.insert, table.rows[i]));
        }
      return ok();
    });
    if (!done) {
      std::fprintf(stderr, "%s\n", done.error().message.c_str());
      std::exit(2);
    }
  }
  return static_cast<double>(records) / Seconds(std::chrono::steady_clock::now() - began).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_story ZHIDA_YAML [rounds] [firms]\n");
    return 2;
  }
  Log::set_level(LogLevel::error);
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  const auto count = static_cast<std::size_t>(argc > 3 ? std::atoi(argv[3]) : 10'000);
  town::Random random(7);
  std::vector<std::string> firms;
  for (std::size_t i = 0; i < count; ++i)
    firms.push_back(
        town::make_uscc("91", "330502", "M" + town::padded(static_cast<std::int64_t>(random.below(10'000'000)), 7)));
  std::sort(firms.begin(), firms.end());
  firms.erase(std::unique(firms.begin(), firms.end()), firms.end());
  const auto folder = std::filesystem::temp_directory_path() / ("zhida_bench_story_" + std::to_string(::getpid()));
  std::vector<double> ours, theirs;
  for (int round = 0; round < rounds; ++round) {
    std::filesystem::create_directories(folder);
    ours.push_back(through_the_door(argv[1], folder / "hub.db", firms));
    theirs.push_back(by_sqlite_alone(folder / "hub.db", folder / "plain.db", firms.size() * 4));
    std::printf("round %d: source door %.0f records/s, SQLite alone %.0f records/s\n", round + 1, ours.back(),
                theirs.back());
    std::filesystem::remove_all(folder);
  }
  const double rate = median(ours);
  std::printf("median: source door %.0f records/s, SQLite alone %.0f records/s, ratio %.2f\n", rate, median(theirs),
              rate / median(theirs));
  std::printf("GOAL story.records_per_second %.0f 8000 %s\n", rate, rate >= 8000 ? "met" : "missed");
  return 0;
}
