#include "adapter_api/transports/table_exchange.h"

#include <boost/test/unit_test.hpp>

#include "conformance/recording_context.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::transports;
using conformance::RecordingContext;

namespace {

// The other side of the front-end database.
struct Office {
  test::TempFolder folder;
  std::string url = "sqlite://" + folder.file("front.db");
  std::unique_ptr<storage::Database> database = storage::Database::open({.url = url, .password = {}}).value();
  RecordingContext context;
  ExchangeTable table{.table = "reg_info",
                      .record_type = "office.reg",
                      .key_column = "pripid",
                      .columns = {"pripid", "uni_social_crd_cd", "name"}};

  Office() {
    sql("CREATE TABLE reg_info (pripid TEXT, uni_social_crd_cd TEXT, name TEXT, opflag TEXT, load_time TEXT, seq "
        "INTEGER)");
  }
  void sql(const std::string& text) {
    const auto done = database->write([&](storage::Transaction& transaction) -> Result<void> {
      CHECK_OK(transaction.execute(text));
      return ok();
    });
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(done), conformance::why(done));
  }
  void put(const std::string& key, const std::string& flag, const std::string& time, int seq,
           const std::string& code = "91") {
    sql("INSERT INTO reg_info VALUES ('" + key + "', '" + code + "', '某公司', '" + flag + "', '" + time + "', " +
        std::to_string(seq) + ")");
  }
  Result<PullSummary> pull(const PullRequest& request = {}, int batch_rows = 2) {
    Delivery delivery(context);
    auto exchange = TRY(TableExchange::open(url, {}));
    CHECK_OK(exchange->pull(context, delivery, "office", table, request, batch_rows));
    return delivery.summary();
  }
  std::size_t keys() const { return context.keys("office.reg").size(); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(table_exchange)

BOOST_AUTO_TEST_CASE(rows_come_once_in_the_order_of_writing) {
  Office office;
  for (int i = 1; i <= 5; ++i) office.put(std::to_string(i), i % 2 ? "i" : "1", "2025-11-01 02:00:00", i);
  BOOST_TEST(office.pull().value().received == 5);
  BOOST_TEST(office.keys() == 5);
  BOOST_TEST(office.pull().value().received == 0);
  office.put("3", "d", "2025-11-02 02:00:00", 6);
  office.put("4", "3", "2025-11-02 02:00:00", 7);
  office.put("6", "U", "2025-11-02 02:00:00", 8);
  BOOST_TEST(office.pull().value().received == 3);
  BOOST_TEST(office.keys() == 4);
  BOOST_TEST(office.context.withdrawn.size() == 2);
  BOOST_TEST(office.context.rows.at({"office.reg", "6"}).as_of->to_string() == "2025-11-02");
  BOOST_TEST(office.context.complaints.empty());
}

BOOST_AUTO_TEST_CASE(an_unknown_flag_and_a_missing_key_are_put_aside) {
  Office office;
  office.put("1", "x", "2025-11-01 02:00:00", 1);
  office.put(" ", "i", "2025-11-01 02:00:00", 2);
  office.put("3", "i", "2025-11-01 02:00:00", 3);
  BOOST_REQUIRE(office.pull());
  BOOST_TEST(office.keys() == 1);
  BOOST_TEST(office.context.unreadable == 2);
}

BOOST_AUTO_TEST_CASE(a_reload_without_notice_is_the_complete_list) {
  for (const bool sequences_start_again : {true, false}) {
    Office office;
    for (int i = 1; i <= 6; ++i) office.put(std::to_string(i), "i", "2025-11-01 02:00:00", i);
    BOOST_REQUIRE(office.pull());
    office.sql("DELETE FROM reg_info");
    for (int i = 1; i <= 4; ++i)
      office.put(std::to_string(i), "1", "2025-11-03 02:00:00", sequences_start_again ? i : 100 + i);
    BOOST_REQUIRE(office.pull());
    BOOST_TEST(office.keys() == 4);
    BOOST_TEST(office.context.batches.back().complete_for.size() == 1);
    BOOST_TEST(office.pull().value().received == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_reload_that_lost_most_rows_withdraws_nothing) {
  Office office;
  for (int i = 1; i <= 6; ++i) office.put(std::to_string(i), "i", "2025-11-01 02:00:00", i);
  BOOST_REQUIRE(office.pull());
  office.sql("DELETE FROM reg_info");
  office.put("1", "i", "2025-11-03 02:00:00", 1);
  const auto pulled = office.pull();
  BOOST_REQUIRE(!pulled);
  BOOST_TEST(pulled.error().code == "source_shrunk");
  BOOST_TEST(office.keys() == 6);
}

BOOST_AUTO_TEST_CASE(a_cleaned_table_is_no_reload) {
  Office office;
  for (int i = 1; i <= 6; ++i) office.put(std::to_string(i), "i", "2025-11-01 02:00:00", i);
  BOOST_REQUIRE(office.pull());
  office.sql("DELETE FROM reg_info");
  office.put("7", "i", "2025-11-02 02:00:00", 7);
  BOOST_REQUIRE(office.pull());
  BOOST_TEST(office.keys() == 7);
  for (const auto& batch : office.context.batches) BOOST_TEST(batch.complete_for.empty());
}

BOOST_AUTO_TEST_CASE(rows_that_appear_behind_the_watermark_are_noticed) {
  Office office;
  office.put("1", "i", "2025-11-01 02:00:00", 1);
  office.put("3", "i", "2025-11-02 02:00:00", 3);
  BOOST_REQUIRE(office.pull());
  office.put("2", "i", "2025-11-01 03:00:00", 2);
  BOOST_REQUIRE(office.pull());
  BOOST_TEST(office.keys() == 3);
}

BOOST_AUTO_TEST_CASE(one_firm_is_found_however_its_code_is_spelled) {
  Office office;
  office.put("1", "i", "2025-11-01 02:00:00", 1, "91330500ma2x");
  office.put("1", "u", "2025-11-02 02:00:00", 2, " ９1330500MA2X ");
  office.put("2", "i", "2025-11-02 02:00:00", 3, "91330500MA99");
  PullRequest request;
  request.uscc = "91330500MA2X";
  BOOST_TEST(office.pull(request).value().received == 1);
  BOOST_TEST(office.context.cursors.empty());
  BOOST_TEST(office.context.rows.at({"office.reg", "1"}).as_of->to_string() == "2025-11-02");
}

BOOST_AUTO_TEST_CASE(a_database_or_table_that_is_not_there_may_come_back) {
  Office office;
  office.table.table = "not_there";
  auto missing = office.pull();
  BOOST_REQUIRE(!missing);
  BOOST_TEST((missing.error().fate == Fate::retry));
  office.url = "sqlite://" + office.folder.file("nothing.db");
  missing = office.pull();
  BOOST_REQUIRE(!missing);
  BOOST_TEST(missing.error().code == "source_unreachable");
}

BOOST_AUTO_TEST_SUITE_END()
