#include "domain/benefit_case.h"

#include <array>

namespace zhida {
namespace {

constexpr std::array kStates = {"matched",   "notified", "confirmed", "payee_check", "payee_repair", "in_review",
                                "publicity", "held",     "approved",  "rechecking",  "requested",    "sent_to_fund",
                                "paid",      "decided",  "refused",   "lapsed",      "void"};
static_assert(kStates.size() == static_cast<std::size_t>(CaseState::voided) + 1);

constexpr std::array kEvents = {"opened",
                                "matched_again",
                                "amount_changed",
                                "notified",
                                "confirmed",
                                "declined",
                                "payee_check_started",
                                "payee_passed",
                                "payee_failed",
                                "corrected",
                                "reviewed",
                                "review_completed",
                                "publicity_started",
                                "objection_raised",
                                "objection_dismissed",
                                "objection_upheld",
                                "review_again",
                                "publicity_ended",
                                "approved",
                                "recheck_started",
                                "recheck_passed",
                                "recheck_changed",
                                "recheck_failed",
                                "requested",
                                "sent_back",
                                "cancelled",
                                "paid",
                                "returned",
                                "frozen",
                                "unfrozen",
                                "sent_to_fund",
                                "fund_acknowledged",
                                "relief_granted",
                                "refused",
                                "lapsed",
                                "void"};
static_assert(kEvents.size() == static_cast<std::size_t>(CaseEvent::voided) + 1);

template <class Enum, class Names>
std::optional<Enum> find_name(const Names& names, std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (text == names[i]) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

const char* to_text(CaseState state) {
  return kStates[static_cast<std::size_t>(state)];
}

std::optional<CaseState> case_state_from(std::string_view text) {
  return find_name<CaseState>(kStates, text);
}

bool is_end(CaseState state) {
  return state == CaseState::paid || state == CaseState::decided || state == CaseState::refused ||
         state == CaseState::lapsed || state == CaseState::voided;
}

const char* to_text(CaseEvent event) {
  return kEvents[static_cast<std::size_t>(event)];
}

std::optional<CaseEvent> case_event_from(std::string_view text) {
  return find_name<CaseEvent>(kEvents, text);
}

}  // namespace zhida
