#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "domain/enterprise_profile.h"
#include "domain/field_catalogue.h"

namespace zhida::matching {

/// One line of a profiles file:
/// `{"uscc":"…","division":"330502","fields":{"tax.credit_grade":{"value":"A","as_of":"2025-04-01","source":"tax"}}}`.
/// A plain value stands for itself, as of `at`; null is unknown. Money is whole fen, rates are parts per million, days
/// are `YYYY-MM-DD`. Values older than the field's fresh_for are stale on `at`. Errors `json_malformed`,
/// `field_missing`, `field_unknown`, `field_wrong_type`, `date_malformed`.
Result<EnterpriseProfile> parse_profile_line(std::string_view line, const FieldCatalogue& fields, Date at);

}  // namespace zhida::matching
