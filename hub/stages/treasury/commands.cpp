#include "stages/treasury/commands.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/money.h"

namespace zhida::treasury {
namespace {

using storage::Transaction;

/// What the three sides say about one booking of the bank.
struct Sides {
  bool answered = false, stated = false, contradicted = false, booked = false;
  std::int64_t book_fen = 0, treasury_fen = 0, statement_fen = 0;
  std::string pay_cert_no, statement_payee, known_payee, answer_day;
};
/// Business number, whether it is a return, bank's serial number.
using Key = std::tuple<std::string, bool, std::string>;

Result<std::map<Key, Sides>> gather(Transaction& transaction, const std::string& day, const std::string& division) {
  std::map<Key, Sides> all;
  const auto answers = TRY(transaction.query(
      "SELECT m.business_no, CASE WHEN m.answer = 'RETURNED' THEN 1 ELSE 0 END, m.agent_business_no, m.amount_fen, "
      "m.outcome FROM treasury_message m LEFT JOIN payment_attempt a ON a.business_no = m.business_no "
      "WHERE m.on_day = ? AND m.answer IN ('PAID', 'RETURNED') AND m.amount_fen > 0 AND (? = '' OR a.division = ?) "
      "ORDER BY m.id",
      {day, division, division}, "titit"));
  for (const auto& row : answers) {
    Sides& sides = all[{row.text(0), row.integer(1) != 0, row.text(2)}];
    sides.answered = true;
    sides.treasury_fen = row.integer(3);
    if (row.text(4) == "conflict" || row.text(4) == "unknown") sides.contradicted = true;
  }
  const auto stated = TRY(transaction.query(
      "SELECT business_no, returned, agent_business_no, amount_fen, pay_cert_no, payee_account_no FROM statement_line "
      "WHERE day = ? AND (? = '' OR division = ?) ORDER BY id",
      {day, division, division}, "tititt"));
  for (const auto& row : stated) {
    Sides& sides = all[{row.text(0), row.integer(1) != 0, row.text(2)}];
    sides.stated = true;
    sides.statement_fen = row.integer(3);
    sides.pay_cert_no = row.text(4);
    sides.statement_payee = row.text(5);
  }
  for (auto& [key, sides] : all) {
    const auto& [business_no, returned, serial] = key;
    const auto entries = TRY(transaction.query(
        "SELECT CAST(coalesce(sum(amount_fen), 0) AS BIGINT), count(*) FROM ledger_entry WHERE business_no = ? AND ((? "
        "= "
        "0 AND kind = 'settle' AND agent_business_no = ?) OR (? = 1 AND reference = ? AND kind IN ('unspend', "
        "'return_prior_year', 'release', 'release_prior_year')))",
        {business_no, std::int64_t{returned}, serial, std::int64_t{returned}, serial}, "ii"));
    sides.book_fen = entries.front().integer(0);
    sides.booked = entries.front().integer(1) > 0;
    const auto attempt =
        TRY(transaction.query("SELECT payee_account_no, pay_cert_no, state FROM payment_attempt WHERE business_no = ?",
                              {business_no}, "ttt"));
    if (!attempt.empty()) {
      sides.known_payee = attempt.front().text(0);
      if (sides.pay_cert_no.empty()) sides.pay_cert_no = attempt.front().text(1);
      // Paid and returned, the return first: the book released the money and never booked it as spent.
      if (!returned && !sides.booked && attempt.front().text(2) == "returned") {
        sides.booked = true;
        sides.book_fen = sides.answered ? sides.treasury_fen : sides.statement_fen;
      }
    }
    if (!sides.answered) {
      const auto other_day = TRY(transaction.query(
          "SELECT on_day FROM treasury_message WHERE business_no = ? AND agent_business_no = ? AND on_day IS NOT NULL",
          {business_no, serial}, "t"));
      if (!other_day.empty()) sides.answer_day = other_day.front().text(0);
    }
  }
  return all;
}

ReconcileLine judge(const Key& key, const Sides& sides, bool statement_received) {
  ReconcileLine line;
  line.business_no = std::get<0>(key);
  line.direction = std::get<1>(key) ? "RETURNED" : "PAID";
  line.agent_business_no = std::get<2>(key);
  line.pay_cert_no = sides.pay_cert_no;
  line.book_fen = sides.book_fen;
  line.treasury_fen = sides.treasury_fen;
  line.statement_fen = sides.statement_fen;
  if (sides.contradicted) {
    line.result = "CONFLICT";
    line.detail = "The answer contradicts what is known; a person decides.";
  } else if (sides.known_payee.empty()) {
    line.result = "TREASURY_ONLY";
    line.detail = "None of our requests has this number.";
  } else if (!sides.answered && !sides.answer_day.empty()) {
    line.result = "DATE_DIFF";
    line.detail = "The answer named " + sides.answer_day + ".";
  } else if (!sides.answered) {
    line.result = "TREASURY_ONLY";
    line.detail = "In the statement, but no answer came.";
  } else if (sides.stated && sides.statement_fen != sides.treasury_fen) {
    line.result = "AMOUNT_DIFF";
    line.detail = "Answer and statement name different amounts.";
  } else if (!sides.booked || sides.book_fen != sides.treasury_fen) {
    line.result = "AMOUNT_DIFF";
    line.detail = "The book does not hold what the treasury answered.";
  } else if (!sides.statement_payee.empty() && sides.statement_payee != sides.known_payee) {
    line.result = "PAYEE_DIFF";
    line.detail = "The statement names another account.";
  } else if (statement_received && !sides.stated) {
    line.result = "HUB_ONLY";
    line.detail = "Answered, but not in the statement.";
  } else {
    line.result = "MATCHED";
  }
  return line;
}

Result<std::vector<ReconcileBalance>> balances(Transaction& transaction, const std::string& day,
                                               const std::string& division) {
  const auto rows = TRY(transaction.query(
      "SELECT bgt_id, division, pro_code, current_fen, applied_fen FROM appropriation WHERE ? = '' OR division = ? "
      "ORDER BY bgt_id",
      {division, division}, "tttii"));
  std::vector<ReconcileBalance> all;
  for (const auto& row : rows) {
    ReconcileBalance b;
    b.appropriation = row.text(0);
    b.division = row.text(1);
    b.pro_code = row.text(2);
    b.reported_current = row.integer(3);
    b.reported_applied = row.integer(4);
    const auto sums = TRY(transaction.query(
        "SELECT kind, CASE WHEN day < ? THEN 0 ELSE 1 END, CAST(sum(amount_fen) AS BIGINT) FROM ledger_entry "
        "WHERE bgt_id = ? AND day <= ? GROUP BY 1, 2",
        {day, b.appropriation, day}, "tii"));
    std::map<std::string, std::int64_t> before, on_day;
    for (const auto& sum : sums) (sum.integer(1) == 0 ? before : on_day)[sum.text(0)] = sum.integer(2);
    const auto available = [](std::map<std::string, std::int64_t>& m) {
      return m["appropriate"] - m["cut"] - m["others"] + m["others_back"] - m["reserve"] + m["release"] + m["unspend"];
    };
    b.opening_available = available(before);
    b.quota_changes = on_day["appropriate"] - on_day["cut"];
    b.others = on_day["others"] - on_day["others_back"];
    b.reserved = on_day["reserve"];
    b.released = on_day["release"];
    b.settled = on_day["settle"];
    b.unspent = on_day["unspend"];
    b.returned_prior_year = on_day["return_prior_year"] + on_day["release_prior_year"];
    b.closing_available = b.opening_available + available(on_day);
    const auto both = [&](const char* kind) { return before[kind] + on_day[kind]; };
    b.closing_reserved = both("reserve") - both("settle") - both("release") - both("release_prior_year");
    b.closing_spent = both("settle") - both("unspend") - both("return_prior_year");
    b.difference = b.reported_applied - (both("others") - both("others_back") + b.closing_reserved + b.closing_spent);
    all.push_back(std::move(b));
  }
  return all;
}

std::string yuan(std::int64_t fen) {
  return Money::from_fen(fen).to_yuan();
}

}  // namespace

Result<ReconcileReport> reconcile_day(Transaction& transaction, Date day, const std::string& division) {
  ReconcileReport report;
  report.day = day;
  report.division = division;
  const std::string text = day.to_string();
  report.statement_received =
      !TRY(transaction.query("SELECT 1 FROM treasury_message WHERE answer = 'STATEMENT' AND on_day = ? AND "
                             "(? = '' OR detail = ?)",
                             {text, division, division}, "i"))
           .empty();
  const auto all = TRY(gather(transaction, text, division));
  for (const auto& [key, sides] : all) {
    ReconcileLine line = judge(key, sides, report.statement_received);
    const bool matched = line.result == "MATCHED";
    if (!matched) ++report.unexplained;
    if (std::get<1>(key)) {
      ++report.returned_count;
      report.returned_fen += line.book_fen;
    } else {
      ++report.paid_count;
      report.paid_fen += line.book_fen;
    }
    report.lines.push_back(std::move(line));
  }
  const auto open = TRY(transaction.query(
      "SELECT business_no, amount_fen, created_at FROM payment_attempt WHERE state IN ('queued', 'sent', 'acked') AND "
      "created_at < ? AND (? = '' OR division = ?) ORDER BY created_at, business_no",
      {to_millis(day.plus_days(1).begins()), division, division}, "tii"));
  for (const auto& row : open) {
    ReconcileLine line;
    line.result = "OPEN";
    line.business_no = row.text(0);
    line.direction = "PAID";
    line.book_fen = row.integer(1);
    line.age_days = (day.days() - Date::of(from_millis(row.integer(2))).days()).count();
    line.detail = "Requested, not answered yet.";
    ++report.open_count;
    report.open_fen += line.book_fen;
    report.lines.push_back(std::move(line));
  }
  report.balances = TRY(balances(transaction, text, division));
  return report;
}

std::string to_text(const ReconcileReport& report) {
  std::string text = "Reconciliation of " + report.day.to_string() +
                     (report.division.empty() ? "" : ", division " + report.division) +
                     (report.statement_received ? "" : " (no statement came)") + "\n";
  for (const ReconcileLine& line : report.lines) {
    text += "  " + line.result + "  " + line.direction + "  " + line.business_no + "  book " + yuan(line.book_fen) +
            "  treasury " + yuan(line.treasury_fen) + "  statement " + yuan(line.statement_fen);
    if (!line.agent_business_no.empty()) text += "  bank " + line.agent_business_no;
    if (!line.detail.empty()) text += "  " + line.detail;
    text += "\n";
  }
  text += "Appropriations\n";
  for (const ReconcileBalance& b : report.balances) {
    text += "  " + b.appropriation + "  opening " + yuan(b.opening_available) + "  quota " + yuan(b.quota_changes) +
            "  others " + yuan(b.others) + "  reserved " + yuan(b.reserved) + "  released " + yuan(b.released) +
            "  settled " + yuan(b.settled) + "  returned " + yuan(b.unspent) + "  closing " +
            yuan(b.closing_available) + "\n";
  }
  text += "Paid " + std::to_string(report.paid_count) + " (" + yuan(report.paid_fen) + "), returned " +
          std::to_string(report.returned_count) + " (" + yuan(report.returned_fen) + "), open " +
          std::to_string(report.open_count) + " (" + yuan(report.open_fen) + "), unexplained " +
          std::to_string(report.unexplained) + "\n";
  return text;
}

Json to_json(const ReconcileReport& report) {
  Json lines = Json::array();
  for (const ReconcileLine& line : report.lines) {
    lines.push_back({{"result", line.result},
                     {"direction", line.direction},
                     {"business_no", line.business_no},
                     {"agent_business_no", line.agent_business_no},
                     {"pay_cert_no", line.pay_cert_no},
                     {"book_fen", line.book_fen},
                     {"treasury_fen", line.treasury_fen},
                     {"statement_fen", line.statement_fen},
                     {"age_days", line.age_days},
                     {"detail", line.detail}});
  }
  Json appropriations = Json::array();
  for (const ReconcileBalance& b : report.balances) {
    appropriations.push_back({{"appropriation", b.appropriation},
                              {"division", b.division},
                              {"pro_code", b.pro_code},
                              {"opening_available_fen", b.opening_available},
                              {"quota_changes_fen", b.quota_changes},
                              {"others_fen", b.others},
                              {"reserved_fen", b.reserved},
                              {"released_fen", b.released},
                              {"settled_fen", b.settled},
                              {"returned_fen", b.unspent},
                              {"returned_prior_year_fen", b.returned_prior_year},
                              {"closing_available_fen", b.closing_available},
                              {"closing_reserved_fen", b.closing_reserved},
                              {"closing_spent_fen", b.closing_spent},
                              {"reported_current_fen", b.reported_current},
                              {"reported_applied_fen", b.reported_applied},
                              {"difference_fen", b.difference}});
  }
  return {{"day", report.day.to_string()},
          {"division", report.division},
          {"statement_received", report.statement_received},
          {"agrees", report.agrees()},
          {"paid", report.paid_count},
          {"paid_fen", report.paid_fen},
          {"returned", report.returned_count},
          {"returned_fen", report.returned_fen},
          {"open", report.open_count},
          {"open_fen", report.open_fen},
          {"unexplained", report.unexplained},
          {"lines", lines},
          {"appropriations", appropriations}};
}

}  // namespace zhida::treasury
