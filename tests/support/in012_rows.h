// What the sources say about firms that meet IN-012, as rows before any mapping; for tests and benches.
#pragma once
#include <string>
#include <utility>

#include "base/time.h"
#include "domain/source_record.h"

namespace zhida::test {

inline SourceRecord source_row(const std::string& source, const std::string& type, const std::string& key,
                               Columns columns, Date as_of) {
  SourceRecord row;
  row.source = source;
  row.record_type = source + "." + type;
  row.key = key;
  row.columns = std::move(columns);
  row.body = key;
  row.as_of = as_of;
  return row;
}

inline Columns registration_columns(const std::string& key, const std::string& uscc, const std::string& name) {
  return {{"pripid", key},  {"uni_social_crd_cd", uscc}, {"comp_nm", name},         {"comp_type", "1130"},
          {"qylxdl", "11"}, {"reg_state", "存续"},       {"domdi_strict", "330502"}};
}

inline Columns new_above_scale_columns(const std::string& uscc, const std::string& name) {
  return {
      {"企业名称", name}, {"统一社会信用代码", uscc}, {"入统年度", "2024"}, {"首次入统", "Y"}, {"履行填报义务", "Y"}};
}

/// The item's appropriation B1; `amount` in ten thousands of yuan (万元).
inline Columns appropriation_columns(const std::string& amount) {
  return {{"BGT_ID", "B1"},
          {"MOF_DIV_CODE", "330500"},
          {"FISCAL_YEAR", "2025"},
          {"COR_BGT_DOC_NO", "湖财预〔2025〕1号"},
          {"SUP_BGT_DOC_NO", ""},
          {"PRO_CODE", "HQ-IN-012"},
          {"PRO_NAME", "规上企业奖励"},
          {"AGENCY_CODE", "101001"},
          {"AGENCY_NAME", "市经信局"},
          {"FUND_TYPE_CODE", "111"},
          {"EXP_FUNC_CODE", "2060404"},
          {"GOV_BGT_ECO_CODE", "50701"},
          {"DEP_BGT_ECO_CODE", "31204"},
          {"AMOUNT", amount},
          {"DIS_AMT", "0"},
          {"CUR_AMT", amount},
          {"PAY_APP_AMT", "0"},
          {"AMT_UNIT", "万元"},
          {"BGT_EXE_FLAG", "1"},
          {"IS_DELETED", "2"},
          {"UPDATE_TIME", "2025-10-01 08:00:00"}};
}

}  // namespace zhida::test
