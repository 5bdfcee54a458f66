#pragma once
#include <map>
#include <string>

#include "base/bytes.h"

namespace zhida {

/// A message that a stage wants to leave the hub, by whatever carries it. Flow hands each stage a function that writes
/// it into the outbox in the same transaction; the bytes are final.
struct OutgoingEnvelope {
  std::string message_id;  ///< Our idempotency key: the same id is the same message with the same bytes.
  std::string address;     ///< `treasury.instructions`, `social_security`, `sms_gateway`
  std::string subject;     ///< Type and version: `payment_request/1`
  std::string group_id;    ///< The firm.
  std::string correlation_id;
  std::string content_type;
  std::map<std::string, std::string> properties;
  Bytes body;
  Bytes seal;              ///< SES_Signature, the full form: flow chooses the form that the peer takes.
  std::string seal_proof;  ///< proof.json where the seal is over a batch of messages; else empty.
  std::string trace_id, case_id, division;
  /// It left before under this id: the outbox sends its stored row once more (a new row only where it has none).
  bool again = false;
};

}  // namespace zhida
