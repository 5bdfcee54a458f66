#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/money.h"
#include "base/time.h"

namespace zhida {

/// Kleene's three values. Missing, conflicting or too old data are unknown; unknown never becomes met.
enum class Verdict { met, not_met, unknown };

const char* to_text(Verdict verdict);  ///< `met`, `not_met`, `unknown`

/// How one clause of a policy came out, with what a person needs to check it.
struct ClauseVerdict {
  std::string id;    ///< Clause id in the policy file: `c1`.
  std::string text;  ///< The clause in our own words (Chinese).
  Verdict verdict = Verdict::unknown;
  std::string field;           ///< Profile field; empty for groups.
  std::string value;           ///< As text; empty when unknown.
  std::string threshold;       ///< `>= 12`
  std::string gap;             ///< How far from met: `2` (in the field's unit); empty when met or not a number.
  std::string source;          ///< Source system of the value.
  std::string as_of;           ///< Day of the value.
  std::string unknown_reason;  ///< `missing`, `conflict`, `stale`
};

/// How the benefit reaches the firm.
enum class Channel { appropriation, social_insurance_fund, relief };

/// One payable part of an entitlement; most have one. An award in stages has several (`advance`, `settlement`).
struct Tranche {
  std::string id;  ///< `whole`, `advance`, `settlement`
  Money amount;
};

/// Who may receive what, with the verdict of each clause: the outcome of one policy item on one profile on one day.
struct Entitlement {
  std::string uscc;
  std::string division;
  PolicyId policy;
  std::string policy_version;  ///< SHA-256 of the canonical policy, hex.
  Date evaluated_on;
  std::int64_t profile_sequence = 0;
  Verdict verdict = Verdict::unknown;
  Channel channel = Channel::appropriation;
  std::optional<Money> amount;    ///< Total of the tranches; absent for reliefs without a sum, and unless met.
  std::vector<Tranche> tranches;  ///< Payable now; empty unless met.
  std::vector<ClauseVerdict> clauses;
  std::string amount_trace;  ///< How the amount came about, for people.
};

}  // namespace zhida
