#include "stages/treasury/compose.h"

#include "platform/text/encoding.h"
#include "platform/text/xml.h"

namespace zhida::treasury {
namespace {

std::string compact_time(Instant moment) {
  const std::string text = to_rfc3339(moment);
  return text.substr(0, 4) + text.substr(5, 2) + text.substr(8, 2) + text.substr(11, 2) + text.substr(14, 2) +
         text.substr(17, 2);
}

std::string begin(const std::string& root, const std::string& division, int fiscal_year, std::size_t count,
                  Instant created_at) {
  return "<?xml version=\"1.0\" encoding=\"GBK\"?>\n<" + root + " VERSION=\"1\">\n  <HEAD>\n    <MOF_DIV_CODE>" +
         text::xml_escape(division) + "</MOF_DIV_CODE>\n    <FISCAL_YEAR>" + std::to_string(fiscal_year) +
         "</FISCAL_YEAR>\n    <DETAIL_COUNT>" + std::to_string(count) + "</DETAIL_COUNT>\n    <CREATE_TIME>" +
         compact_time(created_at) + "</CREATE_TIME>\n  </HEAD>\n  <DETAILS>\n";
}

std::string detail(const AttemptId& business_no, const std::string& reason) {
  return "    <DETAIL>\n      <BUSINESS_NO>" + text::xml_escape(business_no.str()) + "</BUSINESS_NO>\n" +
         (reason.empty() ? "" : "      <REASON>" + text::xml_escape(reason) + "</REASON>\n") + "    </DETAIL>\n";
}

}  // namespace

Result<Bytes> compose_query(const std::string& division, int fiscal_year,
                            const std::vector<AttemptId>& business_numbers, Instant created_at) {
  std::string xml = begin("PAY_QUERY", division, fiscal_year, business_numbers.size(), created_at);
  for (const AttemptId& business_no : business_numbers) xml += detail(business_no, {});
  return text::utf8_to_gbk(xml + "  </DETAILS>\n</PAY_QUERY>\n");
}

Result<Bytes> compose_cancel(const std::string& division, int fiscal_year, const AttemptId& business_number,
                             const std::string& reason, Instant created_at) {
  return text::utf8_to_gbk(begin("PAY_CANCEL", division, fiscal_year, 1, created_at) + detail(business_number, reason) +
                           "  </DETAILS>\n</PAY_CANCEL>\n");
}

}  // namespace zhida::treasury
