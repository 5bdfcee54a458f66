#include "ledger/ledger.h"

#include <boost/test/unit_test.hpp>
#include <sstream>

#include "support/money_scene.h"

namespace zhida::test {
namespace {

/// Runs a table that a colleague from finance can read: one step a line, its outcome last.
class LedgerTable {
 public:
  void run(const std::string& table) {
    std::istringstream lines(table);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::vector<std::string> w;
      for (std::string word; words >> word;) w.push_back(word);
      if (!w.empty()) BOOST_TEST(step(w) == w.back(), line << " gave " << last_);
    }
    // The attempts of this table are written by hand, so only the accounts themselves are looked at.
    for (const std::string& problem : scene.problems()) BOOST_TEST(!problem.starts_with("Appropriation"), problem);
  }
  MoneyScene scene;

 private:
  std::int64_t fen(const std::string& yuan) { return value_of(Money::parse_yuan(yuan)).fen(); }

  std::string step(const std::vector<std::string>& w) {
    last_ = take(w);
    return last_;
  }

  std::string take(const std::vector<std::string>& w) {
    const std::string& verb = w[0];
    if (verb == "appropriate") return outcome(scene.appropriate(w[1], fen(w[2]), w.size() > 4 ? fen(w[3]) : 0));
    if (verb == "others") return others(w[1], w[2], fen(w[3]), w.size() > 5 ? w[4] : "");
    if (verb == "parked") {
      const auto count = scene.must([&](storage::Transaction& t) { return ledger::parked_reports(t); }).size();
      return std::to_string(count);
    }
    if (verb == "balance") {
      const auto b = scene.balance(w[1]);
      BOOST_TEST(b.available.to_yuan() == w[3]);
      BOOST_TEST(b.others.to_yuan() == w[5]);
      BOOST_TEST(b.reserved.to_yuan() == w[7]);
      BOOST_TEST(b.spent.to_yuan() == w[9]);
      return w.back();
    }
    if (verb == "answer") return answer(w[1], w[2]);
    if (verb == "reserve") {
      attempt(w[1], w[2], fen(w[3]));
      const auto refusal = scene.must([&](storage::Transaction& t) {
        return ledger::Ledger(t, scene.clock)
            .reserve(AppropriationId(w[2]), AttemptId(w[1]), Money::from_fen(fen(w[3])));
      });
      return refusal ? ledger::to_text(*refusal) : "ok";
    }
    const auto refusal = scene.must([&](storage::Transaction& t) {
      ledger::Ledger book(t, scene.clock);
      const AttemptId request(w[1]);
      if (verb == "settle") return book.settle(request, Money::from_fen(fen(w[2])), w[3]);
      if (verb == "release") return book.release(request);
      return book.unspend(request, Money::from_fen(fen(w[2])), w[3], w[4] == "prior_year");
    });
    return refusal ? ledger::to_text(*refusal) : "ok";
  }

  static std::string outcome(ledger::ReportOutcome outcome) {
    constexpr const char* kNames[] = {"applied", "unchanged", "outdated", "parked"};
    return kNames[static_cast<std::size_t>(outcome)];
  }

  std::string others(const std::string& number, const std::string& appropriation, std::int64_t fen,
                     const std::string& business_no) {
    BudgetPaymentReport report;
    report.pay_app_no = number;
    report.appropriation = AppropriationId(appropriation);
    report.division = "330502";
    report.amount = Money::from_fen(fen);
    report.business_no = business_no;
    report.updated_at = "2025-" + std::to_string(1000 + ++stamps_);
    return outcome(scene.must(
        [&](storage::Transaction& t) { return ledger::Ledger(t, scene.clock).apply_budget_payment(report); }));
  }

  /// A request and its case, so that the book has something to point at.
  void attempt(const std::string& business_no, const std::string& appropriation, std::int64_t fen) {
    if (scene.number("SELECT count(*) FROM payment_attempt WHERE business_no = ?", {business_no}) > 0) return;
    if (scene.number("SELECT count(*) FROM appropriation WHERE bgt_id = ?", {appropriation}) == 0) return;
    if (fen <= 0) return;
    value_of(scene.run("INSERT INTO benefit_award VALUES (?, 'IN-006', ?, ?)",
                       {std::string("91330502MA00000001"), business_no, fen}));
    value_of(scene.run(
        "INSERT INTO benefit_case (id, uscc, enterprise_name, division, policy_id, policy_version, title, tranche, "
        "period, channel, amount_fen, state, state_since, profile_sequence, opened_at) VALUES (?, "
        "'91330502MA00000001', "
        "'n', '330502', 'IN-006', 'v', 't', 'whole', ?, 'appropriation', ?, 'matched', 0, 0, 0)",
        {"case-" + business_no, business_no, fen}));
    value_of(scene.run(
        "INSERT INTO payment_attempt (business_no, case_id, attempt, division, fiscal_year, bgt_id, amount_fen, uscc, "
        "payee_name, payee_account_no, payee_bank_name, payee_bank_no, pro_code, use_des, message_id, body, seal, "
        "digest, "
        "trace_id, created_at, state, state_at) VALUES (?, ?, 1, '330502', 2025, ?, ?, '', '', '', '', '', '', '', ?, "
        "?, "
        "?, '', '', 0, 'queued', 0)",
        {business_no, "case-" + business_no, appropriation, fen, "pay-" + business_no, storage::Blob{"b"},
         storage::Blob{"s"}}));
  }

  /// The treasury's sealed word and the state it leads to.
  std::string answer(const std::string& business_no, const std::string& word) {
    const std::int64_t fen =
        scene.number("SELECT amount_fen FROM payment_attempt WHERE business_no = ?", {business_no});
    value_of(
        scene.run("INSERT INTO treasury_message (peer, message_id, position, business_no, answer, amount_fen, outcome, "
                  "body, seal, "
                  "received_at) VALUES ('t', ?, 1, ?, ?, ?, 'advanced', ?, ?, 0)",
                  {std::to_string(++stamps_), business_no, word, fen, storage::Blob{"b"}, storage::Blob{"s"}}));
    const std::string state = word == "PAID"        ? "settled"
                              : word == "SENT_BACK" ? "rejected"
                              : word == "RETURNED"  ? "returned"
                                                    : "cancelled";
    const auto done = scene.run("UPDATE payment_attempt SET state = ? WHERE business_no = ?", {state, business_no});
    return done ? word : done.error().code;
  }

  std::string last_;
  int stamps_ = 0;
};

void check_ledger(const std::string& table) {
  LedgerTable().run(table);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ledger_book)

BOOST_AUTO_TEST_CASE(money_is_reserved_then_settled_or_released) {
  check_ledger(R"(
    appropriate  A1        1000.00           applied
    reserve      R1   A1    600.00           ok
    reserve      R1   A1    600.00           already_reserved
    reserve      R1   A1    500.00           reserved_with_different_amount
    reserve      R2   A1    500.00           exceeds_available
    release      R1                          answer_not_signed
    answer       R1   PAID
    settle       R1         599.99   B1      amount_differs
    settle       R1         600.00   B1      ok
    settle       R1         600.00   B1      already_settled
    release      R1                          already_settled
    balance      A1   available 400.00 others 0.00 reserved 0.00 spent 600.00
    reserve      R3   A1    400.00           ok
    answer       R3   SENT_BACK
    release      R3                          ok
    release      R3                          already_released
    settle       R3         400.00   B3      already_released
    balance      A1   available 400.00 others 0.00 reserved 0.00 spent 600.00
    release      R9                          not_reserved
  )");
}

BOOST_AUTO_TEST_CASE(refusals_come_in_their_order) {
  check_ledger(R"(
    reserve      R1   A9      0.00           amount_must_be_positive
    reserve      R1   A9      1.00           appropriation_not_found
    appropriate  A1         10.00            applied
    reserve      R2   A1     10.00           ok
    appropriate  A1         10.00    5.00    parked
    reserve      R2   A1     10.00           appropriation_closed
    reserve      R3   A1     99.00           appropriation_closed
  )");
}

BOOST_AUTO_TEST_CASE(returned_money_restores_the_quota_in_its_year_only) {
  check_ledger(R"(
    appropriate  A1        1000.00           applied
    reserve      R1   A1    600.00           ok
    answer       R1   PAID
    settle       R1         600.00   B1      ok
    unspend      R1         100.00   X1  same_year   ok
    unspend      R1         100.00   X1  same_year   already_unspent
    unspend      R1         600.00   X2  same_year   exceeds_spent
    balance      A1   available 500.00 others 0.00 reserved 0.00 spent 500.00
    unspend      R1         500.00   X3  prior_year  ok
    balance      A1   available 500.00 others 0.00 reserved 0.00 spent 0.00
    reserve      R2   A1    100.00           ok
    answer       R2   RETURNED
    unspend      R2         100.00   X4  same_year   ok
    unspend      R2         100.00   X4  same_year   already_unspent
    balance      A1   available 500.00 others 0.00 reserved 0.00 spent 0.00
  )");
}

BOOST_AUTO_TEST_CASE(a_banks_serial_number_stands_for_one_payment) {
  check_ledger(R"(
    appropriate  A1        1000.00           applied
    reserve      R1   A1    100.00           ok
    reserve      R2   A1    100.00           ok
    answer       R1   PAID
    settle       R1         100.00   B1      ok
    answer       R2   PAID
    settle       R2         100.00   B1      serial_taken
    settle       R2         100.00   B2      ok
  )");
}

BOOST_AUTO_TEST_CASE(a_cut_that_would_break_the_book_waits_and_fits_later) {
  check_ledger(R"(
    appropriate  A1        1000.00           applied
    reserve      R1   A1    600.00           ok
    appropriate  A1        1000.00  700.00   parked
    parked                                   1
    balance      A1   available 400.00 others 0.00 reserved 600.00 spent 0.00
    appropriate  A1        1000.00  800.00   parked
    parked                                   1
    appropriate  A1        1000.00  300.00   applied
    parked                                   0
    balance      A1   available 100.00 others 0.00 reserved 600.00 spent 0.00
  )");
}

BOOST_AUTO_TEST_CASE(others_spend_from_the_same_appropriation) {
  check_ledger(R"(
    others       P0   A1    100.00           parked
    appropriate  A1        1000.00           applied
    parked                                   0
    balance      A1   available 900.00 others 100.00 reserved 0.00 spent 0.00
    reserve      R1   A1    500.00           ok
    others       P1   A1    300.00           applied
    others       P2   A1    500.00   R1      applied
    balance      A1   available 100.00 others 400.00 reserved 500.00 spent 0.00
    others       P3   A1    200.00           parked
    others       P1   A1     50.00           applied
    balance      A1   available 350.00 others 150.00 reserved 500.00 spent 0.00
  )");
}

BOOST_AUTO_TEST_CASE(the_district_pays_before_its_city) {
  MoneyScene scene;
  scene.appropriate("D1", 100);
  const auto find = [&](const std::string& division) {
    const auto found = scene.must([&](storage::Transaction& t) {
      return ledger::Ledger(t, scene.clock).find_for(division, 2025, "HQ-IN-006", Money::from_fen(50));
    });
    return found ? found->str() : "none";
  };
  BOOST_TEST(find("330502") == "D1");
  BOOST_TEST(find("330503") == "none");
  value_of(scene.run("UPDATE appropriation SET division = '330500' WHERE bgt_id = 'D1'"));
  BOOST_TEST(find("330503") == "D1");
}

BOOST_AUTO_TEST_CASE(the_database_itself_refuses_what_breaks_the_book) {
  LedgerTable table;
  table.run(R"(
    appropriate  A1        1000.00           applied
    reserve      R1   A1    600.00           ok
  )");
  const std::string refused[] = {
      "UPDATE ledger_entry SET amount_fen = 1",
      "DELETE FROM ledger_entry",
      "UPDATE appropriation SET available_fen = available_fen + 1, reserved_fen = reserved_fen - 1",
      "UPDATE appropriation SET reserved_fen = 0, available_fen = 100000, last_entry_id = 9999",
      "DELETE FROM appropriation",
      "UPDATE payment_attempt SET state = 'rejected'",
      "UPDATE payment_attempt SET state = 'settled'",
      "UPDATE payment_attempt SET amount_fen = 1",
      "UPDATE payment_attempt SET payee_account_no = '1'",
      "DELETE FROM payment_attempt",
      "INSERT INTO ledger_entry (bgt_id, business_no, kind, from_account, to_account, amount_fen, division, at, day) "
      "VALUES ('A1', 'R1', 'release', 'reserved', 'available', 60000, '330502', 0, '2025-11-03')",
      "INSERT INTO ledger_entry (bgt_id, kind, from_account, to_account, amount_fen, division, at, day) "
      "VALUES ('A1', 'others', 'available', 'others', 40001, '330502', 0, '2025-11-03')",
      "INSERT INTO ledger_entry (bgt_id, kind, from_account, to_account, amount_fen, division, at, day) "
      "VALUES ('A1', 'cut', 'available', 'others', 1, '330502', 0, '2025-11-03')",
      "INSERT INTO payment_attempt SELECT 'R1-2', case_id, 2, division, fiscal_year, bgt_id, amount_fen, uscc, "
      "payee_name, payee_account_no, payee_bank_name, payee_bank_no, pro_code, use_des, 'm2', body, seal, digest, "
      "trace_id, created_at, state, state_at, '', '', '', NULL, '', 0, 0, 0, NULL, 0, NULL, '' FROM payment_attempt",
  };
  for (const std::string& sql : refused) {
    const auto done = table.scene.run(sql);
    BOOST_TEST(!done, sql);
    if (!done)
      BOOST_TEST((done.error().code == "storage_check" || done.error().code == "storage_unique"),
                 sql << " gave " << done.error().code << " " << done.error().message);
  }
  BOOST_TEST(table.scene.problems().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::test
