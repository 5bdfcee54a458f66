#include "flow/treasury_door.h"

#include <utility>

#include "audit/audit_trail.h"
#include "flow/stage_times.h"
#include "flow/trust_keeper.h"
#include "platform/crypto/digest.h"
#include "seal/sealer.h"
#include "stages/casework/casework.h"

namespace zhida::flow {

void record_refused_seal(const Rooms& rooms, const messaging::DoorMessage& message, const Error& why) {
  audit::AuditEntry entry;
  entry.kind = "seal_refused";
  entry.actor = "peer:" + message.peer;
  entry.subject_type = "message";
  entry.subject_id = message.envelope.message_id;
  entry.division = rooms.city;
  entry.detail = {{"address", message.address}, {"code", why.code}};
  entry.payload_digest = "sm3:" + to_hex(crypto::sm3(message.envelope.body));
  messaging::Work work;
  work.peer = "hub";
  work.message_id =
      "seal_refused/" + message.peer + "/" + message.envelope.message_id;  // Told once, however often it comes.
  work.digest = crypto::sha256(work.message_id);
  work.door = "treasury";
  work.effect = [&rooms, entry](storage::Transaction& transaction) -> Result<void> {
    (void)TRY(rooms.trail.append(transaction, entry));
    return ok();
  };
  work.done = [](const messaging::Receipt&) {};
  (void)rooms.writer.submit(std::move(work));
}

TreasuryDoor::TreasuryDoor(const Rooms& rooms, casework::Casework& casework, const Outgoing& outgoing,
                           std::function<void()> cases_changed, std::function<void()> something_to_send,
                           treasury::TreasurySettings settings)
    : rooms_(rooms),
      casework_(casework),
      outgoing_(outgoing),
      cases_changed_(std::move(cases_changed)),
      something_to_send_(std::move(something_to_send)),
      stage_(rooms.trail, rooms.clock, std::move(settings)),
      worker_("treasury_door", rooms.clock, 200ms, [this] { return round(); }) {}

messaging::Door TreasuryDoor::door() {
  return {"treasury", [this](const messaging::DoorMessage& message) { return handle(message); }};
}

Result<messaging::Effect> TreasuryDoor::handle(const messaging::DoorMessage& message) {
  const auto& envelope = message.envelope;
  const auto [report, peer, full_seal, seal_proof] = [&] {
    const StageTimes::Timer timer(rooms_.times, "verify");
    return rooms_.trust.verify(message, rooms_.clock.now());
  }();
  if (!report.passed()) {
    const Error why = seal::to_error(report);
    log_.warning("An answer's seal does not hold; it changes nothing and is kept.",
                 {{"peer", peer}, {"message", envelope.message_id}, {"code", why.code}, {"detail", why.message}});
    record_refused_seal(rooms_, message, why);
    return why;
  }
  auto verified = std::make_shared<treasury::VerifiedMessage>();
  verified->peer = peer;
  verified->message_id = envelope.message_id;
  verified->content = TRY(treasury::decode_message(envelope.body));
  verified->body = envelope.body;
  verified->seal = full_seal;
  verified->seal_proof = seal_proof;
  const auto trace = envelope.properties.find("trace-id");
  if (trace != envelope.properties.end()) verified->trace_id = trace->second;
  return messaging::Effect(
      [this, verified](storage::Transaction& transaction) -> Result<void> {
        const StageTimes::Timer timer(rooms_.times, "treasury");
        const auto applied =
            TRY(stage_.apply(transaction, *verified, [this](storage::Transaction& inner, const CaseMove& move) {
              return casework_.move(inner, move);
            }));
        if (applied.conflicts > 0 || applied.unknown > 0)
          log_.warning("An answer contradicts what is known; a person decides.", {{"message", verified->message_id}});
        return ok();
      },
      cases_changed_);
}

Result<bool> TreasuryDoor::round() {
  std::int64_t noted = 0;
  std::vector<treasury::OverdueWork> overdue;
  bool unsent = false;
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    unsent = !TRY(transaction.query("SELECT 1 FROM payment_attempt WHERE state = 'queued' LIMIT 1", {}, "i")).empty();
    overdue = TRY(stage_.overdue(transaction));
    return ok();
  }));
  if (unsent) {
    CHECK_OK(commit(rooms_.writer, "treasury", {}, [&](storage::Transaction& transaction) -> Result<void> {
      noted = TRY(stage_.note_sent(transaction));
      return ok();
    }));
  }
  for (const auto& work : overdue) {
    const Bytes seal =
        TRY(rooms_.sealer.seal(work.query_body, "application/xml", work.query_message_id, "", rooms_.clock.now()));
    CHECK_OK(commit(rooms_.writer, "treasury", {}, [&](storage::Transaction& transaction) {
      return stage_.commit_overdue(transaction, work, seal, outgoing_);
    }));
    log_.info("The treasury was asked where a request stands; the same octets were sent again.",
              {{"request", work.business_no.str()}});
  }
  if (!overdue.empty()) something_to_send_();
  return noted > 0 || !overdue.empty();
}

}  // namespace zhida::flow
