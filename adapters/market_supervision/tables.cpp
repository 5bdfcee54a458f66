#include "adapters/market_supervision/tables.h"

namespace zhida::adapters::market_supervision {

const std::vector<transports::ExchangeTable>& exchange_tables() {
  static const std::vector<transports::ExchangeTable> kTables = [] {
    std::vector<transports::ExchangeTable> tables(5);
    tables[0] = {.table = "reg_info",
                 .record_type = "market_supervision.registration",
                 .key_column = "pripid",
                 .columns = {"pripid", "uni_social_crd_cd", "reg_no", "comp_nm", "legal_repre", "comp_type", "qylxdl",
                             "reg_state", "est_dt", "appr_dt", "opt_from", "opt_to", "reg_capt", "capt_kind",
                             "indv_code", "addr", "domdi_strict", "reg_org"}};
    tables[1] = {.table = "annual_report",
                 .record_type = "market_supervision.annual_report",
                 .key_column = "pripid,annual_year",
                 .columns = {"pripid", "uni_social_crd_cd", "annual_year", "asset_zmt", "opt_income_total",
                             "profit_total", "tax_total", "employee_num", "pub_flag"}};
    tables[2] = {.table = "abnormal_list",
                 .record_type = "market_supervision.abnormal_list",
                 .key_column = "id",
                 .columns = {"id", "uni_social_crd_cd", "inclu_dt", "inclu_reason", "remove_dt", "remexcpres_cn"}};
    tables[3] = {.table = "serious_list",
                 .record_type = "market_supervision.serious_list",
                 .key_column = "id",
                 .columns = {"id", "uni_social_crd_cd", "abn_tm", "abn_reason", "rem_dt"}};
    // When each list was last complete; without it nobody is known to be absent from a list.
    tables[4] = {.table = "list_coverage",
                 .record_type = "market_supervision.list_coverage",
                 .key_column = "list_id",
                 .columns = {"list_id", "as_of"},
                 .uscc_column = ""};
    return tables;
  }();
  return kTables;
}

}  // namespace zhida::adapters::market_supervision
