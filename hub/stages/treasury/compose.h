// What the hub asks the treasury besides paying, as the exact octets that are sealed: pure.
#pragma once
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/payment_request.h"

namespace zhida::treasury {

/// PAY_QUERY: where do these requests stand? XML in GBK (docs/treasury_interface.md). Errors `char_not_in_gbk`.
Result<Bytes> compose_query(const std::string& division, int fiscal_year,
                            const std::vector<AttemptId>& business_numbers, Instant created_at);
/// PAY_CANCEL: never pay this request, if that is still possible.
Result<Bytes> compose_cancel(const std::string& division, int fiscal_year, const AttemptId& business_number,
                             const std::string& reason, Instant created_at);

}  // namespace zhida::treasury
