// A RabbitMQ broker for tests, gone when the test is. Compile tests/support/rabbitmq.cpp into the test program;
// programs that start a broker are "slow" (5 to 15 s to be ready).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "support/temp_folder.h"

namespace zhida::test {

/// Debian's RabbitMQ with AMQP 1.0 on free loopback ports and a port mapper of its own, as an unprivileged user: who
/// runs the test, or, for root, `nobody`. User and password are guest/guest; so is a connection with SASL ANONYMOUS.
/// Stops with the object.
class RabbitMq {
 public:
  static bool available();  ///< Whether it is installed here. If not, say "SKIPPED: …".
  RabbitMq();               ///< Ready for connections; throws with the broker's own words where it does not start.
  ~RabbitMq();
  RabbitMq(const RabbitMq&) = delete;
  RabbitMq& operator=(const RabbitMq&) = delete;

  std::uint16_t port() const { return port_; }
  /// AMQP 1.0 cannot declare queues there. Address them `/amq/queue/NAME`.
  void declare_quorum_queue(const std::string& name);
  /// Runs an Erlang expression in the broker; gives what it prints.
  std::string eval(const std::string& expression);
  void kill();   ///< As if by kill -9.
  void start();  ///< Again, on the same port with the same data.
  /// CPU time of the broker's process so far, user and system.
  double cpu_seconds() const;

 private:
  std::vector<std::string> environment() const;
  pid_t run(const std::vector<std::string>& command, const std::string& output) const;
  void stop(int signal);

  TempFolder folder_;
  std::uint16_t port_ = 0, distribution_port_ = 0, mapper_port_ = 0;
  uid_t user_ = 0;
  gid_t group_ = 0;
  pid_t mapper_ = -1;
  pid_t shell_ = -1;  // The start script, leader of its own process group.
};

}  // namespace zhida::test
