// How the version of the item that a case was decided by came in force. For the sources of this folder only.
#pragma once
#include "flow/evidence_facts.h"

namespace zhida::flow {

/// Adds the facts `policy.approval`, `policy.step.NN` (with `.actor` and `.reason`), `policy.back_test` and
/// `policy.data` to `out`, and the records of the trail that tell of these steps. For an item that was in force from a
/// hub's start `policy.approval` says that nobody was asked.
Result<void> gather_policy_steps(storage::Transaction& transaction, CaseFacts& out);

}  // namespace zhida::flow
