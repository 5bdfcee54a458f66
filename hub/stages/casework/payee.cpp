#include "stages/casework/payee.h"

#include <algorithm>

#include "platform/text/encoding.h"

namespace zhida::casework {
namespace {

constexpr std::size_t kAccountMin = 5, kAccountMax = 42;  // The wire form's limit of PAYEE_ACCT_NO.

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

bool bank_number_is_valid(const std::string& bank_no) {
  if (bank_no.size() != 12 || !std::ranges::all_of(bank_no, is_digit)) return false;
  // ISO 7064 MOD 11,10: a hybrid system over the ten digits.
  int product = 10;
  for (std::size_t i = 0; i < 11; ++i) {
    int sum = (product + (bank_no[i] - '0')) % 10;
    if (sum == 0) sum = 10;
    product = (sum * 2) % 11;
  }
  return (product + (bank_no[11] - '0')) % 10 == 1;
}

std::optional<std::string> payee_problem(const PayeeAccount& payee, const std::string& enterprise_name,
                                         PayeeRule rule) {
  const bool well_formed = std::ranges::all_of(payee.account_no, [](char c) { return is_digit(c) || c == '-'; });
  if (!well_formed || payee.account_no.size() < kAccountMin || payee.account_no.size() > kAccountMax)
    return "收款账号应为5至42位数字（可含连字符）。";
  if (text::trim(payee.bank_name).empty()) return "未填写开户银行名称。";
  if (!bank_number_is_valid(payee.bank_no)) return "开户行行号不是有效的12位行号（校验位不符）。";
  if (text::trim(payee.name).empty()) return "未填写收款账户户名。";
  if (rule == PayeeRule::own_account && text::name_key(payee.name) != text::name_key(enterprise_name))
    return "收款账户户名与企业名称不一致，应为“" + enterprise_name + "”。";
  return std::nullopt;
}

}  // namespace zhida::casework
