#pragma once
#include <functional>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "domain/events.h"
#include "flow/trust_keeper.h"
#include "platform/storage/database.h"

namespace zhida::flow {

/// Writes what the stages want to send into the outbox, under the address that carries it in this place.
class Outgoing {
 public:
  /// `addresses` maps a stage's word (`sms_gateway`) to an address (`notices.sms`); what is not in it keeps its own.
  /// `seal_id` gives the esID of the hub's own seal, sent as a hint with whatever is sealed; a rotation changes it.
  /// `trust` knows which forms of seals are taken at an address.
  Outgoing(const Clock& clock, std::map<std::string, std::string> addresses, std::function<std::string()> seal_id,
           const TrustKeeper& trust)
      : clock_(clock), addresses_(std::move(addresses)), seal_id_(std::move(seal_id)), trust_(trust) {}

  /// The row holds the octets of the proof as they leave: whatever changes later, a repetition is the same. Error
  /// `seal_form_not_taken` where the peer takes no batch seals any more: to be sealed anew.
  Result<void> operator()(storage::Transaction& transaction, const OutgoingEnvelope& envelope) const;

 private:
  const Clock& clock_;
  const std::map<std::string, std::string> addresses_;
  const std::function<std::string()> seal_id_;
  const TrustKeeper& trust_;
};

}  // namespace zhida::flow
