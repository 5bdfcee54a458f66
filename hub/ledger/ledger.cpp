#include "ledger/ledger.h"

#include "base/assert.h"

namespace zhida::ledger {
namespace {

constexpr std::string_view kBalanceSql =
    "SELECT a.bgt_id, a.division, a.fiscal_year, a.pro_code, a.pro_name, a.agency_code, a.agency_name, "
    "a.fund_type_code, a.exp_func_code, a.gov_bgt_eco_code, a.dep_bgt_eco_code, a.cor_bgt_doc_no, a.sup_bgt_doc_no, "
    "a.amount_fen, a.cut_fen, a.current_fen, a.applied_fen, a.executable, a.deleted, a.updated_at, a.record_id, "
    "a.total_fen, a.others_fen, a.reserved_fen, a.spent_fen, a.available_fen, a.prior_year_fen, "
    "(SELECT count(*) FROM parked_report p WHERE p.bgt_id = a.bgt_id AND p.state = 'open') FROM appropriation a ";
constexpr std::string_view kBalanceColumns = "ttittttttttttiiiiiitiiiiiiii";

Balance read_balance(const storage::Row& row) {
  Balance balance;
  AppropriationReport& report = balance.last_report;
  report.id = AppropriationId(row.text(0));
  report.division = row.text(1);
  report.fiscal_year = static_cast<int>(row.integer(2));
  report.pro_code = row.text(3);
  report.pro_name = row.text(4);
  report.agency_code = row.text(5);
  report.agency_name = row.text(6);
  report.fund_type_code = row.text(7);
  report.exp_func_code = row.text(8);
  report.gov_bgt_eco_code = row.text(9);
  report.dep_bgt_eco_code = row.text(10);
  report.cor_bgt_doc_no = row.text(11);
  report.sup_bgt_doc_no = row.text(12);
  report.amount = Money::from_fen(row.integer(13));
  report.cut = Money::from_fen(row.integer(14));
  report.current = Money::from_fen(row.integer(15));
  report.applied = Money::from_fen(row.integer(16));
  report.executable = row.integer(17) != 0;
  report.deleted = row.integer(18) != 0;
  report.updated_at = row.text(19);
  report.record_id = row.integer(20);
  balance.total = Money::from_fen(row.integer(21));
  balance.others = Money::from_fen(row.integer(22));
  balance.reserved = Money::from_fen(row.integer(23));
  balance.spent = Money::from_fen(row.integer(24));
  balance.available = Money::from_fen(row.integer(25));
  balance.returned_prior_year = Money::from_fen(row.integer(26));
  balance.closed = !report.executable || report.deleted;
  balance.report_parked = row.integer(27) > 0;
  return balance;
}

}  // namespace

const char* to_text(ReserveRefusal refusal) {
  switch (refusal) {
    case ReserveRefusal::amount_must_be_positive:
      return "amount_must_be_positive";
    case ReserveRefusal::appropriation_not_found:
      return "appropriation_not_found";
    case ReserveRefusal::appropriation_closed:
      return "appropriation_closed";
    case ReserveRefusal::reserved_with_different_amount:
      return "reserved_with_different_amount";
    case ReserveRefusal::already_reserved:
      return "already_reserved";
    case ReserveRefusal::exceeds_available:
      break;
  }
  return "exceeds_available";
}

const char* to_text(PostRefusal refusal) {
  switch (refusal) {
    case PostRefusal::not_reserved:
      return "not_reserved";
    case PostRefusal::already_settled:
      return "already_settled";
    case PostRefusal::already_released:
      return "already_released";
    case PostRefusal::amount_differs:
      return "amount_differs";
    case PostRefusal::serial_taken:
      return "serial_taken";
    case PostRefusal::not_settled:
      return "not_settled";
    case PostRefusal::exceeds_spent:
      return "exceeds_spent";
    case PostRefusal::already_unspent:
      return "already_unspent";
    case PostRefusal::answer_not_signed:
      break;
  }
  return "answer_not_signed";
}

/// The reservation of one request and how it ended.
struct Ledger::Reservation {
  AppropriationId appropriation;
  std::string division;
  std::int64_t fen = 0;
  std::string end;            // Kind of the entry that ended it; empty while it stands.
  std::string attempt_state;  // Of the payment attempt.
  std::int64_t spent = 0;     // Settled less what came back.
};

Result<std::optional<Ledger::Reservation>> Ledger::find_reservation(const AttemptId& request) {
  const auto rows = TRY(transaction_.query(
      "SELECT e.bgt_id, e.division, e.amount_fen, a.state FROM ledger_entry e "
      "JOIN payment_attempt a ON a.business_no = e.business_no WHERE e.business_no = ? AND e.kind = 'reserve'",
      {request.str()}, "ttit"));
  if (rows.empty()) return std::optional<Reservation>();
  Reservation found{AppropriationId(rows[0].text(0)), rows[0].text(1), rows[0].integer(2), {}, rows[0].text(3), 0};
  const auto others = TRY(transaction_.query(
      "SELECT kind, amount_fen FROM ledger_entry WHERE business_no = ? AND kind <> 'reserve' ORDER BY id",
      {request.str()}, "ti"));
  for (const auto& row : others) {
    const std::string& kind = row.text(0);
    if (kind == "settle" || kind == "release" || kind == "release_prior_year") found.end = kind;
    if (kind == "settle") found.spent += row.integer(1);
    if (kind == "unspend" || kind == "return_prior_year") found.spent -= row.integer(1);
  }
  return std::optional<Reservation>(std::move(found));
}

Result<void> Ledger::post(const AppropriationId& appropriation, const std::optional<AttemptId>& request,
                          const char* kind, const char* from, const char* to, std::int64_t fen,
                          const std::string& agent_business_no, const std::string& reference) {
  const Instant now = clock_.now();
  CHECK_OK(transaction_.execute(
      "INSERT INTO ledger_entry (bgt_id, business_no, kind, from_account, to_account, amount_fen, agent_business_no, "
      "division, reference, at, day) SELECT ?, ?, ?, ?, ?, ?, ?, division, ?, ?, ? FROM appropriation WHERE bgt_id = ?",
      {appropriation.str(), request ? storage::Value(request->str()) : storage::Value(nullptr), std::string(kind),
       std::string(from), std::string(to), fen,
       agent_business_no.empty() ? storage::Value(nullptr) : storage::Value(agent_business_no), reference,
       to_millis(now), Date::of(now).to_string(), appropriation.str()}));
  return ok();
}

Result<std::optional<AppropriationId>> Ledger::find_for(const std::string& division, int fiscal_year,
                                                        const std::string& pro_code, Money amount) {
  // A city's code is the district's with the last two digits 00 (GB/T 2260).
  const std::string city = division.substr(0, 4) + "00";
  for (const std::string& payer : {division, city}) {
    const auto rows = TRY(transaction_.query(
        "SELECT a.bgt_id, CASE WHEN a.executable = 1 AND a.deleted = 0 AND NOT EXISTS (SELECT 1 FROM parked_report p "
        "WHERE p.bgt_id = a.bgt_id AND p.state = 'open') THEN 1 ELSE 0 END, a.available_fen FROM appropriation a "
        "WHERE a.division = ? AND a.fiscal_year = ? AND a.pro_code = ? ORDER BY a.bgt_id",
        {payer, std::int64_t{fiscal_year}, pro_code}, "tii"));
    if (rows.empty()) continue;
    const storage::Row* open = nullptr;
    for (const auto& row : rows) {
      if (row.integer(1) == 0) continue;
      if (row.integer(2) >= amount.fen()) return std::optional(AppropriationId(row.text(0)));
      if (open == nullptr) open = &row;
    }
    return std::optional(AppropriationId((open == nullptr ? rows.front() : *open).text(0)));
  }
  return std::optional<AppropriationId>();
}

Result<std::optional<ReserveRefusal>> Ledger::reserve(const AppropriationId& from, const AttemptId& request,
                                                      Money amount) {
  using Refusal = std::optional<ReserveRefusal>;
  if (amount <= Money()) return Refusal(ReserveRefusal::amount_must_be_positive);
  const auto known = TRY(balance(from));
  if (!known) return Refusal(ReserveRefusal::appropriation_not_found);
  // A parked report says that less is there than the book believes: nothing new is promised before a person looked.
  if (known->closed || known->report_parked) return Refusal(ReserveRefusal::appropriation_closed);
  if (const auto before = TRY(find_reservation(request))) {
    if (before->fen != amount.fen() || before->appropriation != from)
      return Refusal(ReserveRefusal::reserved_with_different_amount);
    return Refusal(ReserveRefusal::already_reserved);
  }
  if (known->available < amount) return Refusal(ReserveRefusal::exceeds_available);
  CHECK_OK(post(from, request, "reserve", "available", "reserved", amount.fen(), {}, {}));
  return Refusal();
}

Result<std::optional<PostRefusal>> Ledger::settle(const AttemptId& request, Money paid,
                                                  const std::string& agent_business_no) {
  using Refusal = std::optional<PostRefusal>;
  const auto reservation = TRY(find_reservation(request));
  if (!reservation) return Refusal(PostRefusal::not_reserved);
  if (reservation->end == "settle") return Refusal(PostRefusal::already_settled);
  if (!reservation->end.empty()) return Refusal(PostRefusal::already_released);
  if (reservation->fen != paid.fen()) return Refusal(PostRefusal::amount_differs);
  const auto taken = TRY(
      transaction_.query("SELECT 1 FROM ledger_entry WHERE division = ? AND agent_business_no = ? AND kind = 'settle'",
                         {reservation->division, agent_business_no}, "i"));
  if (!taken.empty()) return Refusal(PostRefusal::serial_taken);
  CHECK_OK(post(reservation->appropriation, request, "settle", "reserved", "spent", paid.fen(), agent_business_no, {}));
  return Refusal();
}

Result<std::optional<PostRefusal>> Ledger::release(const AttemptId& request) {
  using Refusal = std::optional<PostRefusal>;
  const auto reservation = TRY(find_reservation(request));
  if (!reservation) return Refusal(PostRefusal::not_reserved);
  if (reservation->end == "settle") return Refusal(PostRefusal::already_settled);
  if (!reservation->end.empty()) return Refusal(PostRefusal::already_released);
  // The state can only be one of these where the treasury's sealed answer is stored (trigger
  // payment_attempt_signed_end).
  const std::string& state = reservation->attempt_state;
  if (state != "rejected" && state != "cancelled" && state != "returned")
    return Refusal(PostRefusal::answer_not_signed);
  CHECK_OK(post(reservation->appropriation, request, "release", "reserved", "available", reservation->fen, {}, {}));
  return Refusal();
}

Result<std::optional<PostRefusal>> Ledger::unspend(const AttemptId& request, Money returned,
                                                   const std::string& reference, bool prior_year) {
  using Refusal = std::optional<PostRefusal>;
  const auto reservation = TRY(find_reservation(request));
  if (!reservation) return Refusal(PostRefusal::not_reserved);
  if (reservation->end.empty()) {
    // The return overtook its receipt: the money never became spent in our book.
    if (returned.fen() != reservation->fen) return Refusal(PostRefusal::amount_differs);
    if (reservation->attempt_state != "returned") return Refusal(PostRefusal::answer_not_signed);
    CHECK_OK(post(reservation->appropriation, request, prior_year ? "release_prior_year" : "release", "reserved",
                  prior_year ? "prior_year" : "available", returned.fen(), {}, reference));
    return Refusal();
  }
  if (reservation->end != "settle") return Refusal(PostRefusal::already_unspent);
  const auto booked = TRY(transaction_.query(
      "SELECT 1 FROM ledger_entry WHERE business_no = ? AND kind IN ('unspend', 'return_prior_year') AND reference = ?",
      {request.str(), reference}, "i"));
  if (!booked.empty()) return Refusal(PostRefusal::already_unspent);
  if (returned <= Money() || returned.fen() > reservation->spent) return Refusal(PostRefusal::exceeds_spent);
  CHECK_OK(post(reservation->appropriation, request, prior_year ? "return_prior_year" : "unspend", "spent",
                prior_year ? "prior_year" : "available", returned.fen(), {}, reference));
  return Refusal();
}

Result<std::optional<Balance>> Ledger::balance(const AppropriationId& appropriation) {
  static const std::string sql = std::string(kBalanceSql) + "WHERE a.bgt_id = ?";
  const auto rows = TRY(transaction_.query(sql, {appropriation.str()}, kBalanceColumns));
  if (rows.empty()) return std::optional<Balance>();
  return std::optional(read_balance(rows.front()));
}

Result<std::vector<Balance>> Ledger::balances(const std::string& division, int fiscal_year) {
  static const std::string sql =
      std::string(kBalanceSql) + "WHERE (a.division = ? OR ? = '') AND (a.fiscal_year = ? OR ? = 0) ORDER BY a.bgt_id";
  const auto rows = TRY(transaction_.query(
      sql, {division, division, std::int64_t{fiscal_year}, std::int64_t{fiscal_year}}, kBalanceColumns));
  std::vector<Balance> all;
  for (const auto& row : rows) all.push_back(read_balance(row));
  return all;
}

Result<std::vector<Entry>> entries_of(storage::Transaction& transaction, const AppropriationId& appropriation,
                                      std::int64_t after_id, std::int64_t limit) {
  const auto rows = TRY(transaction.query(
      "SELECT id, bgt_id, business_no, kind, from_account, to_account, amount_fen, reference, at FROM ledger_entry "
      "WHERE bgt_id = ? AND id > ? ORDER BY id LIMIT ?",
      {appropriation.str(), after_id, limit}, "itttttiti"));
  std::vector<Entry> entries;
  for (const auto& row : rows) {
    entries.push_back({row.integer(0), AppropriationId(row.text(1)), row.text_or(2, {}), row.text(3), row.text(4),
                       row.text(5), Money::from_fen(row.integer(6)), row.text(7), from_millis(row.integer(8))});
  }
  return entries;
}

Result<std::vector<std::string>> verify_book(storage::Transaction& transaction) {
  std::vector<std::string> findings;
  const auto rows = TRY(transaction.query(
      "SELECT a.bgt_id, a.total_fen, a.available_fen, a.others_fen, a.reserved_fen, a.spent_fen, a.prior_year_fen, "
      "CAST(coalesce(sum(CASE WHEN e.from_account = 'budget' THEN e.amount_fen WHEN e.to_account = 'budget' THEN "
      "-e.amount_fen ELSE 0 END), 0) AS BIGINT), "
      "CAST(coalesce(sum(CASE WHEN e.to_account = 'available' THEN e.amount_fen WHEN e.from_account = 'available' THEN "
      "-e.amount_fen ELSE 0 END), 0) AS BIGINT), "
      "CAST(coalesce(sum(CASE WHEN e.to_account = 'others' THEN e.amount_fen WHEN e.from_account = 'others' THEN "
      "-e.amount_fen ELSE 0 END), 0) AS BIGINT), "
      "CAST(coalesce(sum(CASE WHEN e.to_account = 'reserved' THEN e.amount_fen WHEN e.from_account = 'reserved' THEN "
      "-e.amount_fen ELSE 0 END), 0) AS BIGINT), "
      "CAST(coalesce(sum(CASE WHEN e.to_account = 'spent' THEN e.amount_fen WHEN e.from_account = 'spent' THEN "
      "-e.amount_fen ELSE 0 END), 0) AS BIGINT), "
      "CAST(coalesce(sum(CASE WHEN e.to_account = 'prior_year' THEN e.amount_fen ELSE 0 END), 0) AS BIGINT) "
      "FROM appropriation a LEFT JOIN ledger_entry e ON e.bgt_id = a.bgt_id GROUP BY a.bgt_id ORDER BY a.bgt_id",
      {}, "tiiiiiiiiiiii"));
  constexpr const char* kAccounts[] = {"total", "available", "others", "reserved", "spent", "prior_year"};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < 6; ++i) {
      const std::int64_t stands = row.integer(1 + i), sum = row.integer(7 + i);
      if (stands != sum) {
        findings.push_back("Appropriation " + row.text(0) + ": " + kAccounts[i] + " stands at " +
                           Money::from_fen(stands).to_yuan() + " and its entries come to " +
                           Money::from_fen(sum).to_yuan() + ".");
      }
    }
  }
  // Attempts and their reservations agree: open ones hold their money, ended ones do not.
  const auto odd = TRY(transaction.query(
      "SELECT a.business_no, a.state FROM payment_attempt a WHERE (CASE WHEN a.state IN ('queued', 'sent', 'acked') "
      "THEN 1 ELSE 0 END) <> (SELECT CAST(coalesce(sum(CASE WHEN e.kind = 'reserve' THEN 1 WHEN e.kind IN ('settle', "
      "'release', 'release_prior_year') THEN -1 ELSE 0 END), 0) AS BIGINT) FROM ledger_entry e "
      "WHERE e.business_no = a.business_no) ORDER BY a.business_no",
      {}, "tt"));
  for (const auto& row : odd)
    findings.push_back("Attempt " + row.text(0) + " is " + row.text(1) + " and the book does not say so.");
  return findings;
}

}  // namespace zhida::ledger
