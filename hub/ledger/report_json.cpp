#include "ledger/report_json.h"

namespace zhida::ledger {

Json to_json(const AppropriationReport& report) {
  return {{"id", report.id.str()},
          {"division", report.division},
          {"fiscal_year", report.fiscal_year},
          {"pro_code", report.pro_code},
          {"pro_name", report.pro_name},
          {"agency_code", report.agency_code},
          {"agency_name", report.agency_name},
          {"fund_type_code", report.fund_type_code},
          {"exp_func_code", report.exp_func_code},
          {"gov_bgt_eco_code", report.gov_bgt_eco_code},
          {"dep_bgt_eco_code", report.dep_bgt_eco_code},
          {"cor_bgt_doc_no", report.cor_bgt_doc_no},
          {"sup_bgt_doc_no", report.sup_bgt_doc_no},
          {"amount_fen", report.amount.fen()},
          {"cut_fen", report.cut.fen()},
          {"current_fen", report.current.fen()},
          {"applied_fen", report.applied.fen()},
          {"executable", report.executable},
          {"deleted", report.deleted},
          {"updated_at", report.updated_at},
          {"record_id", report.record_id}};
}

Json to_json(const BudgetPaymentReport& report) {
  return {{"pay_app_no", report.pay_app_no},   {"appropriation", report.appropriation.str()},
          {"division", report.division},       {"amount_fen", report.amount.fen()},
          {"business_no", report.business_no}, {"payee_name", report.payee_name},
          {"use_des", report.use_des},         {"deleted", report.deleted},
          {"updated_at", report.updated_at},   {"record_id", report.record_id}};
}

Result<AppropriationReport> appropriation_from(const Json& json) {
  AppropriationReport report;
  report.id = AppropriationId(TRY(get_string(json, "id")));
  report.division = TRY(get_string(json, "division"));
  report.fiscal_year = static_cast<int>(TRY(get_int(json, "fiscal_year")));
  report.pro_code = TRY(get_string(json, "pro_code"));
  report.pro_name = TRY(get_string(json, "pro_name"));
  report.agency_code = TRY(get_string(json, "agency_code"));
  report.agency_name = TRY(get_string(json, "agency_name"));
  report.fund_type_code = TRY(get_string(json, "fund_type_code"));
  report.exp_func_code = TRY(get_string(json, "exp_func_code"));
  report.gov_bgt_eco_code = TRY(get_string(json, "gov_bgt_eco_code"));
  report.dep_bgt_eco_code = TRY(get_string(json, "dep_bgt_eco_code"));
  report.cor_bgt_doc_no = TRY(get_string(json, "cor_bgt_doc_no"));
  report.sup_bgt_doc_no = TRY(get_string(json, "sup_bgt_doc_no"));
  report.amount = Money::from_fen(TRY(get_int(json, "amount_fen")));
  report.cut = Money::from_fen(TRY(get_int(json, "cut_fen")));
  report.current = Money::from_fen(TRY(get_int(json, "current_fen")));
  report.applied = Money::from_fen(TRY(get_int(json, "applied_fen")));
  report.executable = TRY(get_bool(json, "executable"));
  report.deleted = TRY(get_bool(json, "deleted"));
  report.updated_at = TRY(get_string(json, "updated_at"));
  report.record_id = TRY(get_int(json, "record_id"));
  return report;
}

Result<BudgetPaymentReport> payment_from(const Json& json) {
  BudgetPaymentReport report;
  report.pay_app_no = TRY(get_string(json, "pay_app_no"));
  report.appropriation = AppropriationId(TRY(get_string(json, "appropriation")));
  report.division = TRY(get_string(json, "division"));
  report.amount = Money::from_fen(TRY(get_int(json, "amount_fen")));
  report.business_no = TRY(get_string(json, "business_no"));
  report.payee_name = TRY(get_string(json, "payee_name"));
  report.use_des = TRY(get_string(json, "use_des"));
  report.deleted = TRY(get_bool(json, "deleted"));
  report.updated_at = TRY(get_string(json, "updated_at"));
  report.record_id = TRY(get_int(json, "record_id"));
  return report;
}

}  // namespace zhida::ledger
