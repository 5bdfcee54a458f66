#include "flow/outgoing.h"

#include "platform/messaging/outbox.h"

namespace zhida::flow {

Result<void> Outgoing::operator()(storage::Transaction& transaction, const OutgoingEnvelope& envelope) const {
  if (envelope.again) {
    // The stored row leaves once more: the same octets under the same message-id, whatever became of it before.
    const auto rows = TRY(transaction.execute(
        "UPDATE outbox SET state = 'unsent', settled_at = NULL WHERE message_id = ?", {envelope.message_id}));
    if (rows > 0) return ok();
  }
  messaging::OutboxMessage message;
  const auto mapped = addresses_.find(envelope.address);
  message.message_id = envelope.message_id;
  message.address = mapped == addresses_.end() ? envelope.address : mapped->second;
  message.subject = envelope.subject;
  message.group_id = envelope.group_id;
  message.correlation_id = envelope.correlation_id;
  message.content_type = envelope.content_type;
  message.properties = envelope.properties;
  if (!envelope.trace_id.empty()) message.properties["trace-id"] = envelope.trace_id;
  if (!envelope.seal.empty()) {
    const auto forms = trust_.forms_for(message.address);
    seal::Evidence evidence{envelope.seal, std::nullopt};
    if (!envelope.seal_proof.empty()) {
      // What left in a batch once leaves in it again, whatever the peer takes by now.
      if (!forms.batch && !envelope.again) {
        return refuse("seal_form_not_taken", "Nobody takes batch seals at " + message.address +
                                                 " any more; the message has to be sealed by itself.");
      }
      evidence.proof = TRY(seal::read_proof_json(envelope.seal_proof));
    }
    auto carriage = seal::pack(evidence, forms.compact);
    message.properties["seal-form"] = seal::name_of(carriage.form);
    message.seal = std::move(carriage.octets);
    message.properties["seal-alg"] = "sm2-sm3";
    message.properties["seal-id"] = seal_id_();
  }
  message.body = envelope.body;
  message.trace_id = envelope.trace_id;
  message.case_id = envelope.case_id;
  message.division = envelope.division;
  (void)TRY(messaging::enqueue(transaction, message, clock_.now()));
  return ok();
}

}  // namespace zhida::flow
