// The AMQP line of a simulated system: to the hub itself, or to the broker between the two.
#pragma once
#include <string>
#include <vector>

#include "adapters/simulator_kit/simulator.h"
#include "platform/messaging/node.h"

namespace zhida::simulator {

/// How `who` (the name of its certificate) reaches the hub: with `--broker` over that broker's queues, without a
/// password; else straight to `--hub`, both sides known by certificate. Errors of files that cannot be read.
Result<messaging::DialOptions> line_of(const Arguments& arguments, const std::string& who);

}  // namespace zhida::simulator
