#include "domain/receipt.h"

#include <array>

namespace zhida {
namespace {

constexpr std::array kWords = {"ACCEPTED", "AUDITED",  "VOUCHER",   "SENT_BACK",
                               "PAID",     "RETURNED", "CANCELLED", "NOT_FOUND"};
static_assert(kWords.size() == static_cast<std::size_t>(AnswerState::not_found) + 1);

}  // namespace

const char* to_text(AnswerState state) {
  return kWords[static_cast<std::size_t>(state)];
}

std::optional<AnswerState> answer_state_from(std::string_view word) {
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    if (word == kWords[i]) return static_cast<AnswerState>(i);
  }
  return std::nullopt;
}

}  // namespace zhida
