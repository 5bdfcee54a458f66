#include "stages/payment/draw_up.h"

#include <string_view>

#include "platform/text/encoding.h"
#include "platform/text/xml.h"

namespace zhida::payment {
namespace {

/// One element of a detail: its name, its limit in GBK octets, whether it may be empty.
struct Element {
  const char* name;
  std::string value;
  std::size_t octets_max;
  bool required = true;
};

Result<std::string> element(const Element& item, const AttemptId& business_no) {
  const std::string where = std::string(item.name) + " of request " + business_no.str();
  if (item.required && item.value.empty()) return refuse("field_missing", where + " is empty.");
  for (const char c : item.value) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return refuse("field_malformed", where + " holds a control character.");
  }
  auto octets = text::utf8_to_gbk(item.value);
  if (!octets) return refuse(octets.error().code, where + ": " + octets.error().message);
  if (octets.value().size() > item.octets_max) {
    return refuse("field_too_long", where + " has " + std::to_string(octets.value().size()) +
                                        " octets in GBK; at most " + std::to_string(item.octets_max) + " are allowed.");
  }
  return "      <" + std::string(item.name) + ">" + text::xml_escape(item.value) + "</" + item.name + ">\n";
}

std::string compact_time(Instant moment) {
  const std::string text = to_rfc3339(moment);  // 2025-11-03T09:00:00.000+08:00
  return text.substr(0, 4) + text.substr(5, 2) + text.substr(8, 2) + text.substr(11, 2) + text.substr(14, 2) +
         text.substr(17, 2);
}

Result<std::string> detail(const PaymentRequest& r) {
  const Element elements[] = {
      {"BUSINESS_NO", r.business_no.str(), 35},
      {"TRACKING_ID", r.tracking_id.str(), 35},
      {"BGT_ID", r.appropriation.str(), 38},
      {"PRO_CODE", r.pro_code, 42},
      {"AGENCY_CODE", r.agency_code, 42},
      {"FUND_TYPE_CODE", r.fund_type_code, 42},
      {"EXP_FUNC_CODE", r.exp_func_code, 42},
      {"GOV_BGT_ECO_CODE", r.gov_bgt_eco_code, 42},
      {"DEP_BGT_ECO_CODE", r.dep_bgt_eco_code, 42, false},
      {"SET_MODE_CODE", r.set_mode_code, 10},
      {"USE_DES", r.use_des, 200},
      {"PAYEE_ACCT_NAME", r.payee.name, 120},
      {"PAYEE_ACCT_NO", r.payee.account_no, 42},
      {"PAYEE_ACCT_BANK_NAME", r.payee.bank_name, 60},
      {"PAYEE_ACCT_BANK_NO", r.payee.bank_no, 12},
      {"UNIFSOC_CRED_CODE", r.uscc, 18},
      {"PAY_APP_AMT", r.amount.to_yuan(), 19},
  };
  std::string xml = "    <DETAIL>\n";
  for (const Element& item : elements) xml += TRY(element(item, r.business_no));
  return xml + "    </DETAIL>\n";
}

}  // namespace

AttemptId business_number(const CaseId& case_id, int attempt) {
  const std::string digits = std::to_string(attempt);
  return AttemptId(case_id.str() + (digits.size() < 2 ? "-0" : "-") + digits);
}

Result<Bytes> draw_up(const std::vector<PaymentRequest>& details, Instant created_at) {
  if (details.empty() || details.size() > kDetailsMax) {
    return refuse("details_malformed", "A request message holds 1 to " + std::to_string(kDetailsMax) +
                                           " details, not " + std::to_string(details.size()) + ".");
  }
  Money total;
  std::string body;
  for (const PaymentRequest& request : details) {
    if (request.division != details.front().division || request.fiscal_year != details.front().fiscal_year) {
      return refuse("details_malformed", "Request " + request.business_no.str() +
                                             " is of another division or year than the first of its message.");
    }
    if (request.amount <= Money()) {
      return refuse("details_malformed", "Request " + request.business_no.str() + " asks for " +
                                             request.amount.to_yuan() + "; an amount is positive.");
    }
    total = TRY(total.plus(request.amount));
    body += TRY(detail(request));
  }
  const std::string xml =
      "<?xml version=\"1.0\" encoding=\"GBK\"?>\n<PAY_REQUEST VERSION=\"1\">\n  <HEAD>\n    <MOF_DIV_CODE>" +
      text::xml_escape(details.front().division) + "</MOF_DIV_CODE>\n    <FISCAL_YEAR>" +
      std::to_string(details.front().fiscal_year) + "</FISCAL_YEAR>\n    <DETAIL_COUNT>" +
      std::to_string(details.size()) + "</DETAIL_COUNT>\n    <TOTAL_AMT>" + total.to_yuan() +
      "</TOTAL_AMT>\n    <CREATE_TIME>" + compact_time(created_at) + "</CREATE_TIME>\n  </HEAD>\n  <DETAILS>\n" + body +
      "  </DETAILS>\n</PAY_REQUEST>\n";
  return text::utf8_to_gbk(xml);
}

}  // namespace zhida::payment
