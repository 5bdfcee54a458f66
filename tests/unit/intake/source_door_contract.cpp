#include "source_door_contract.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "base/bytes.h"
#include "stages/intake/intake_stage.h"
#include "stages/intake/intake_store.h"
#include "stages/mapping/mapping_set.h"
#include "stages/profile/profile_store.h"

namespace zhida::test {
namespace {

const std::string kFirm = "91330502MA0000A19K";
const std::string kOther = "91330503MA0000B236";
const std::string kMappings = ZHIDA_SOURCE_DIR "/mappings";

Date day(int month, int number) {
  return Date::from_ymd(2025, month, number).value();
}

/// The door as the flow builds it, and a few words to speak of it.
struct Door {
  storage::Database& database;
  mapping::MappingSet mappings;
  profile::ProfileRules rules;
  Instant now = day(11, 3).begins();
  int batches = 0;

  static mapping::MappingSet load() {
    std::vector<Finding> findings;
    auto set = mapping::MappingSet::load(kMappings, findings);
    BOOST_REQUIRE(set);
    return std::move(set.value());
  }
  explicit Door(storage::Database& target) : database(target), mappings(load()) {
    rules.catalogue = mappings.fields();
    rules.default_division = "330500";
    const auto sizes = read_file(kMappings + "/codes/sme_size.csv");
    BOOST_REQUIRE(sizes);
    rules.sizes = profile::SizeRules::parse(sizes.value()).value();
  }

  SourceRecord record(const std::string& type, const std::string& key, Columns columns, Date as_of = day(11, 2)) const {
    SourceRecord out;
    out.source = type.substr(0, type.find('.'));
    out.record_type = type;
    out.key = key;
    out.columns = std::move(columns);
    out.body = "octets of " + key;
    out.as_of = as_of;
    out.position = 1;
    return out;
  }
  SourceRecord withdrawn(SourceRecord row) const {
    row.change = Change::withdraw;
    return row;
  }

  SourceBatch batch(std::vector<SourceRecord> records, const std::string& id = {}) {
    SourceBatch out;
    out.source = records.empty() ? "tax" : records.front().source;
    out.batch_id = id.empty() ? "batch-" + std::to_string(++batches) : id;
    out.origin = "test";
    out.trace_id = TraceId("0123456789abcdef0123456789abcdef");
    out.received_at = now;
    out.records = std::move(records);
    return out;
  }

  intake::AcceptedBatch deliver(SourceBatch incoming) {
    std::vector<MappingOutcome> outcomes;
    for (const auto& row : incoming.records) outcomes.push_back(mappings.apply(row, Date::of(incoming.received_at)));
    const auto prepared = intake::prepare(std::move(incoming), std::move(outcomes), rules.default_division);
    intake::AcceptedBatch accepted;
    const auto written = database.write([&](storage::Transaction& transaction) -> Result<void> {
      accepted = TRY(intake::accept(transaction, prepared));
      merged = TRY(profile::apply(transaction, accepted.profile, rules, now));
      return ok();
    });
    BOOST_REQUIRE_MESSAGE(written, (written ? std::string() : written.error().message));
    return accepted;
  }
  intake::AcceptedBatch deliver(std::vector<SourceRecord> records) { return deliver(batch(std::move(records))); }

  std::string kinds(const intake::AcceptedBatch& accepted) const {
    std::string out;
    for (const auto& outcome : accepted.outcomes) {
      out += out.empty() ? "" : " ";
      out += outcome.kind == RecordOutcome::Kind::accepted    ? "accepted"
             : outcome.kind == RecordOutcome::Kind::duplicate ? "duplicate"
                                                              : outcome.code;
    }
    return out;
  }

  /// `value`, or `unknown: reason`.
  std::string field(const std::string& uscc, const std::string& name, Date on) {
    std::string out;
    const auto done = database.read([&](storage::Transaction& transaction) -> Result<void> {
      const auto profile = TRY(profile::load_profile(transaction, uscc, on, rules));
      const FieldState* const state = profile.find(name);
      out = state == nullptr ? "unknown: missing"
            : state->value   ? to_text(state->value->data)
                             : std::string("unknown: ") + to_text(state->reason);
      return ok();
    });
    return done ? out : done.error().code;
  }
  std::string field(const std::string& uscc, const std::string& name) { return field(uscc, name, day(11, 3)); }

  std::vector<intake::QuarantinedRow> quarantine(const std::string& state = "open") {
    std::vector<intake::QuarantinedRow> out;
    const auto done = database.read([&](storage::Transaction& transaction) -> Result<void> {
      intake::QuarantineFilter filter;
      filter.state = state;
      out = TRY(intake::list_quarantine(transaction, filter));
      return ok();
    });
    BOOST_REQUIRE_MESSAGE(done, (done ? std::string() : done.error().message));
    return out;
  }

  /// What the flow does after a round of pulls.
  int replay_waiting() {
    int accepted = 0;
    std::vector<std::int64_t> ids;
    auto done = database.read([&](storage::Transaction& transaction) -> Result<void> {
      ids = TRY(intake::waiting_for_firm(transaction, 100));
      return ok();
    });
    BOOST_REQUIRE_MESSAGE(done, (done ? std::string() : done.error().message));
    for (const auto id : ids) accepted += static_cast<int>(replay(id).accepted);
    return accepted;
  }
  intake::AcceptedBatch replay(std::int64_t id) {
    intake::AcceptedBatch result;
    const auto done = database.write([&](storage::Transaction& transaction) -> Result<void> {
      const auto row = TRY(intake::find_quarantined(transaction, id));
      const auto outcome = mappings.apply(row->record, Date::of(row->first_at));
      result = TRY(intake::replay(transaction, id, outcome, rules.default_division, now));
      merged = TRY(profile::apply(transaction, result.profile, rules, now));
      return ok();
    });
    BOOST_REQUIRE_MESSAGE(done, (done ? std::string() : done.error().message));
    return result;
  }

  profile::MergeOutcome merged;
};

Columns sales(const std::string& uscc, const std::string& month, const std::string& amount) {
  return {{"tax_no", uscc}, {"ssq", month}, {"ysxse", amount}};
}
Columns registration(const std::string& uscc, const std::string& name, const std::string& region = "330502") {
  return {{"uni_social_crd_cd", uscc}, {"comp_nm", name}, {"qylxdl", "11"}, {"domdi_strict", region}};
}
Columns unit(const std::string& uscc, const std::string& code, const std::string& name, const std::string& count) {
  return {{"AAB998", uscc}, {"AAB003", code}, {"AAB004", name}, {"ui_avg_headcount", count}, {"ui_new_benefit", "1"}};
}
Columns hnte(const std::string& name, const std::string& uscc, const std::string& year) {
  return {{"企业名称", name}, {"统一社会信用代码", uscc}, {"认定年度", year}, {"首次认定", "是"}};
}

void a_record_becomes_a_profile(Door& door) {
  const auto accepted = door.deliver({door.record("tax.sales", "1-202509", sales(kFirm, "202509", "1,234.50"))});
  BOOST_TEST(door.kinds(accepted) == "accepted");
  BOOST_TEST(door.field(kFirm, "tax.monthly_sales_fen") == "123450");
  BOOST_TEST(door.field(kFirm, "tax.arrears_fen") == "unknown: missing");
  BOOST_TEST(door.field(kOther, "tax.arrears_fen") == "enterprise_unknown");
  BOOST_TEST(door.merged.changed.size() == 1u);
  const auto sequence = door.merged.last_sequence;
  BOOST_TEST(sequence == 2);

  // The same row in another batch changes nothing; the same batch again gives the same answer and changes nothing.
  const auto again = door.deliver({door.record("tax.sales", "1-202509", sales(kFirm, "202509", "1,234.50"))});
  BOOST_TEST(door.kinds(again) == "duplicate");
  BOOST_TEST(door.merged.last_sequence == sequence);
  auto first = door.batch({door.record("tax.sales", "1-202509", sales(kFirm, "202509", "1,234.50"))}, "batch-1");
  const auto replayed = door.deliver(first);
  BOOST_TEST(replayed.seen_before);
  BOOST_TEST(door.kinds(replayed) == "accepted");
  first.records.clear();
  bool refused = false;
  const auto prepared = intake::prepare(first, {}, "330500");
  (void)door.database.write([&](storage::Transaction& transaction) -> Result<void> {
    const auto result = intake::accept(transaction, prepared);
    refused = !result && result.error().code == "batch_differs";
    return ok();
  });
  BOOST_TEST(refused);

  // A number stands for one content: the same number of other rows is no repetition, and is told so.
  const auto code_of = [&](const SourceBatch& incoming) {
    std::vector<MappingOutcome> outcomes;
    for (const auto& row : incoming.records) outcomes.push_back(door.mappings.apply(row, Date::of(door.now)));
    const auto with_these_rows = intake::prepare(incoming, std::move(outcomes), "330500");
    std::string code;
    (void)door.database.write([&](storage::Transaction& transaction) -> Result<void> {
      const auto result = intake::accept(transaction, with_these_rows);
      code = !result ? result.error().code : result.value().seen_before ? "seen" : "new";
      return ok();
    });
    return code;
  };
  auto reissued = door.batch({door.record("tax.sales", "1-202509", sales(kFirm, "202509", "9,999.00"))}, "batch-1");
  BOOST_TEST(code_of(reissued) == "batch_differs");
  reissued.records = {door.record("tax.sales", "1-202509", sales(kFirm, "202509", "1,234.50"), day(11, 3))};
  BOOST_TEST(code_of(reissued) == "batch_differs");  // The same rows, of another day.
  reissued.records = {door.record("tax.sales", "2-202509", sales(kFirm, "202509", "1,234.50"))};
  BOOST_TEST(code_of(reissued) == "batch_differs");
  reissued.records = {door.record("tax.sales", "1-202509", sales(kFirm, "202509", "1,234.50"))};
  BOOST_TEST(code_of(reissued) == "seen");
  BOOST_TEST(door.field(kFirm, "tax.monthly_sales_fen") == "123450");
  // Batches of an older version have no digest but their manifest's.
  (void)door.database.write([&](storage::Transaction& transaction) -> Result<void> {
    CHECK_OK(transaction.execute("UPDATE intake_batch SET content_digest = '' WHERE batch_id = 'batch-1'"));
    return ok();
  });
  BOOST_TEST(code_of(reissued) == "seen");
  reissued.records.front().columns["ysxse"] = "7";
  BOOST_TEST(code_of(reissued) == "batch_differs");

  // A newer version wins, an older one that comes late does not.
  door.deliver({door.record("tax.sales", "1-202509", sales(kFirm, "202509", "2000"), day(11, 3))});
  BOOST_TEST(door.field(kFirm, "tax.monthly_sales_fen") == "200000");
  const auto late = door.deliver({door.record("tax.sales", "1-202509", sales(kFirm, "202509", "5"), day(11, 1))});
  BOOST_TEST(door.kinds(late) == "duplicate");
  BOOST_TEST(door.field(kFirm, "tax.monthly_sales_fen") == "200000");
  // Values go stale by themselves: 2025-09-30 and 92 days.
  BOOST_TEST(door.field(kFirm, "tax.monthly_sales_fen", day(12, 31)) == "200000");
  BOOST_TEST(door.field(kFirm, "tax.monthly_sales_fen", Date::from_ymd(2026, 1, 1).value()) == "unknown: stale");
}

void what_cannot_be_read_is_unknown_and_can_be_replayed(Door& door) {
  const auto broken = door.deliver({door.record("tax.sales", "1-202509", sales(kFirm, "202509", "约2万"), day(11, 3))});
  BOOST_TEST(door.kinds(broken) == "number_unreadable");
  BOOST_TEST(door.field(kFirm, "tax.monthly_sales_fen") == "unknown: missing");
  auto rows = door.quarantine();
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows.front().record.body == "octets of 1-202509");
  BOOST_TEST(rows.front().field == "tax.monthly_sales_fen");
  BOOST_TEST(rows.front().value == "约2万");
  BOOST_TEST(rows.front().file == kMappings + "/tax/sales.yaml");
  BOOST_TEST(rows.front().line > 0);
  BOOST_TEST(door.kinds(door.replay(rows.front().id)) == "number_unreadable");
  BOOST_TEST(door.quarantine().front().attempts == 2);
  // A good version closes the row.
  door.deliver({door.record("tax.sales", "1-202509", sales(kFirm, "202509", "3000"), day(11, 3))});
  BOOST_TEST(door.field(kFirm, "tax.monthly_sales_fen") == "300000");
  BOOST_TEST(door.quarantine().empty());
  BOOST_TEST(door.quarantine("replayed").size() == 1u);
  // A first version that cannot be read never counted.
  door.deliver({door.record("tax.sales", "1-202510", sales(kFirm, "202510", "?x"), day(11, 3))});
  BOOST_TEST(door.field(kFirm, "tax.monthly_sales_fen") == "300000");
  // A person takes the row out.
  const auto id = door.quarantine().front().id;
  const auto discard = [&] {
    return door.database.write(
        [&](storage::Transaction& transaction) { return intake::discard_quarantined(transaction, id, door.now); });
  };
  BOOST_TEST(!!discard());
  BOOST_TEST(discard().error().code == "quarantine_not_open");
  // Rows that an adapter could tell apart but not read are kept with their octets.
  auto batch = door.batch({});
  batch.unreadable.push_back({"tax.sales", 7, "{\"tax_no\":", "json_malformed", "The row is cut off."});
  BOOST_TEST(door.kinds(door.deliver(batch)) == "json_malformed");
  const auto kept = door.quarantine().back();
  BOOST_TEST(!kept.has_columns);
  BOOST_TEST(kept.record.body == "{\"tax_no\":");
}

void a_withdrawn_row_no_longer_counts(Door& door) {
  const auto row =
      door.record("credit.list_entry", "L1",
                  {{"uni_social_crd_cd", kFirm}, {"list_id", "dishonest_debtor"}, {"in_date", "2024-5-1"}});
  door.deliver({row});
  BOOST_TEST(door.field(kFirm, "list.dishonest_debtor") == "true");
  const auto cover = door.record("credit.list_coverage", "dishonest_debtor",
                                 {{"list_id", "dishonest_debtor"}, {"as_of", "2025-11-02"}});
  door.deliver({cover});
  BOOST_TEST(door.merged.coverage_changed);
  door.deliver({door.withdrawn(row)});
  BOOST_TEST(door.field(kFirm, "list.dishonest_debtor") == "false");
  BOOST_TEST(door.kinds(door.deliver({door.withdrawn(row)})) == "duplicate");
  BOOST_TEST(door.field(kFirm, "list.dishonest_debtor", day(12, 3)) == "unknown: stale");
  // An unreadable row is no proof of absence.
  door.deliver({row});
  auto spoiled = row;
  spoiled.columns["in_date"] = "someday";
  door.deliver({spoiled});
  BOOST_TEST(door.field(kFirm, "list.dishonest_debtor") == "unknown: missing");
}

void units_add_up_and_are_found_by_other_marks(Door& door) {
  const std::string code = kFirm.substr(8, 9);
  door.deliver({door.record("social_security.unit", "U1", unit(kFirm, "", "x", "20"))});
  const auto by_code = door.deliver({door.record("social_security.unit", "U2", unit("", code, "x", "12"))});
  BOOST_TEST(door.kinds(by_code) == "accepted");
  BOOST_TEST(door.field(kFirm, "ui.insured_count") == "32");
  BOOST_TEST(door.field(kFirm, "ui.layoff_rate") == "62500");
  // Known only by a name that nobody has yet.
  const auto unknown = door.deliver({door.record("social_security.unit", "U3", unit("", "", "湖州乙某有限公司", "8"))});
  BOOST_TEST(door.kinds(unknown) == "name_unknown");
  const auto payment = door.deliver(
      {door.record("social_security.payment", "P1",
                   {{"AAB998", ""}, {"AAB001", "U3"}, {"AAE140", "210"}, {"AAE003", "202509"}, {"AAE080", "1"}})});
  BOOST_TEST(door.kinds(payment) == "uscc_missing");
  BOOST_TEST(door.replay_waiting() == 0);
  door.deliver(
      {door.record("market_supervision.registration", "R2", registration(kOther, "湖州乙某有限公司", "330503"))});
  BOOST_TEST(door.replay_waiting() == 1);
  BOOST_TEST(door.field(kOther, "ui.insured_count") == "8");
  BOOST_TEST(door.replay_waiting() == 1);
  BOOST_TEST(door.field(kOther, "ui.last_paid_month") == "202509");
  // A second firm of that name: the match is no longer certain.
  door.deliver(
      {door.record("market_supervision.registration", "R3", registration("914403001922038216", "湖州乙某有限公司"))});
  BOOST_TEST(door.field(kOther, "ui.insured_count") == "unknown: missing");
  bool not_unique = false;
  for (const auto& row : door.quarantine()) not_unique = not_unique || row.code == "name_not_unique";
  BOOST_TEST(not_unique);
  BOOST_TEST(door.replay_waiting() == 0);
  // Two firms of a name become known at once, after the row that waits for the name: it says so from then on.
  door.deliver({door.record("social_security.unit", "U4", unit("", "", "湖州丙某有限公司", "8"))});
  door.deliver(
      {door.record("market_supervision.registration", "R4", registration("9233050350543439XG", "湖州丙某有限公司")),
       door.record("market_supervision.registration", "R5", registration("92330522408199789T", "湖州丙某有限公司"))});
  BOOST_TEST(door.replay_waiting() == 0);
  for (const auto& row : door.quarantine()) {
    if (row.record.key == "U4") BOOST_TEST(row.code == "name_not_unique");
  }
}

void a_complete_list_takes_out_what_it_lacks(Door& door) {
  const auto list = [&](std::vector<SourceRecord> rows, Date on) {
    rows.push_back(
        door.record("department_lists.list_coverage", "hnte", {{"list_id", "hnte"}, {"as_of", on.to_string()}}, on));
    auto batch = door.batch(std::move(rows));
    batch.complete_for = {"department_lists.hnte"};
    batch.cursors["hnte"] = on.to_compact();
    return batch;
  };
  const auto row = [&](const std::string& key, const std::string& uscc, const std::string& year, Date on) {
    return door.record("department_lists.hnte", key, hnte("某", uscc, year), on);
  };
  door.deliver(list({row("G1", kFirm, "2022", day(10, 1)), row("G2", kOther, "2023", day(10, 1))}, day(10, 1)));
  BOOST_TEST(door.field(kFirm, "qual.hnte") == "true");
  BOOST_TEST(door.field(kOther, "qual.hnte_year") == "2023");
  door.deliver(list({row("G1", kFirm, "2022", day(11, 1))}, day(11, 1)));
  BOOST_TEST(door.field(kOther, "qual.hnte") == "false");
  BOOST_TEST(door.field(kOther, "qual.hnte_year") == "unknown: missing");
  // An older list that comes late says nothing, not even about rows that are new to us.
  const auto late =
      door.deliver(list({row("G2", kOther, "2023", day(10, 15)), row("G3", kOther, "2021", day(10, 15))}, day(10, 15)));
  BOOST_TEST(door.kinds(late) == "duplicate duplicate duplicate");
  BOOST_TEST(door.field(kFirm, "qual.hnte") == "true");
  BOOST_TEST(door.field(kOther, "qual.hnte") == "false");
  std::optional<std::string> position;
  BOOST_REQUIRE(door.database.read([&](storage::Transaction& transaction) -> Result<void> {
    position = TRY(intake::cursor(transaction, "department_lists", "hnte"));
    return ok();
  }));
  BOOST_TEST(position.value_or("") == "20251015");
  // Two rows of one day that disagree.
  door.deliver(list({row("G1", kFirm, "2022", day(11, 2)), row("G4", kFirm, "2023", day(11, 2))}, day(11, 2)));
  BOOST_TEST(door.field(kFirm, "qual.hnte_year") == "unknown: conflict");
  BOOST_TEST(door.field(kFirm, "qual.hnte") == "true");
}

/// What another room refuses is put aside under its own name: listed, answered so, and tried again.
void what_another_room_refuses_is_put_aside(Door& door) {
  const Columns columns{{"MOF_DIV_CODE", "330500000"},
                        {"FISCAL_YEAR", "2025"},
                        {"PRO_CODE", "HQ-IN-001"},
                        {"AMOUNT", "500"},
                        {"AMT_UNIT", "万元"},
                        {"IS_DELETED", "2"},
                        {"UPDATE_TIME", "2025-10-01 08:00:00"}};
  const auto row = door.record("budget.appropriation", "B9", columns);
  const auto first = door.batch({row}, "refused-1");
  auto accepted = door.deliver(first);
  BOOST_REQUIRE(accepted.ledger.size() == 1u);
  const auto refuse_all = [&](intake::AcceptedBatch& batch, const std::string& code, const SourceBatch* whole) {
    Finding finding;
    finding.code = code;
    finding.message = "The book knows better.";
    const auto done = door.database.write([&](storage::Transaction& transaction) -> Result<void> {
      for (const auto& one : batch.ledger) {
        CHECK_OK(intake::put_aside(transaction, "budget", batch, one, finding, door.now));
      }
      if (whole != nullptr) {
        CHECK_OK(intake::store_outcomes(transaction, *whole, batch));
      }
      return ok();
    });
    BOOST_REQUIRE_MESSAGE(done, (done ? std::string() : done.error().message));
  };
  const auto before = door.quarantine().size();
  refuse_all(accepted, "book_refused", &first);
  BOOST_TEST(door.kinds(accepted) == "book_refused");
  BOOST_TEST(accepted.accepted == 0);
  BOOST_REQUIRE(door.quarantine().size() == before + 1);
  const auto kept = door.quarantine().back();
  BOOST_TEST(kept.record.key == "B9");
  BOOST_TEST(kept.code == "book_refused");
  BOOST_TEST(kept.message == "The book knows better.");
  BOOST_TEST(kept.has_columns);
  BOOST_TEST(kept.record.body == row.body);
  BOOST_TEST(kept.division == "330500");
  // The same batch is answered alike; a new one with that row is tried again, and is the same row of the quarantine.
  const auto again = door.deliver(first);
  BOOST_TEST(again.seen_before);
  BOOST_TEST(door.kinds(again) == "book_refused");
  auto retried = door.deliver({row});
  BOOST_REQUIRE(retried.ledger.size() == 1u);
  refuse_all(retried, "book_refused_still", nullptr);
  BOOST_REQUIRE(door.quarantine().size() == before + 1);
  BOOST_TEST(door.quarantine().back().id == kept.id);
  BOOST_TEST(door.quarantine().back().code == "book_refused_still");
  BOOST_TEST(door.quarantine().back().attempts == 2);
  // A replay hands it to the book once more.
  auto replayed = door.replay(kept.id);
  BOOST_REQUIRE(replayed.ledger.size() == 1u);
  refuse_all(replayed, "book_refused", nullptr);
  BOOST_TEST(door.kinds(replayed) == "book_refused");
  BOOST_TEST(door.quarantine().back().attempts == 3);
  BOOST_TEST(door.replay(kept.id).ledger.size() == 1u);
  BOOST_TEST(door.quarantine().size() == before);
}

/// A kept row belongs to its own division, also when it is replayed.
void a_replayed_row_keeps_its_division(Door& door) {
  door.rules.default_division = "330400";
  door.deliver({door.record("tax.sales", "9-202509", sales("91330400MA0000C12N", "202509", "about 3"))});
  door.rules.default_division = "330500";
  BOOST_REQUIRE(!door.quarantine().empty());
  const auto kept = door.quarantine().back();
  BOOST_TEST(kept.division == "330400");
  (void)door.replay(kept.id);  // By a hub of 330500.
  BOOST_TEST(door.quarantine().back().division == "330400");
}

void budget_rows_go_to_the_ledger(Door& door) {
  const Columns columns{{"MOF_DIV_CODE", "330500000"},
                        {"FISCAL_YEAR", "2025"},
                        {"PRO_CODE", "HQ-IN-001"},
                        {"AMOUNT", "500"},
                        {"AMT_UNIT", "万元"},
                        {"IS_DELETED", "2"},
                        {"UPDATE_TIME", "2025-10-01 08:00:00"}};
  const auto row = door.record("budget.appropriation", "B1", columns);
  const auto accepted = door.deliver({row});
  BOOST_REQUIRE(accepted.ledger.size() == 1u);
  BOOST_TEST(accepted.ledger.front().key == "B1");
  BOOST_TEST(accepted.ledger.front().record_id > 0);
  BOOST_TEST(to_text(accepted.ledger.front().values.at("amount_fen")) == "500000000");
  BOOST_TEST(accepted.profile.empty());
  BOOST_TEST(door.deliver({row}).ledger.empty());
  auto deleted = row;
  deleted.columns["IS_DELETED"] = "1";
  const auto gone = door.deliver({deleted});
  BOOST_REQUIRE(gone.ledger.size() == 1u);
  BOOST_TEST(gone.ledger.front().withdraw);
}

void reading_in_bulk_gives_the_same(Door& door) {
  BOOST_REQUIRE(door.database.read([&](storage::Transaction& transaction) -> Result<void> {
    const Date on = day(11, 3);
    std::string after;
    std::size_t firms = 0;
    while (true) {
      const auto some = TRY(profile::load_profiles(transaction, after, 2, on, door.rules));
      if (some.empty()) break;
      for (const auto& bulk : some) {
        const auto one = TRY(profile::load_profile(transaction, bulk.uscc, on, door.rules));
        BOOST_TEST(one.fields.size() == bulk.fields.size());
        BOOST_TEST(one.division == bulk.division);
        BOOST_TEST(one.sequence > 0);
        for (const auto& [name, state] : one.fields)
          BOOST_TEST(state.value.has_value() == bulk.find(name)->value.has_value(), name);
        ++firms;
      }
      after = some.back().uscc;
    }
    const auto counts = TRY(profile::counts(transaction));
    BOOST_TEST(firms == static_cast<std::size_t>(counts.enterprises));
    const auto changes = TRY(profile::changes_since(transaction, 0, 100000));
    BOOST_TEST(changes.usccs.size() == firms);
    BOOST_TEST(changes.through_sequence == counts.last_sequence);
    BOOST_TEST(TRY(profile::changes_since(transaction, counts.last_sequence, 10)).usccs.empty());
    BOOST_TEST(!TRY(profile::history(transaction, kFirm, 10)).empty());
    const auto next = TRY(profile::next_staleness(transaction, on, door.rules));
    BOOST_REQUIRE(next.has_value());
    BOOST_TEST(!TRY(profile::becoming_stale(transaction, on, *next, door.rules)).empty());
    BOOST_TEST(TRY(profile::becoming_stale(transaction, on, next->plus_days(-1), door.rules)).empty());
    const auto totals = TRY(intake::counts(transaction));
    BOOST_TEST(totals.received == totals.accepted + totals.duplicate + totals.quarantined);
    BOOST_TEST(!TRY(intake::records_of_firm(transaction, kFirm, 100)).empty());
    const auto batch = TRY(intake::find_batch(transaction, "tax", "batch-1"));
    BOOST_REQUIRE(batch.has_value());
    BOOST_TEST(batch->manifest.find("rows_digest") != std::string::npos);
    return ok();
  }));
}

}  // namespace

void check_source_door(storage::Database& database) {
  Door door(database);
  a_record_becomes_a_profile(door);
  what_cannot_be_read_is_unknown_and_can_be_replayed(door);
  a_withdrawn_row_no_longer_counts(door);
  units_add_up_and_are_found_by_other_marks(door);
  a_complete_list_takes_out_what_it_lacks(door);
  budget_rows_go_to_the_ledger(door);
  what_another_room_refuses_is_put_aside(door);
  a_replayed_row_keeps_its_division(door);
  reading_in_bulk_gives_the_same(door);
}

}  // namespace zhida::test
