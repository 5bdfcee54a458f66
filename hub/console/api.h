// REST: what is read, and what is done. Handlers of the table in routes.cpp.
#pragma once
#include "console/app.h"
#include "console/lists.h"

namespace zhida::console::api {

/// Why somebody acts, as the body says it. Error `field_malformed` where it is blank.
Result<std::string> reason_of(const Call& call, const char* member = "reason");

/// `limit` and `cursor` of a list whose sort key has so many parts. Errors `parameter_malformed`, `cursor_malformed`.
Result<Slice> slice_of(const Call& call, std::size_t parts = 1);

Result<Json> me(App&, const Call&);
Result<Json> status(App&, const Call&);
Result<Json> entitlements(App&, const Call&);
Result<Json> profiles(App&, const Call&);
Result<Json> profile(App&, const Call&);
Result<Json> policies(App&, const Call&);
Result<Json> policy(App&, const Call&);
Result<Json> cases(App&, const Call&);
Result<Json> benefit_case(App&, const Call&);
Result<Json> quarantine(App&, const Call&);
Result<Json> quarantined(App&, const Call&);
Result<Json> adapters(App&, const Call&);
Result<Json> payments(App&, const Call&);
Result<Json> appropriations(App&, const Call&);
Result<Json> reconciliation(App&, const Call&);
Result<Json> messages(App&, const Call&);
Result<Json> dead_letters(App&, const Call&);
Result<Json> dead_letter(App&, const Call&);
Result<Json> audit_records(App&, const Call&);
Result<Json> log_head(App&, const Call&);
Result<Json> log_inclusion(App&, const Call&);
Result<Json> log_consistency(App&, const Call&);
Result<Json> log_witnesses(App&, const Call&);
Result<Json> log_countersign(App&, const Call&);
Result<Json> allocations(App&, const Call&);
Result<Json> allocation(App&, const Call&);

Result<Json> confirm(App&, const Call&);
Result<Json> decline(App&, const Call&);
Result<Json> review(App&, const Call&);
Result<Json> object(App&, const Call&);
Result<Json> settle_objection(App&, const Call&);
Result<Json> release(App&, const Call&);
Result<Json> refuse_case(App&, const Call&);
Result<Json> correct(App&, const Call&);
Result<Json> resolve_conflict(App&, const Call&);
Result<Json> replay(App&, const Call&);
Result<Json> discard(App&, const Call&);
Result<Json> replay_letter(App&, const Call&);
Result<Json> upload(App&, const Call&);
Result<Json> pull(App&, const Call&);
Result<Json> verify_audit(App&, const Call&);
Result<Json> draw_up_allocation(App&, const Call&);
Result<Json> confirm_allocation(App&, const Call&);
Result<Json> discard_allocation(App&, const Call&);

Result<Json> publishing(App&, const Call&);
Result<Json> publishing_of(App&, const Call&);
Result<Json> propose(App&, const Call&);
Result<Json> back_test(App&, const Call&);
Result<Json> approve(App&, const Call&);
Result<Json> confirm_policy(App&, const Call&);
Result<Json> withdraw_proposal(App&, const Call&);
Result<Json> decision(App&, const Call&);

}  // namespace zhida::console::api
