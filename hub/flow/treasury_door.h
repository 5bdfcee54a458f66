#pragma once
#include "flow/outgoing.h"
#include "flow/rooms.h"
#include "flow/worker.h"
#include "platform/messaging/handle_once.h"
#include "stages/treasury/treasury_stage.h"

namespace zhida::casework {
class Casework;
}

namespace zhida::flow {

/// Tells that a peer's seal did not hold, in the trail: nothing else changes. Any thread.
void record_refused_seal(const Rooms& rooms, const messaging::DoorMessage& message, const Error& why);

/// The treasury door: a sealed answer comes in; attempt, book and case move together. Also asks where requests stand
/// that have been waiting too long.
class TreasuryDoor {
 public:
  TreasuryDoor(const Rooms& rooms, casework::Casework& casework, const Outgoing& outgoing,
               std::function<void()> cases_changed, std::function<void()> something_to_send,
               treasury::TreasurySettings settings = {});

  /// For HandleOnce::open_door("treasury.receipts", …).
  messaging::Door door();
  void start() { worker_.start(); }
  void stop() { worker_.stop(); }
  void wake() { worker_.wake(); }
  bool busy() const { return worker_.busy(); }
  treasury::TreasuryStage& stage() { return stage_; }

 private:
  Result<messaging::Effect> handle(const messaging::DoorMessage& message);
  Result<bool> round();

  const Rooms& rooms_;
  casework::Casework& casework_;
  const Outgoing& outgoing_;
  const std::function<void()> cases_changed_, something_to_send_;
  treasury::TreasuryStage stage_;
  Log log_{"treasury_door"};
  Worker worker_;
};

}  // namespace zhida::flow
