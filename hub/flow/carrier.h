#pragma once
#include <string>
#include <vector>

#include "flow/rooms.h"
#include "flow/sources.h"
#include "flow/worker.h"

namespace zhida::flow {

/// Hands outbox messages to the adapters that carry them (text messages, decisions): what the relay is for AMQP. A
/// message is marked sent only after the adapter has it; a crash in between sends it again under the same id.
class Carrier {
 public:
  Carrier(const Rooms& rooms, Sources& sources, std::vector<std::string> addresses);
  void start() { worker_.start(); }
  void stop() { worker_.stop(); }
  void wake() { worker_.wake(); }
  bool busy() const { return worker_.busy(); }

 private:
  Result<bool> round();

  const Rooms& rooms_;
  Sources& sources_;
  const std::vector<std::string> addresses_;
  Log log_{"carrier"};
  Worker worker_;
};

}  // namespace zhida::flow
