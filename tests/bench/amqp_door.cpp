// What a durable message costs at a door of the hub, beside a RabbitMQ quorum queue with the same client.
//   bench_amqp_door [rounds] [messages]
// The hub is a process of its own (door_program: Node, workers, Writer, SQLite with synchronous=FULL, one row of effect
// and one of inbox a message); so is the broker. End to end: the hub's accept means on disk and done; the queue's
// accept means on disk, and a consumer must still fetch, which the client does here too. 1 KiB bodies. Prints the
// medians of alternating rounds as `GOAL name value goal met|missed`.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/log.h"
#include "platform/messaging/node.h"
#include "support/rabbitmq.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::messaging;

namespace {

struct Figures {
  double per_second = 0;
  double cpu_micros = 0;  // Of the server, a message.
};

double cpu_of(pid_t pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  if (!stat) return 0;
  unsigned long long user = 0, system = 0;
  const auto name_end = stat.value().rfind(')');
  std::sscanf(stat.value().c_str() + name_end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
              &system);
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Sends `count` messages and waits for every accept, and for every arrival when `consume`. Gives the seconds.
double drive(DialOptions dial, const std::string& address, const std::string& run, int count, bool consume) {
  auto node = std::move(Node::create({}).value());
  std::atomic<int> accepted{0}, arrived{0};
  const auto incoming = node->on_incoming([&](Incoming message) {
    ++arrived;
    const Settlement settlement{message.token, {}};
    node->settle({&settlement, 1});
  });
  dial.send_to = {address};
  if (consume) dial.receive_from = {address};
  if (!node->dial(dial)) return -1;
  std::mutex mutex;
  std::condition_variable ready;
  bool may = false;
  const auto on_ready = node->on_ready([&](const std::string&) {
    const std::lock_guard lock(mutex);
    may = true;
    ready.notify_one();
  });
  while (!node->has_receiver(address)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const Bytes body(1'024, 'x');
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < count;) {
    Envelope envelope;
    envelope.message_id = run + std::to_string(i);
    envelope.body = body;
    const auto result = node->send(address, "", encode(envelope), i, [&](SendToken, const Outcome& outcome) {
      accepted += outcome.kind == OutcomeKind::accepted;
    });
    if (result == SendResult::taken) {
      ++i;
      continue;
    }
    std::unique_lock lock(mutex);
    ready.wait_for(lock, std::chrono::milliseconds(20), [&] { return may; });
    may = false;
  }
  const auto patience = began + std::chrono::seconds(120);
  while ((accepted < count || (consume && arrived < count)) && std::chrono::steady_clock::now() < patience)
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  node->shutdown();
  return accepted < count ? -1 : seconds;
}

struct HubProcess {
  test::TempFolder folder;
  pid_t pid = -1;
  std::uint16_t port = 0;
  HubProcess() {
    const std::string database = folder.file("hub.db"), port_file = folder.file("port");
    pid = ::fork();
    if (pid == 0) {
      ::close_range(3, ~0u, 0);
      ::dup2(::open("/dev/null", O_WRONLY), 2);
      ::execl(ZHIDA_DOOR_PROGRAM, ZHIDA_DOOR_PROGRAM, database.c_str(), port_file.c_str(), nullptr);
      ::_exit(127);
    }
    for (int i = 0; i < 5'000 && port == 0; ++i) {
      if (const auto written = read_file(port_file)) port = static_cast<std::uint16_t>(std::stoi(written.value()));
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  ~HubProcess() {
    ::kill(pid, SIGTERM);
    ::waitpid(pid, nullptr, 0);
  }
};

void goal(const char* name, double value, double goal_value, bool met) {
  std::printf("GOAL %s %.2f %.2f %s\n", name, value, goal_value, met ? "met" : "missed");
}

}  // namespace

int main(int argc, char** argv) {
  Log::set_level(LogLevel::error);
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 3;
  const int count = argc > 2 ? std::atoi(argv[2]) : 10'000;
  if (!test::RabbitMq::available()) {
    std::printf("SKIPPED: RabbitMQ is not installed.\n");
    return 77;
  }
  test::RabbitMq broker;
  HubProcess hub;
  std::vector<double> hub_rates, hub_cpus, broker_rates, broker_cpus;
  for (int round = 0; round <= rounds; ++round) {  // The first warms up and does not count.
    DialOptions dial;
    dial.name = "server";
    dial.host = "127.0.0.1";
    dial.security = Plain{};
    dial.port = hub.port;
    const std::string run = "r" + std::to_string(round) + "-";
    double before = cpu_of(hub.pid);
    double seconds = drive(dial, "in", run, count, false);
    if (seconds < 0) return 1;
    const Figures mine{count / seconds, (cpu_of(hub.pid) - before) * 1e6 / count};

    const std::string queue = "bench" + std::to_string(round);
    broker.declare_quorum_queue(queue);
    dial.port = broker.port();
    dial.user = "guest";
    dial.password = Secret<std::string>("guest");
    dial.address_prefix = "/amq/queue/";
    before = broker.cpu_seconds();
    seconds = drive(dial, queue, run, count, true);
    if (seconds < 0) return 1;
    const Figures theirs{count / seconds, (broker.cpu_seconds() - before) * 1e6 / count};

    std::printf("round %d: hub %.0f/s %.1f us, quorum queue %.0f/s %.1f us\n", round, mine.per_second, mine.cpu_micros,
                theirs.per_second, theirs.cpu_micros);
    std::fflush(stdout);
    if (round == 0) continue;
    hub_rates.push_back(mine.per_second);
    hub_cpus.push_back(mine.cpu_micros);
    broker_rates.push_back(theirs.per_second);
    broker_cpus.push_back(theirs.cpu_micros);
  }
  const double ratio = median(hub_rates) / median(broker_rates);
  const double cpu = median(hub_cpus) / median(broker_cpus);
  goal("amqp_door_messages_per_second", median(hub_rates), 2 * median(broker_rates), ratio >= 2);
  goal("amqp_door_rate_over_quorum_queue", ratio, 2, ratio >= 2);
  goal("amqp_door_cpu_micros_a_message", median(hub_cpus), median(broker_cpus) / 3, cpu <= 1.0 / 3);
  goal("amqp_door_cpu_over_quorum_queue", cpu, 1.0 / 3, cpu <= 1.0 / 3);
  return 0;
}
