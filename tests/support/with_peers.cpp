// with_peers COMMAND...: runs the command beside a PostgreSQL server and a RabbitMQ broker of its own, an empty
// database and the queues of the demo in them: ZHIDA_TEST_DATABASE is the database's address, ZHIDA_TEST_BROKER the
// broker's HOST:PORT. The exit status is the command's; 77 where one of the two is not installed.
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <sys/wait.h>
#include <unistd.h>

#include "support/rabbitmq.h"
#include "support/scratch_database.h"

int main(int argc, char** argv) {
  using namespace zhida::test;
  if (argc < 2) {
    std::fputs("usage: with_peers COMMAND [ARGUMENT...]\n", stderr);
    return 64;
  }
  if (!ScratchServer::available() || !RabbitMq::available()) {
    std::puts("SKIPPED: PostgreSQL or RabbitMQ is not installed.");
    return 77;
  }
  try {
    ScratchServer server;
    RabbitMq broker;
    for (const char* queue : {"treasury.instructions", "treasury.receipts", "credit.records"})
      broker.declare_quorum_queue(queue);
    const auto database = server.new_database();
    const auto address = "127.0.0.1:" + std::to_string(broker.port());
    const pid_t child = ::fork();
    if (child == 0) {
      ::setenv("ZHIDA_TEST_DATABASE", database.c_str(), 1);
      ::setenv("ZHIDA_TEST_BROKER", address.c_str(), 1);
      ::execvp(argv[1], argv + 1);
      std::perror(argv[1]);
      ::_exit(127);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child) return 71;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "with_peers: %s\n", fault.what());
    return 71;
  }
}
