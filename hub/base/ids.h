#pragma once
#include <compare>
#include <functional>
#include <string>
#include <utility>

#include "base/time.h"

namespace zhida {

/// A strong id: a request id cannot be handed where a case id is wanted.
template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string text) : text_(std::move(text)) {}
  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }
  friend auto operator<=>(const Id&, const Id&) = default;

 private:
  std::string text_;
};

using CaseId = Id<struct CaseTag>;                    ///< From firm, item, period, tranche; EndToEndId too.
using PolicyId = Id<struct PolicyTag>;                ///< `IN-001`
using AppropriationId = Id<struct AppropriationTag>;  ///< BGT_ID of the budget system.
using AttemptId = Id<struct AttemptTag>;              ///< Our business number (BUSINESS_NO) of one payment attempt.
using TraceId = Id<struct TraceTag>;                  ///< 32 hex digits, W3C trace context.

/// 26 characters of Crockford base32: 48 bits of milliseconds, 80 random bits; sorts by time. Any thread.
std::string new_ulid(Instant now);
/// 32 random hex digits. Any thread.
TraceId new_trace_id();
/// Lower-case UUID version 4 (RFC 9562). Any thread.
std::string new_uuid();

}  // namespace zhida

template <class Tag>
struct std::hash<zhida::Id<Tag>> {
  std::size_t operator()(const zhida::Id<Tag>& id) const noexcept { return std::hash<std::string>{}(id.str()); }
};
