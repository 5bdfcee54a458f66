#include "flow/budget_reports.h"

#include <algorithm>
#include <initializer_list>
#include <type_traits>

#include "stages/casework/casework.h"

namespace zhida::flow {
namespace {

/// Reads the typed values of a row; remembers the first that is missing or of another type.
class Values {
 public:
  explicit Values(const LedgerRecord& row) : row_(row) {}

  std::string text(const std::string& name, bool needed = true) { return get<std::string>(name, needed, {}); }
  std::int64_t number(const std::string& name, bool needed = true) { return get<std::int64_t>(name, needed, 0); }
  Money money(const std::string& name, bool needed = true) { return Money::from_fen(number(name, needed)); }
  bool flag(const std::string& name, bool otherwise) { return get<bool>(name, false, otherwise); }

  bool has(std::initializer_list<const char*> names) const {
    return std::all_of(names.begin(), names.end(), [this](const char* name) { return row_.values.contains(name); });
  }

  Result<void> complete() const {
    if (problem_.empty()) return ok();
    return refuse("budget_record_incomplete", row_.record_type + " " + row_.key + ": " + problem_ + ".");
  }

 private:
  template <class T>
  T get(const std::string& name, bool needed, T otherwise) {
    const auto it = row_.values.find(name);
    if (it != row_.values.end()) {
      if (const T* value = std::get_if<T>(&it->second)) return *value;
      if constexpr (std::is_same_v<T, std::string>) return to_text(it->second);
    }
    if ((needed || it != row_.values.end()) && problem_.empty())
      problem_ = it == row_.values.end() ? "\"" + name + "\" is missing"
                                         : "\"" + name + "\" has another type than the book expects";
    return otherwise;
  }

  const LedgerRecord& row_;
  std::string problem_;
};

}  // namespace

Result<ledger::ReportOutcome> apply_budget_report(ledger::Ledger& book, const LedgerRecord& row) {
  Values values(row);
  if (row.record_type == kBudgetPaymentType) {
    BudgetPaymentReport report;
    report.pay_app_no = row.key;
    report.appropriation = AppropriationId(values.text("bgt_id"));
    report.division = values.text("division");
    report.amount = values.money("amount_fen");
    report.business_no = values.text("business_no", false);
    report.payee_name = values.text("payee_name", false);
    report.use_des = values.text("use_des", false);
    report.deleted = row.withdraw || values.flag("deleted", false);
    report.updated_at = values.text("updated_at");
    CHECK_OK(values.complete());
    return book.apply_budget_payment(report);
  }
  if (row.withdraw && !values.has({"division", "fiscal_year", "pro_code", "agency_code", "amount_fen", "updated_at"})) {
    // What is taken back need not say more than its key: the book knows the rest, and nothing is paid from it any more.
    const auto known = TRY(book.balance(AppropriationId(row.key)));
    if (!known) return ledger::ReportOutcome::unchanged;
    AppropriationReport gone = known->last_report;
    gone.deleted = true;
    if (values.has({"updated_at"})) gone.updated_at = values.text("updated_at");
    gone.record_id = row.record_id;
    return book.apply_appropriation(gone);
  }
  AppropriationReport report;
  report.id = AppropriationId(row.key);
  report.division = values.text("division");
  report.fiscal_year = static_cast<int>(values.number("fiscal_year"));
  report.pro_code = values.text("pro_code");
  report.pro_name = values.text("pro_name", false);
  report.agency_code = values.text("agency_code");
  report.agency_name = values.text("agency_name", false);
  report.fund_type_code = values.text("fund_type_code", false);
  report.exp_func_code = values.text("exp_func_code", false);
  report.gov_bgt_eco_code = values.text("gov_bgt_eco_code", false);
  report.dep_bgt_eco_code = values.text("dep_bgt_eco_code", false);
  report.cor_bgt_doc_no = values.text("cor_bgt_doc_no", false);
  report.sup_bgt_doc_no = values.text("sup_bgt_doc_no", false);
  report.amount = values.money("amount_fen");
  report.cut = values.money("cut_fen", false);
  report.current = values.money("current_fen", false);
  report.applied = values.money("applied_fen", false);
  report.executable = values.flag("executable", true);
  report.deleted = row.withdraw || values.flag("deleted", false);
  report.updated_at = values.text("updated_at");
  CHECK_OK(values.complete());
  return book.apply_appropriation(report);
}

std::optional<std::string> budget_division(const LedgerRecord& row) {
  const auto it = row.values.find("division");
  if (it == row.values.end()) return std::nullopt;
  return to_text(it->second);
}

Result<void> apply_report_on_case(storage::Transaction& transaction, casework::Casework& casework,
                                  const LedgerRecord& row, Instant now) {
  Values values(row);
  if (row.record_type == kDecisionReportType) {
    const CaseId case_id(values.text("case_id"));
    const std::string state = values.text("state");
    const std::string reference = values.text("reference", false);
    CHECK_OK(values.complete());
    // Whatever else the fund says is no yes: a person looks, and the case stays with the fund.
    if (state != "accepted")
      return refuse("decision_not_accepted", "The fund says of case " + case_id.str() + ": " + state + ".");
    (void)TRY(casework.acknowledge_decision(transaction, case_id, "peer:social_security", reference));
    return ok();
  }
  const std::string notice = values.text("notice_id");
  const std::string state = values.text("state");
  const std::string reason = values.text("reason", false);
  CHECK_OK(values.complete());
  (void)TRY(casework.apply_notice_report(transaction, notice, state == "delivered", reason, now));
  return ok();
}

}  // namespace zhida::flow
