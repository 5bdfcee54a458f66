// Chinese words for the codes that pages and packs show: one table for all who show them.
#pragma once
#include <string>
#include <string_view>

namespace zhida {

enum class WordKind {
  case_state,     ///< State of a case.
  payment_state,  ///< State of a payment request.
  verdict,        ///< Of a clause or an item.
  field_state,    ///< What is known of a field.
  action,         ///< What a case waits for.
  step,           ///< `make`, `check`, `release`
  hand,           ///< `maker`, `checker`, `releaser`
  event,          ///< What happened to a case.
  source,         ///< Source system or peer.
  channel,        ///< How a benefit reaches the firm.
  tranche,        ///< Part of an award.
  quarantine,     ///< State of a record in quarantine.
  message,        ///< Kind of a message that leaves.
  answer,         ///< Of the treasury.
  role,           ///< That a person or a program has.
  item_state,     ///< Of an item, its proposal or one of its versions.
  item_step,      ///< On an item's way in force, and out of it.
  funding,        ///< Where an item's money comes from.
  round_state,    ///< Of a round of places or money.
  round_outcome,  ///< Whether a firm gets something in a round.
  round_line,     ///< Why.
  refusal,        ///< Code of a refusal, as a sentence for who was refused.
  case_role,      ///< As which somebody acted in a case.
};
/// The word for a code; the code itself, as it came, where there is none.
std::string word(WordKind kind, std::string_view code);

}  // namespace zhida
