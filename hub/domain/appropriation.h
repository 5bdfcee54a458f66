#pragma once
#include <cstdint>
#include <string>

#include "base/ids.h"
#include "base/money.h"

namespace zhida {

/// What the budget system last said about one appropriation (预算指标). Amounts were brought to fen by the mapping.
struct AppropriationReport {
  AppropriationId id;    ///< BGT_ID
  std::string division;  ///< MOF_DIV_CODE, brought to 6 digits.
  int fiscal_year = 0;
  std::string pro_code, pro_name;
  std::string agency_code, agency_name;
  std::string fund_type_code, exp_func_code, gov_bgt_eco_code, dep_bgt_eco_code;
  std::string cor_bgt_doc_no, sup_bgt_doc_no;
  Money amount;            ///< AMOUNT
  Money cut;               ///< DIS_AMT; the total is amount − cut.
  Money current;           ///< CUR_AMT, kept for the daily comparison only.
  Money applied;           ///< PAY_APP_AMT, kept for the daily comparison only.
  bool executable = true;  ///< BGT_EXE_FLAG = 1
  bool deleted = false;    ///< IS_DELETED = 1
  std::string updated_at;  ///< UPDATE_TIME in a form that sorts; an older report never replaces a newer one.
  std::int64_t record_id = 0;
};

/// One payment on an appropriation as the budget system knows it: ours when the business number is one of our attempts.
struct BudgetPaymentReport {
  std::string pay_app_no;
  AppropriationId appropriation;
  std::string division;
  Money amount;
  std::string business_no;  ///< Empty for others.
  std::string payee_name, use_des;
  bool deleted = false;
  std::string updated_at;
  std::int64_t record_id = 0;
};

}  // namespace zhida
