// What the invented treasury will do with a request, decided by the request alone: the same after any restart.
#pragma once
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/money.h"

namespace zhida::treasury_simulator {

/// One request as the treasury took it.
struct Order {
  std::string business_no, tracking_id, division, bgt_id, trace_id, message_id;
  int fiscal_year = 0;
  int attempt = 1;  ///< From the end of the business number.
  std::int64_t amount_fen = 0;
  std::string payee_account_no, payee_name, use_des;
  std::string digest;  ///< SHA-256 of the request's octets, hex.
  Instant taken_at{};
};

/// One answer, when it is due, and what is wrong with it.
struct Step {
  enum class Wrong { nothing, sent_twice, strange_seal, altered_octet };
  int number = 0;
  Instant due{};
  std::string state;  ///< `ACCEPTED` … as in docs/treasury_interface.md
  std::string reason;
  bool moves_money_out = false, moves_money_back = false;  ///< What happens at the bank with this step.
  bool silent = false;  ///< Happens, but the answer is sent with a later step (a return that overtakes its payment).
  Wrong wrong = Wrong::nothing;
};

/// `demo`: with the faults of a demo, else every request is accepted, audited, numbered and paid on the next working
/// day.
std::vector<Step> plan(const Order& order, bool demo, const Calendar& calendar);

}  // namespace zhida::treasury_simulator
