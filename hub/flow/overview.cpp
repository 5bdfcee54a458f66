#include "flow/overview.h"

#include "stages/casework/case_store.h"
#include "stages/intake/intake_store.h"
#include "stages/profile/profile_store.h"
#include "stages/treasury/treasury_stage.h"

namespace zhida::flow {
namespace {

Result<std::int64_t> count(storage::Transaction& transaction, const char* sql) {
  const auto rows = TRY(transaction.query(sql, {}, "i"));
  return rows.empty() ? 0 : rows.front().integer_or(0, 0);
}

}  // namespace

Result<Overview> count_overview(storage::Transaction& transaction) {
  Overview overview;
  const auto intake = TRY(intake::counts(transaction));
  overview.received = intake.received;
  overview.accepted = intake.accepted;
  overview.duplicate = intake.duplicate;
  overview.quarantined = intake.quarantined;
  overview.quarantine_open = TRY(count(transaction, "SELECT count(*) FROM quarantine WHERE state = 'open'"));
  overview.profiles = TRY(profile::counts(transaction)).enterprises;
  overview.verdicts = {{"met", 0}, {"not_met", 0}, {"unknown", 0}};
  for (const auto& row : TRY(transaction.query("SELECT verdict, count(*) FROM entitlement GROUP BY verdict", {}, "ti")))
    overview.verdicts[row.text(0)] = row.integer(1);
  for (const auto& state : TRY(casework::count_by_state(transaction, ""))) overview.cases[state.state] = state.cases;
  const auto payments = TRY(treasury::payment_totals(transaction));
  overview.requests = payments.requests;
  overview.settled = payments.settled;
  overview.returned = payments.returned;
  overview.sent_back = payments.sent_back;
  overview.open = payments.open;
  overview.conflicts = payments.frozen;
  overview.settled_fen = payments.settled_fen;
  overview.decisions_to_fund =
      TRY(count(transaction,
                "SELECT count(*) FROM benefit_case WHERE channel = 'social_insurance_fund' AND state IN "
                "('sent_to_fund', 'decided')"));
  overview.reliefs =
      TRY(count(transaction, "SELECT count(*) FROM benefit_case WHERE channel = 'relief' AND state = 'decided'"));
  overview.audit_records = TRY(count(transaction, "SELECT count(*) FROM audit_record"));
  overview.unsent = TRY(count(transaction, "SELECT count(*) FROM outbox WHERE state = 'unsent'"));
  overview.rejected = TRY(count(transaction, "SELECT count(*) FROM outbox WHERE state = 'rejected'"));
  overview.dead_letters = TRY(count(transaction, "SELECT count(*) FROM dead_letter WHERE state = 'open'"));
  return overview;
}

Json to_json(const Overview& overview) {
  return {{"records",
           {{"received", overview.received},
            {"accepted", overview.accepted},
            {"duplicate", overview.duplicate},
            {"quarantined", overview.quarantined}}},
          {"profiles", overview.profiles},
          {"verdicts", overview.verdicts},
          {"cases", overview.cases},
          {"payments",
           {{"requests", overview.requests},
            {"settled", overview.settled},
            {"returned", overview.returned},
            {"sent_back", overview.sent_back},
            {"open", overview.open},
            {"conflict", overview.conflicts},
            {"settled_fen", overview.settled_fen}}},
          {"decisions_to_fund", overview.decisions_to_fund},
          {"reliefs", overview.reliefs},
          {"audit", {{"records", overview.audit_records}}},
          {"quarantine_open", overview.quarantine_open},
          {"rejected_messages", overview.rejected},
          {"dead_letters", overview.dead_letters}};
}

}  // namespace zhida::flow
