// Errors as RFC 9457 problem details.
#pragma once
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"

namespace zhida::console {

/// The HTTP status for an error of any room. Fate::retry is 503; everything that a handler did not expect is 500.
int status_of(const Error& error);
/// The code under which REST knows it: where a case is not where the act can happen, that is `case_state_wrong`
/// whatever the reason in casework.
std::string published_code(const Error& error);
/// What a status means, in Chinese.
std::string title_of(int status);
/// `application/problem+json`. Details of failures of our own (500) stay in the log.
Json problem_json(const Error& error, std::string_view instance, std::string_view trace_id);

}  // namespace zhida::console
