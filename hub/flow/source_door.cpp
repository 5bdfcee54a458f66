#include "flow/source_door.h"

#include <utility>

#include "audit/audit_trail.h"
#include "flow/budget_reports.h"
#include "flow/policy_book.h"
#include "flow/stage_times.h"
#include "ledger/ledger.h"
#include "platform/crypto/digest.h"
#include "seal/sealer.h"
#include "stages/casework/casework.h"
#include "stages/intake/intake_store.h"
#include "stages/mapping/mapping_set.h"
#include "stages/matching/policy_store.h"
#include "stages/profile/profile_store.h"

namespace zhida::flow {
namespace {

std::string sm3_digest(ByteView bytes) {
  return "sm3:" + to_hex(crypto::sm3(bytes));
}

audit::AuditEntry entry_of(std::string kind, const std::string& source, std::string subject_type,
                           std::string subject_id, const std::string& trace_id) {
  audit::AuditEntry entry;
  entry.kind = std::move(kind);
  entry.actor = "source:" + source;
  entry.subject_type = std::move(subject_type);
  entry.subject_id = std::move(subject_id);
  entry.trace_id = trace_id;
  return entry;
}

}  // namespace

SourceDoor::SourceDoor(const Rooms& rooms, casework::Casework& casework, std::function<void()> profile_changed,
                       std::function<void()> book_changed)
    : rooms_(rooms),
      casework_(casework),
      profile_changed_(std::move(profile_changed)),
      book_changed_(std::move(book_changed)) {}

Result<intake::PreparedBatch> SourceDoor::prepare(SourceBatch batch) const {
  const Instant now = rooms_.clock.now();
  if (batch.received_at == Instant{}) batch.received_at = now;
  if (batch.trace_id.empty()) batch.trace_id = new_trace_id();
  std::vector<MappingOutcome> outcomes;
  outcomes.reserve(batch.records.size());
  const Date received_on = Date::of(batch.received_at);
  {
    const StageTimes::Timer timer(rooms_.times, "mapping");
    for (const auto& record : batch.records) outcomes.push_back(rooms_.mappings.apply(record, received_on));
  }
  auto prepared = intake::prepare(std::move(batch), std::move(outcomes), rooms_.city);
  if (prepared.batch.seal.empty() && !prepared.manifest.empty()) {
    const StageTimes::Timer timer(rooms_.times, "seal");
    prepared.manifest_seal = TRY(rooms_.sealer.seal(prepared.manifest, "application/json", prepared.batch.batch_id,
                                                    prepared.batch.trace_id.str(), now));
  }
  return prepared;
}

Result<void> SourceDoor::take(storage::Transaction& transaction, const intake::PreparedBatch& prepared, Taken& taken) {
  taken = Taken{};
  auto accepted = TRY([&] {
    const StageTimes::Timer timer(rooms_.times, "intake");
    return intake::accept(transaction, prepared);
  }());
  taken.outcomes = accepted.outcomes;
  if (accepted.seen_before) return ok();
  const auto& batch = prepared.batch;
  const std::string& trace_id = batch.trace_id.str();
  const auto kept_before = accepted.quarantined;
  CHECK_OK(carry_on(transaction, accepted, batch.source, trace_id, taken));
  if (accepted.quarantined != kept_before) {
    CHECK_OK(intake::store_outcomes(transaction, batch, accepted));
    taken.outcomes = accepted.outcomes;
  }

  std::vector<audit::AuditEntry> entries;
  auto received = entry_of("batch_received", batch.source, "batch", batch.batch_id, trace_id);
  received.division = rooms_.city;
  received.payload_digest = sm3_digest(batch.seal.empty() ? prepared.manifest : batch.payload);
  received.detail = {{"origin", batch.origin},
                     {"records", batch.records.size() + batch.unreadable.size()},
                     {"accepted", accepted.accepted},
                     {"duplicate", accepted.duplicate},
                     {"quarantined", accepted.quarantined},
                     {"sealed_by", batch.seal.empty() ? "hub" : "source"}};
  entries.push_back(std::move(received));
  for (const auto& outcome : accepted.outcomes) {
    if (outcome.kind != RecordOutcome::Kind::quarantined) continue;
    auto kept =
        entry_of("record_quarantined", batch.source, "record", outcome.record_type + " " + outcome.key, trace_id);
    kept.division = rooms_.city;
    kept.detail = {
        {"batch", batch.batch_id}, {"position", outcome.position}, {"code", outcome.code}, {"field", outcome.field}};
    entries.push_back(std::move(kept));
  }
  (void)TRY(rooms_.trail.append_all(transaction, entries));
  return ok();
}

Result<void> SourceDoor::carry_on(storage::Transaction& transaction, intake::AcceptedBatch& accepted,
                                  const std::string& source, const std::string& trace_id, Taken& taken) {
  const Instant now = rooms_.clock.now();
  // A report that cannot be carried out must not keep its source waiting for ever: the others of its batch go on.
  const auto apart = [&](const LedgerRecord& row, const std::function<Result<void>()>& work) -> Result<void> {
    const auto done = transaction.savepoint(work);
    if (done || done.error().fate != Fate::refuse) return done;
    Finding finding;
    finding.code = done.error().code;
    finding.message = done.error().message;
    CHECK_OK(intake::put_aside(transaction, source, accepted, row, finding, now));
    log_.error("A report was refused and waits for a person.", {{"source", source},
                                                                {"record", row.record_type + " " + row.key},
                                                                {"code", done.error().code},
                                                                {"error", done.error().message},
                                                                {"trace", trace_id}});
    auto entry = entry_of("person_asked", source, row.record_type, row.key, trace_id);
    entry.division = budget_division(row).value_or(rooms_.city);
    entry.detail = {{"code", done.error().code}};
    (void)TRY(rooms_.trail.append(transaction, entry));
    return ok();
  };
  if (!accepted.profile.empty()) {
    const StageTimes::Timer timer(rooms_.times, "profile");
    const auto merged = TRY(profile::apply(transaction, accepted.profile, rooms_.rules, now));
    taken.profile_changed = !merged.changed.empty() || merged.coverage_changed;
    // A list that moved may concern every firm: the match door is asked for a round over all of them.
    if (merged.coverage_changed) {
      const auto wanted = TRY(matching::read_match_cursor(transaction, kRoundsWanted));
      CHECK_OK(matching::save_match_cursor(transaction, kRoundsWanted, wanted + 1));
    }
  }
  if (!accepted.ledger.empty()) {
    const StageTimes::Timer timer(rooms_.times, "ledger");
    ledger::Ledger book(transaction, rooms_.clock);
    for (const auto& row : accepted.ledger) {
      CHECK_OK(apart(row, [&]() -> Result<void> {
        const auto outcome = TRY(apply_budget_report(book, row));
        if (outcome == ledger::ReportOutcome::unchanged || outcome == ledger::ReportOutcome::outdated) return ok();
        const bool parked = outcome == ledger::ReportOutcome::parked;
        auto entry = entry_of(parked                                  ? "appropriation_change_parked"
                              : row.record_type == kBudgetPaymentType ? "spending_recorded"
                                                                      : "appropriation_recorded",
                              source, row.record_type, row.key, trace_id);
        entry.division = budget_division(row).value_or(rooms_.city);
        (void)TRY(rooms_.trail.append(transaction, entry));
        return ok();
      }));
    }
    (void)TRY(book.apply_parked());
    taken.book_changed = true;
  }
  for (const auto& row : accepted.notices) {
    CHECK_OK(apart(row, [&] { return apply_report_on_case(transaction, casework_, row, now); }));
  }
  return ok();
}

void SourceDoor::ring(const Taken& taken) const {
  if (taken.profile_changed) profile_changed_();
  if (taken.book_changed) book_changed_();
}

Result<std::vector<RecordOutcome>> SourceDoor::deliver(SourceBatch batch) {
  const std::string source = batch.source;
  const std::string origin = batch.origin;
  const auto prepared = TRY(prepare(std::move(batch)));
  auto taken = std::make_shared<Taken>();
  const auto done = commit(rooms_.writer, "source", {}, [this, &prepared, taken](storage::Transaction& transaction) {
    return take(transaction, prepared, *taken);
  });
  if (!done) {
    if (done.error().code == "batch_differs") tell_of_contradiction(prepared, done.error());
    return done.error();
  }
  ring(*taken);
  log_.debug("Batch taken.",
             {{"source", source}, {"origin", origin}, {"rows", std::to_string(taken->outcomes.size())}});
  return std::move(taken->outcomes);
}

void SourceDoor::tell_of_contradiction(const intake::PreparedBatch& prepared, const Error& why) {
  const auto& batch = prepared.batch;
  log_.error("A batch came under a number that stands for other content already; it was refused.",
             {{"source", batch.source},
              {"batch", batch.batch_id},
              {"origin", batch.origin},
              {"code", why.code},
              {"trace", batch.trace_id.str()}});
  auto entry = entry_of("person_asked", batch.source, "batch", batch.batch_id, batch.trace_id.str());
  entry.division = rooms_.city;
  entry.payload_digest = sm3_digest(batch.seal.empty() ? prepared.manifest : batch.payload);
  entry.detail = {{"code", why.code}, {"origin", batch.origin}, {"content_digest", prepared.content_digest}};
  // The batch stays with its sender whatever becomes of this: no reason to fail.
  (void)commit(rooms_.writer, "source", {}, [&](storage::Transaction& transaction) -> Result<void> {
    (void)TRY(rooms_.trail.append(transaction, entry));
    return ok();
  });
}

Result<messaging::Effect> SourceDoor::effect_of(SourceBatch batch, Told told) {
  auto prepared = std::make_shared<intake::PreparedBatch>(TRY(prepare(std::move(batch))));
  auto taken = std::make_shared<Taken>();
  return messaging::Effect(
      [this, prepared, taken](storage::Transaction& transaction) { return take(transaction, *prepared, *taken); },
      [this, taken, told = std::move(told)] {
        told(taken->outcomes);
        ring(*taken);
      });
}

Result<RecordOutcome> SourceDoor::replay(std::int64_t quarantine_id, const std::string& actor) {
  std::optional<intake::QuarantinedRow> row;
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    row = TRY(intake::find_quarantined(transaction, quarantine_id));
    return ok();
  }));
  if (!row) return refuse("quarantine_unknown", "There is no quarantined row " + std::to_string(quarantine_id) + ".");
  const auto outcome = rooms_.mappings.apply(row->record, Date::of(row->first_at));
  auto taken = std::make_shared<Taken>();
  CHECK_OK(commit(rooms_.writer, "source", {}, [&, taken](storage::Transaction& transaction) -> Result<void> {
    *taken = Taken{};
    auto accepted = TRY(intake::replay(transaction, quarantine_id, outcome, rooms_.city, rooms_.clock.now()));
    CHECK_OK(carry_on(transaction, accepted, row->record.source, row->trace_id, *taken));
    taken->outcomes = accepted.outcomes;
    auto entry = entry_of("record_replayed", row->record.source, "record",
                          row->record.record_type + " " + row->record.key, row->trace_id);
    entry.actor = actor;
    entry.division = row->division.empty() ? rooms_.city : row->division;
    entry.detail = {
        {"quarantine", quarantine_id},
        {"accepted", !accepted.outcomes.empty() && accepted.outcomes.front().kind != RecordOutcome::Kind::quarantined}};
    (void)TRY(rooms_.trail.append(transaction, entry));
    return ok();
  }));
  ring(*taken);
  if (taken->outcomes.empty())
    return refuse("replay_without_outcome", "The replay of row " + std::to_string(quarantine_id) + " gave no outcome.");
  return taken->outcomes.front();
}

Result<void> SourceDoor::discard(std::int64_t quarantine_id, const std::string& actor, const std::string& reason) {
  return commit(rooms_.writer, "source", {}, [&](storage::Transaction& transaction) -> Result<void> {
    const auto row = TRY(intake::find_quarantined(transaction, quarantine_id));
    CHECK_OK(intake::discard_quarantined(transaction, quarantine_id, rooms_.clock.now()));
    auto entry =
        entry_of("person_decided", row->record.source, "quarantine", std::to_string(quarantine_id), row->trace_id);
    entry.actor = actor;
    entry.division = row->division.empty() ? rooms_.city : row->division;
    entry.detail = {{"decision", "discard"}, {"reason", reason}};
    (void)TRY(rooms_.trail.append(transaction, entry));
    return ok();
  });
}

Result<std::int64_t> SourceDoor::replay_waiting() {
  std::int64_t accepted = 0;
  // A unit that is known by now may make its payments known: rounds, until one changes nothing.
  for (;;) {
    std::vector<std::int64_t> waiting;
    CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
      waiting = TRY(intake::waiting_for_firm(transaction, 1000));
      return ok();
    }));
    std::int64_t now_accepted = 0;
    for (const auto id : waiting) {
      const auto outcome = replay(id, "system");
      // Somebody else was faster with this row.
      if (!outcome && outcome.error().code == "quarantine_not_open") continue;
      if (!outcome && outcome.error().fate == Fate::refuse) {  // It stays kept; the others go on.
        log_.warning(
            "A kept row could not be replayed.",
            {{"quarantine", std::to_string(id)}, {"code", outcome.error().code}, {"error", outcome.error().message}});
        continue;
      }
      if (!outcome) return outcome.error();
      if (outcome.value().kind != RecordOutcome::Kind::quarantined) ++now_accepted;
    }
    accepted += now_accepted;
    if (now_accepted == 0) return accepted;
  }
}

}  // namespace zhida::flow
