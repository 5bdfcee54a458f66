// One message as the house writes it (AMQP 1.0 part 3, section 3.2): its properties, its evidence, its payload.
#pragma once
#include <map>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace zhida::messaging {

/// What travels. The body is the exact payload in one `data` section: whatever is sealed there is never re-encoded.
struct Envelope {
  std::string message_id;  ///< Mandatory; the key under which a receiver drops repetitions.
  std::string correlation_id;
  std::string subject;  ///< Type and version: `payment_request/1`.
  std::string reply_to;
  std::string group_id;  ///< The enterprise; messages of one group keep their order.
  std::string content_type;
  std::string address;                            ///< The `to` field: where it was sent.
  std::map<std::string, std::string> properties;  ///< Application properties that are text.
  Bytes seal;                                     ///< Application property `seal`, binary; may be empty.
  Bytes body;
};

/// The whole message: header (durable), properties, application-properties, one data section. The same envelope gives
/// the same bytes in every version of this program: a repetition after a crash must have the digest of the first.
Bytes encode(const Envelope& envelope);

/// Reads a message strictly, without touching a byte of its body. message-id may be a string, ulong, uuid or binary;
/// its text form is the text itself, `n:7`, `u:` or `b:` and hexadecimal digits. Several data sections are joined; an
/// amqp-value of binary or text counts as the body too. Unknown application properties that are neither text nor `seal`
/// are read as text where they are numbers or booleans, else passed over. Errors `message_malformed` (says what),
/// `message_id_missing`, `body_missing` (no body section).
Result<Envelope> decode(ByteView message);

/// The part that no node may change on the way: properties, application-properties and body (AMQP 1.0 part 3,
/// section 3.2, "bare message"). Repetitions are compared by its SHA-256. The view points into `message`. Errors as
/// decode().
struct BareMessage {
  ByteView bytes;
  std::string message_id;
  std::string group_id;
};
Result<BareMessage> bare_message(ByteView message);

/// 32 octets.
Bytes sha256(ByteView bytes);

}  // namespace zhida::messaging
