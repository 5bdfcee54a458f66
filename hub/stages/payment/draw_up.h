// From a payment request to the exact octets that are sealed and sent: pure.
#pragma once
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/payment_request.h"

namespace zhida::payment {

constexpr std::size_t kDetailsMax = 499;

/// The business number of attempt k of a case: `<case id>-01`. At most 35 ASCII characters; never used twice.
AttemptId business_number(const CaseId& case_id, int attempt);

/// The request message, XML in GBK (docs/treasury_interface.md). All details share division and year. The same input
/// gives the same octets. Errors: `char_not_in_gbk` (names element and character), `field_too_long` (names element and
/// limit in GBK octets), `field_missing`, `details_malformed` (none, more than 499, several divisions or years).
Result<Bytes> draw_up(const std::vector<PaymentRequest>& details, Instant created_at);

}  // namespace zhida::payment
