#include <boost/test/unit_test.hpp>
#include <chrono>
#include <iostream>

#include "base/bytes.h"
#include "source_door_contract.h"
#include "stages/intake/columns.h"
#include "stages/intake/intake_stage.h"
#include "stages/mapping/mapping_set.h"
#include "stages/profile/profile_store.h"
#include "support/scratch_database.h"

using namespace zhida;
using namespace zhida::test;

BOOST_AUTO_TEST_CASE(the_source_door_keeps_its_promises_on_sqlite) {
  ScratchDatabase database;
  check_source_door(*database.migrated());
}

BOOST_AUTO_TEST_CASE(columns_survive_the_way_through_json) {
  const Columns columns{{"a", "x\"\\\n\t\x01"}, {"企业", "湖州"}, {"none", std::nullopt}, {"empty", ""}};
  const auto back = intake::parse_columns(intake::to_json(columns));
  BOOST_REQUIRE(back);
  BOOST_TEST((back.value() == columns));
  BOOST_TEST(!intake::parse_columns("[]"));
  BOOST_TEST(!intake::parse_columns("{\"a\":1}"));
}

namespace {

/// An invented code with both check digits right.
std::string code_of(int number) {
  static const std::string kSet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  char tail[9];
  std::snprintf(tail, sizeof tail, "%08d", number);
  std::string code = std::string("91330502") + tail;
  static const int kWeights[] = {3, 7, 9, 10, 5, 8, 4, 2};
  int sum = 0;
  for (int i = 0; i < 8; ++i) sum += (tail[i] - '0') * kWeights[i];
  const int check = 11 - sum % 11;
  code += check == 10 ? 'X' : check == 11 ? '0' : static_cast<char>('0' + check);
  int total = 0, weight = 1;
  for (int i = 0; i < 17; ++i, weight = weight * 3 % 31) total += static_cast<int>(kSet.find(code[i])) * weight;
  return code + kSet[static_cast<std::size_t>((31 - total % 31) % 31)];
}

}  // namespace

// Prints the speed; the goal (8,000 records a second through the writer) is judged by the benchmark, not here.
BOOST_AUTO_TEST_CASE(records_pass_the_door_in_bulk) {
  ScratchDatabase database;
  database.migrated();
  std::vector<Finding> findings;
  auto mappings = mapping::MappingSet::load(ZHIDA_SOURCE_DIR "/mappings", findings);
  BOOST_REQUIRE(mappings);
  profile::ProfileRules rules;
  rules.catalogue = mappings.value().fields();
  constexpr int kBatches = 20, kRows = 200;
  std::vector<intake::PreparedBatch> prepared;
  const Instant now = Date::from_ymd(2025, 11, 3).value().begins();
  for (int b = 0; b < kBatches; ++b) {
    SourceBatch batch;
    batch.source = "tax";
    batch.batch_id = "b" + std::to_string(b);
    batch.received_at = now;
    std::vector<MappingOutcome> outcomes;
    for (int i = 0; i < kRows; ++i) {
      const std::string code = code_of(b * kRows + i);
      SourceRecord row;
      row.source = "tax";
      row.record_type = i % 4 == 0   ? "tax.registration"
                        : i % 4 == 1 ? "tax.credit_grade"
                        : i % 4 == 2 ? "tax.sales"
                                     : "tax.arrears";
      row.key = code;
      row.columns = {{"djxh", code},
                     {"tax_no", code},
                     {"nsrsbh", code},
                     {"uni_social_crd_cd", code},
                     {"nsrmc", "湖州某某有限公司"},
                     {"nsrzt_dm", "03"},
                     {"zzsqylx", "1"},
                     {"tax_dept_no", "13305020000"},
                     {"gxsj", "2025-11-02"},
                     {"tax_credit_level", "A"},
                     {"evalua_year", "2024"},
                     {"evalua_result_start", "2025-4-1"},
                     {"ssq", "202509"},
                     {"ysxse", "1234.50"},
                     {"cumu_own_amt", "0"},
                     {"own_tax_type", "增值税"},
                     {"tjrq", "2025-10-1"}};
      row.body = std::string(300, 'x');
      outcomes.push_back(mappings.value().apply(row, Date::of(now)));
      batch.records.push_back(std::move(row));
    }
    prepared.push_back(intake::prepare(std::move(batch), std::move(outcomes), "330500"));
  }
  const auto begin = std::chrono::steady_clock::now();
  std::int64_t accepted = 0;
  for (const auto& batch : prepared) {
    const auto written = database->write([&](storage::Transaction& transaction) -> Result<void> {
      const auto result = TRY(intake::accept(transaction, batch));
      CHECK_OK(profile::apply(transaction, result.profile, rules, now));
      accepted += result.accepted;
      return ok();
    });
    BOOST_REQUIRE_MESSAGE(written, (written ? std::string() : written.error().message));
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  BOOST_TEST(accepted == kBatches * kRows);
  std::cout << "records a second through the writer: " << static_cast<int>(kBatches * kRows / seconds) << "\n";
}
