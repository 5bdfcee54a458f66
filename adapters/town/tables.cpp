#include "adapters/town/tables.h"

namespace zhida::town {

const std::vector<Table>& tables() {
  static const std::vector<Table> kTables{
      {"tax.registration",
       {"djxh", "nsrsbh", "uni_social_crd_cd", "nsrmc", "nsrzt_dm", "zzsqylx", "tax_dept_no", "gxsj"}},
      {"tax.credit_grade",
       {"djxh", "tax_no", "tax_credit_level", "evalua_year", "evalua_result_start", "evalua_result_end"}},
      {"tax.arrears", {"djxh", "tax_no", "cumu_own_amt", "own_tax_type", "tjrq"}},
      {"tax.sales", {"djxh", "tax_no", "ssq", "ysxse"}},
      {"tax.paid_year", {"djxh", "tax_no", "nd", "rkse"}},
      {"tax.per_mu", {"djxh", "tax_no", "pjnd", "mjss", "eval_class", "fbrq"}},
      {"tax.rd_deduction", {"djxh", "tax_no", "nd", "yffyjjkc_je", "dw"}},
      {"market_supervision.registration",
       {"pripid", "uni_social_crd_cd", "reg_no", "comp_nm", "legal_repre", "comp_type", "qylxdl", "reg_state", "est_dt",
        "appr_dt", "opt_from", "opt_to", "reg_capt", "capt_kind", "indv_code", "addr", "domdi_strict", "reg_org"}},
      {"market_supervision.annual_report",
       {"pripid", "uni_social_crd_cd", "annual_year", "asset_zmt", "opt_income_total", "profit_total", "tax_total",
        "employee_num", "pub_flag"}},
      {"market_supervision.abnormal_list",
       {"id", "uni_social_crd_cd", "inclu_dt", "inclu_reason", "remove_dt", "remexcpres_cn"}},
      {"market_supervision.serious_list", {"id", "uni_social_crd_cd", "abn_tm", "abn_reason", "rem_dt"}},
      {"market_supervision.list_coverage", {"list_id", "as_of"}},
      {"social_security.unit",
       {"AAB001", "AAB998", "AAB003", "AAB004", "AAB301", "AAB065", "ui_avg_headcount", "ui_new_benefit",
        "ui_paid_months", "ui_contribution_prev_year", "arrears_amt"}},
      {"social_security.payment", {"AAZ083", "AAB001", "AAB998", "AAE140", "AAE003", "AAB119", "AAE080"}},
      {"credit.rating", {"id", "uni_social_crd_cd", "cred_scard", "evalu_dt", "credit_level"}},
      {"credit.punishment",
       {"admin_punish_doc", "uni_social_crd_cd", "punish_type", "punish_money", "punish_decide_tm", "public_deadline"}},
      {"credit.list_entry",
       {"id", "uni_social_crd_cd", "name", "list_id", "in_date", "out_date", "executed_nature", "repair_date"}},
      {"credit.list_coverage", {"list_id", "as_of"}},
      {"budget.appropriation",
       {"BGT_ID",           "MOF_DIV_CODE", "FISCAL_YEAR", "COR_BGT_DOC_NO", "SUP_BGT_DOC_NO", "PRO_CODE",
        "PRO_NAME",         "AGENCY_CODE",  "AGENCY_NAME", "FUND_TYPE_CODE", "EXP_FUNC_CODE",  "GOV_BGT_ECO_CODE",
        "DEP_BGT_ECO_CODE", "AMOUNT",       "DIS_AMT",     "CUR_AMT",        "PAY_APP_AMT",    "AMT_UNIT",
        "BGT_EXE_FLAG",     "IS_DELETED",   "UPDATE_TIME"}},
      {"budget.payment",
       {"PAY_APP_NO", "BGT_ID", "MOF_DIV_CODE", "PAY_APP_AMT", "AMT_UNIT", "BUSINESS_NO", "PAYEE_ACCT_NAME", "USE_DES",
        "IS_DELETED", "UPDATE_TIME"}},
      {"department_lists.hnte",
       {"企业名称", "统一社会信用代码", "认定年度", "证书编号", "发证日期", "有效期至", "首次认定"}},
      {"department_lists.srdi", {"企业名称", "统一社会信用代码", "级别", "认定年度", "首次认定"}},
      {"department_lists.little_giant", {"企业名称", "统一社会信用代码", "批次", "认定年度", "首次认定"}},
      {"department_lists.new_above_scale", {"企业名称", "统一社会信用代码", "入统年度", "首次入统", "履行填报义务"}},
      {"department_lists.patents", {"企业名称", "统一社会信用代码", "专利号", "国家", "授权日期"}},
  };
  return kTables;
}

const Table* find_table(std::string_view record_type) {
  for (const Table& table : tables()) {
    if (table.record_type == record_type) return &table;
  }
  return nullptr;
}

}  // namespace zhida::town
