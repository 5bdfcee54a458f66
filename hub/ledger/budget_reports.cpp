// What the budget system reports, taken into the book as a whole or parked as a whole.
#include "ledger/ledger.h"
#include "ledger/report_json.h"

namespace zhida::ledger {
namespace {

bool same(const AppropriationReport& left, const AppropriationReport& right) {
  Json a = to_json(left), b = to_json(right);
  a.erase("record_id");
  b.erase("record_id");
  return a == b;
}

/// What the appropriation holds in all; a deleted one holds nothing. Error `money_overflow`.
Result<Money> total_of(const AppropriationReport& report) {
  if (report.deleted) return Money();
  return report.amount.minus(report.cut);
}

}  // namespace

Result<ReportOutcome> Ledger::apply_appropriation(const AppropriationReport& report) {
  if (TRY(parked_is_newer("appropriation", report.id.str(), report.updated_at))) return ReportOutcome::outdated;
  const auto tried = TRY(try_appropriation(report));
  if (tried.outcome == ReportOutcome::outdated || tried.outcome == ReportOutcome::unchanged) return tried.outcome;
  if (tried.outcome == ReportOutcome::parked) {
    return park("appropriation", report.id.str(), report.id, report.division, tried.reason, to_json(report).dump());
  }
  CHECK_OK(supersede_parked("appropriation", report.id.str()));
  CHECK_OK(apply_parked());  // Payments may have waited for this very appropriation.
  return tried.outcome;
}

Result<ReportOutcome> Ledger::apply_budget_payment(const BudgetPaymentReport& report) {
  if (TRY(parked_is_newer("payment", report.pay_app_no, report.updated_at))) return ReportOutcome::outdated;
  const auto tried = TRY(try_payment(report));
  if (tried.outcome == ReportOutcome::outdated || tried.outcome == ReportOutcome::unchanged) return tried.outcome;
  if (tried.outcome == ReportOutcome::parked) {
    return park("payment", report.pay_app_no, report.appropriation, report.division, tried.reason,
                to_json(report).dump());
  }
  CHECK_OK(supersede_parked("payment", report.pay_app_no));
  return tried.outcome;
}

Result<Ledger::Tried> Ledger::try_appropriation(const AppropriationReport& report) {
  const auto known = TRY(balance(report.id));
  if (known && report.updated_at < known->last_report.updated_at) return Tried{ReportOutcome::outdated, {}};
  if (known && same(report, known->last_report)) return Tried{ReportOutcome::unchanged, {}};
  auto counted = total_of(report);
  if (!counted || counted.value() < Money()) {
    return Tried{ReportOutcome::parked, "The reduction " + report.cut.to_yuan() + " is larger than the amount " +
                                            report.amount.to_yuan() + "."};
  }
  const Money total = counted.value();
  if (known) {
    const AppropriationReport& before = known->last_report;
    const bool used = known->reserved > Money() || known->spent > Money() || known->others > Money();
    if (used && (before.division != report.division || before.fiscal_year != report.fiscal_year)) {
      return Tried{ReportOutcome::parked, "Division or year changed though money of it is reserved or spent."};
    }
    if (total < known->total) {
      const std::int64_t reduction = known->total.fen() - total.fen();
      if (reduction > known->available.fen()) {
        return Tried{ReportOutcome::parked, "The total would become " + total.to_yuan() + ", but " +
                                                Money::from_fen(known->total.fen() - known->available.fen()).to_yuan() +
                                                " is spent or promised."};
      }
    }
  }
  const AppropriationReport& r = report;
  const storage::Values values = {r.division,
                                  std::int64_t{r.fiscal_year},
                                  r.pro_code,
                                  r.pro_name,
                                  r.agency_code,
                                  r.agency_name,
                                  r.fund_type_code,
                                  r.exp_func_code,
                                  r.gov_bgt_eco_code,
                                  r.dep_bgt_eco_code,
                                  r.cor_bgt_doc_no,
                                  r.sup_bgt_doc_no,
                                  r.amount.fen(),
                                  r.cut.fen(),
                                  r.current.fen(),
                                  r.applied.fen(),
                                  std::int64_t{r.executable ? 1 : 0},
                                  std::int64_t{r.deleted ? 1 : 0},
                                  r.updated_at,
                                  r.record_id,
                                  r.id.str()};
  if (known) {
    CHECK_OK(transaction_.execute(
        "UPDATE appropriation SET division = ?, fiscal_year = ?, pro_code = ?, pro_name = ?, agency_code = ?, "
        "agency_name = ?, fund_type_code = ?, exp_func_code = ?, gov_bgt_eco_code = ?, dep_bgt_eco_code = ?, "
        "cor_bgt_doc_no = ?, sup_bgt_doc_no = ?, amount_fen = ?, cut_fen = ?, current_fen = ?, applied_fen = ?, "
        "executable = ?, deleted = ?, updated_at = ?, record_id = ? WHERE bgt_id = ?",
        values));
  } else {
    CHECK_OK(transaction_.execute(
        "INSERT INTO appropriation (division, fiscal_year, pro_code, pro_name, agency_code, agency_name, "
        "fund_type_code, exp_func_code, gov_bgt_eco_code, dep_bgt_eco_code, cor_bgt_doc_no, sup_bgt_doc_no, "
        "amount_fen, cut_fen, current_fen, applied_fen, executable, deleted, updated_at, record_id, bgt_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values));
  }
  const std::int64_t change = total.fen() - (known ? known->total.fen() : 0);
  if (change > 0) {
    CHECK_OK(post(report.id, std::nullopt, "appropriate", "budget", "available", change, {}, report.updated_at));
  }
  if (change < 0) {
    CHECK_OK(post(report.id, std::nullopt, "cut", "available", "budget", -change, {}, report.updated_at));
  }
  return Tried{};
}

Result<Ledger::Tried> Ledger::try_payment(const BudgetPaymentReport& report) {
  const auto before = TRY(transaction_.query(
      "SELECT bgt_id, division, amount_fen, business_no, payee_name, use_des, deleted, counted_fen, updated_at "
      "FROM budget_payment WHERE pay_app_no = ?",
      {report.pay_app_no}, "ttitttiit"));
  std::int64_t counted_before = 0;
  AppropriationId appropriation_before = report.appropriation;
  if (!before.empty()) {
    const storage::Row& row = before.front();
    if (report.updated_at < row.text(8)) return Tried{ReportOutcome::outdated, {}};
    if (row.text(0) == report.appropriation.str() && row.text(1) == report.division &&
        row.integer(2) == report.amount.fen() && row.text(3) == report.business_no &&
        row.text(4) == report.payee_name && row.text(5) == report.use_des && (row.integer(6) != 0) == report.deleted &&
        row.text(8) == report.updated_at) {
      return Tried{ReportOutcome::unchanged, {}};
    }
    counted_before = row.integer(7);
    appropriation_before = AppropriationId(row.text(0));
  }
  bool ours = false;
  if (!report.business_no.empty()) {
    ours = !TRY(transaction_.query("SELECT 1 FROM payment_attempt WHERE business_no = ?", {report.business_no}, "i"))
                .empty();
  }
  const std::int64_t counted = ours || report.deleted ? 0 : report.amount.fen();
  const auto moved = TRY(move_others(report, counted_before, appropriation_before, counted));
  if (moved.outcome != ReportOutcome::applied) return moved;
  CHECK_OK(transaction_.execute(
      "INSERT INTO budget_payment (pay_app_no, bgt_id, division, amount_fen, business_no, payee_name, use_des, "
      "deleted, "
      "counted_fen, updated_at, record_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (pay_app_no) DO UPDATE "
      "SET bgt_id = excluded.bgt_id, division = excluded.division, amount_fen = excluded.amount_fen, business_no = "
      "excluded.business_no, payee_name = excluded.payee_name, use_des = excluded.use_des, deleted = excluded.deleted, "
      "counted_fen = excluded.counted_fen, updated_at = excluded.updated_at, record_id = excluded.record_id",
      {report.pay_app_no, report.appropriation.str(), report.division, report.amount.fen(), report.business_no,
       report.payee_name, report.use_des, std::int64_t{report.deleted ? 1 : 0}, counted, report.updated_at,
       report.record_id}));
  return Tried{};
}

Result<Ledger::Tried> Ledger::move_others(const BudgetPaymentReport& report, std::int64_t counted_before,
                                          const AppropriationId& appropriation_before, std::int64_t counted_now) {
  struct Change {
    AppropriationId appropriation;
    std::int64_t fen;
  };
  std::vector<Change> changes;
  if (appropriation_before == report.appropriation) {
    changes.push_back({report.appropriation, counted_now - counted_before});
  } else {
    changes.push_back({appropriation_before, -counted_before});
    changes.push_back({report.appropriation, counted_now});
  }
  // First look at all of it, then do all of it: a report is never applied in part.
  for (const Change& change : changes) {
    const auto known = TRY(balance(change.appropriation));
    if (!known) {
      return Tried{ReportOutcome::parked, "Appropriation " + change.appropriation.str() + " is not known yet."};
    }
    if (change.fen > known->available.fen()) {
      return Tried{ReportOutcome::parked, "Others' spending would take " + Money::from_fen(change.fen).to_yuan() +
                                              " more, but only " + known->available.to_yuan() +
                                              " of the appropriation is neither spent nor promised."};
    }
    if (-change.fen > known->others.fen()) {
      return Tried{ReportOutcome::parked, "More would come back than others have spent."};
    }
  }
  const std::string reference = report.pay_app_no + "@" + report.updated_at;
  for (const Change& change : changes) {
    if (change.fen > 0) {
      CHECK_OK(post(change.appropriation, std::nullopt, "others", "available", "others", change.fen, {}, reference));
    }
    if (change.fen < 0) {
      CHECK_OK(
          post(change.appropriation, std::nullopt, "others_back", "others", "available", -change.fen, {}, reference));
    }
  }
  return Tried{};
}

Result<ReportOutcome> Ledger::park(const std::string& kind, const std::string& key,
                                   const AppropriationId& appropriation, const std::string& division,
                                   const std::string& reason, const std::string& record) {
  const auto open = TRY(transaction_.query(
      "SELECT record FROM parked_report WHERE kind = ? AND key = ? AND state = 'open'", {kind, key}, "t"));
  if (!open.empty() && open.front().text(0) == record) return ReportOutcome::unchanged;
  CHECK_OK(supersede_parked(kind, key));
  CHECK_OK(transaction_.execute(
      "INSERT INTO parked_report (kind, key, bgt_id, division, reason, record, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      {kind, key, appropriation.str(), division, reason, record, to_millis(clock_.now())}));
  return ReportOutcome::parked;
}

Result<bool> Ledger::parked_is_newer(const std::string& kind, const std::string& key, const std::string& updated_at) {
  const auto open = TRY(transaction_.query(
      "SELECT record FROM parked_report WHERE kind = ? AND key = ? AND state = 'open'", {kind, key}, "t"));
  if (open.empty()) return false;
  const Json record = TRY(parse_json(open.front().text(0)));
  return updated_at < TRY(get_string(record, "updated_at"));
}

Result<void> Ledger::supersede_parked(const std::string& kind, const std::string& key) {
  CHECK_OK(transaction_.execute(
      "UPDATE parked_report SET state = 'superseded', settled_at = ? WHERE kind = ? AND key = ? AND state = 'open'",
      {to_millis(clock_.now()), kind, key}));
  return ok();
}

Result<std::int64_t> Ledger::apply_parked() {
  std::int64_t applied = 0;
  for (bool again = true; again;) {  // One that fits may make room for another.
    again = false;
    const auto rows = TRY(
        transaction_.query("SELECT id, kind, record FROM parked_report WHERE state = 'open' ORDER BY id", {}, "itt"));
    for (const auto& row : rows) {
      const Json record = TRY(parse_json(row.text(2)));
      Tried tried;
      if (row.text(1) == "appropriation") {
        const auto report = TRY(appropriation_from(record));
        tried = TRY(try_appropriation(report));
      } else {
        const auto report = TRY(payment_from(record));
        tried = TRY(try_payment(report));
      }
      if (tried.outcome == ReportOutcome::parked) continue;
      const bool done = tried.outcome == ReportOutcome::applied;
      CHECK_OK(transaction_.execute(
          "UPDATE parked_report SET state = ?, settled_at = ? WHERE id = ?",
          {std::string(done ? "applied" : "superseded"), to_millis(clock_.now()), row.integer(0)}));
      if (done) ++applied;
      again = true;
    }
  }
  return applied;
}

Result<std::vector<ParkedReport>> parked_reports(storage::Transaction& transaction, const std::string& state) {
  const auto rows =
      TRY(transaction.query("SELECT id, kind, key, bgt_id, division, reason, record, state, at FROM parked_report "
                            "WHERE state = ? ORDER BY id",
                            {state}, "ittttttti"));
  std::vector<ParkedReport> reports;
  for (const auto& row : rows) {
    reports.push_back({row.integer(0), row.text(1), row.text(2), AppropriationId(row.text(3)), row.text(4), row.text(5),
                       row.text(6), row.text(7), from_millis(row.integer(8))});
  }
  return reports;
}

}  // namespace zhida::ledger
