#include "domain/payment_request.h"

#include <array>

namespace zhida {
namespace {

constexpr std::array kStates = {"queued", "sent", "acked", "rejected", "settled", "cancelled", "returned"};
static_assert(kStates.size() == static_cast<std::size_t>(AttemptState::returned) + 1);

}  // namespace

const char* to_text(AttemptState state) {
  return kStates[static_cast<std::size_t>(state)];
}

std::optional<AttemptState> attempt_state_from(std::string_view text) {
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (text == kStates[i]) return static_cast<AttemptState>(i);
  }
  return std::nullopt;
}

}  // namespace zhida
