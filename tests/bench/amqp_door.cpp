// What a durable message costs at a door of the hub, unsealed and sealed, beside a RabbitMQ quorum queue with the same
// client.
//   bench_amqp_door CERTS [rounds] [messages]
// The hub's door is a process of its own (bench_door: Node, workers, Writer, SQLite with synchronous=FULL, one row of
// effect and one of inbox a message); so is the broker. End to end: the hub's accept means on disk and done; the
// queue's accept means on disk, and a consumer must still fetch, which the client does here too. 1 KiB bodies. Sealed:
// every message carries an SES_Signature of its own (GB/T 38540, SM2 over SM3; made beforehand), which the door
// verifies. Beside it, what libcrypto alone verifies a second with the same key over as many octets. Prints the medians
// of alternating rounds; goals as `GOAL name value goal met|missed`.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "bench/figures.h"
#include "platform/messaging/node.h"
#include "seal/sealer.h"
#include "seal/trust.h"
#include "support/rabbitmq.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::messaging;

namespace {

struct Figures {
  double per_second = 0;
  double cpu_micros = 0;  // Of the server, a message.
};

struct Series {
  std::vector<double> rates, cpus;
  void add(const Figures& figures) {
    rates.push_back(figures.per_second);
    cpus.push_back(figures.cpu_micros);
  }
  double rate() const { return bench::median(rates); }
  double cpu() const { return bench::median(cpus); }
};

const Bytes kBody(1'024, 'x');

/// SM2 verifications a second of one thread: OpenSSL alone, digest included, over kBody.
double raw_verifications(const std::string& key_file) {
  const auto free_file = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(free_file)> file(std::fopen(key_file.c_str(), "r"), free_file);
  if (!file) return -1;
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_PrivateKey(file.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const auto* octets = reinterpret_cast<const unsigned char*>(kBody.data());
  const auto run = [&](bool signs, std::vector<unsigned char>& signature) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_PKEY_CTX* own = EVP_PKEY_CTX_new(key.get(), nullptr);
    EVP_PKEY_CTX_set1_id(own, "1234567812345678", 16);
    EVP_MD_CTX_set_pkey_ctx(context.get(), own);
    bool done = false;
    if (signs) {
      std::size_t size = signature.size();
      done = EVP_DigestSignInit(context.get(), nullptr, EVP_sm3(), nullptr, key.get()) == 1 &&
             EVP_DigestSign(context.get(), signature.data(), &size, octets, kBody.size()) == 1;
      signature.resize(size);
    } else {
      done = EVP_DigestVerifyInit(context.get(), nullptr, EVP_sm3(), nullptr, key.get()) == 1 &&
             EVP_DigestVerify(context.get(), signature.data(), signature.size(), octets, kBody.size()) == 1;
    }
    EVP_PKEY_CTX_free(own);
    return done;
  };
  std::vector<unsigned char> signature(128);
  if (!key || !run(true, signature)) return -1;
  int verified = 0;
  const auto began = std::chrono::steady_clock::now();
  double seconds = 0;
  while (seconds < 1) {
    if (!run(false, signature)) return -1;
    ++verified;
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  }
  return verified / seconds;
}

/// Messages of one round with ids of their own; sealed where a sealer is given.
std::vector<Bytes> make_messages(const std::string& run, int count, const seal::Sealer* sealer) {
  std::vector<Bytes> messages;
  for (int i = 0; i < count; ++i) {
    Envelope envelope;
    envelope.message_id = run + std::to_string(i);
    envelope.body = kBody;
    if (sealer != nullptr) {
      const std::string trace = to_hex(sha256(envelope.message_id)).substr(0, 32);
      envelope.seal =
          sealer->seal(kBody, "application/octet-stream", envelope.message_id, trace, SystemClock().now()).value();
    }
    messages.push_back(encode(envelope));
  }
  return messages;
}

/// Sends the messages and waits for every accept, and for every arrival when `consume`. Gives the seconds.
double drive(DialOptions dial, const std::string& address, const std::vector<Bytes>& messages, bool consume) {
  const int count = static_cast<int>(messages.size());
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
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < count;) {
    const auto result =
        node->send(address, "", messages[static_cast<std::size_t>(i)], i,
                   [&](SendToken, const Outcome& outcome) { accepted += outcome.kind == OutcomeKind::accepted; });
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
  /// With `certs`: a door that takes only sealed messages.
  explicit HubProcess(const std::string& certs) {
    const std::string database = folder.file("hub.db"), port_file = folder.file("port");
    pid = ::fork();
    if (pid == 0) {
      ::close_range(3, ~0u, 0);
      ::dup2(::open("/dev/null", O_WRONLY), 2);
      const char* const seals = certs.empty() ? nullptr : certs.c_str();
      ::execl(ZHIDA_BENCH_DOOR, ZHIDA_BENCH_DOOR, database.c_str(), port_file.c_str(), seals, nullptr);
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

Figures measure(pid_t server, const std::function<double()>& run, int count) {
  const double before = bench::cpu_of(server);
  const double seconds = run();
  if (seconds < 0) {
    std::fprintf(stderr, "Not every message was accepted.\n");
    std::exit(1);
  }
  return {count / seconds, (bench::cpu_of(server) - before) * 1e6 / count};
}

}  // namespace

int main(int argc, char** argv) {
  Log::set_level(LogLevel::error);
  if (argc < 2) return 2;
  const std::string certs = argv[1];
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  const int count = argc > 3 ? std::atoi(argv[3]) : 10'000;
  if (!test::RabbitMq::available()) {
    std::printf("SKIPPED: RabbitMQ is not installed.\n");
    return 77;
  }
  const auto trust =
      seal::Trust::load({.roots = {certs + "/seal/ca.crt"}, .revocation_lists = {certs + "/seal/ca.crl"}});
  if (!trust) {
    std::fprintf(stderr, "%s\n", trust.error().message.c_str());
    return 1;
  }
  const auto sealer = seal::Sealer::create(
      {certs + "/seal/credit.esl", certs + "/seal/credit.key", certs + "/seal/credit.crt", {}}, trust.value());
  if (!sealer) {
    std::fprintf(stderr, "%s\n", sealer.error().message.c_str());
    return 1;
  }
  test::RabbitMq broker;
  const HubProcess open_door(""), sealed_door(certs);
  Series open, sealed, queue;
  std::vector<double> raw;
  for (int round = 0; round <= rounds; ++round) {  // The first warms up and does not count.
    DialOptions dial;
    dial.name = "server";
    dial.host = "127.0.0.1";
    dial.security = Plain{};
    const std::string run = "r" + std::to_string(round) + "-";
    const auto plain_messages = make_messages(run, count, nullptr);
    dial.port = open_door.port;
    const auto mine = measure(
        open_door.pid, [&] { return drive(dial, "in", plain_messages, false); }, count);

    const int sealed_count = std::max(1, count / 2);
    const auto sealed_messages = make_messages(run, sealed_count, sealer.value().get());
    dial.port = sealed_door.port;
    const auto under_seal = measure(
        sealed_door.pid, [&] { return drive(dial, "in", sealed_messages, false); }, sealed_count);
    const double verifications = raw_verifications(certs + "/seal/credit.key");

    const std::string name = "bench" + std::to_string(round);
    broker.declare_quorum_queue(name);
    dial.port = broker.port();
    dial.user = "guest";
    dial.password = Secret<std::string>("guest");
    dial.address_prefix = "/amq/queue/";
    const double before = broker.cpu_seconds();
    const double seconds = drive(dial, name, plain_messages, true);
    if (seconds < 0) return 1;
    const Figures theirs{count / seconds, (broker.cpu_seconds() - before) * 1e6 / count};

    std::printf(
        "round %d: hub %.0f/s %.1f us; sealed %.0f/s %.1f us, libcrypto alone verifies %.0f/s a core; quorum queue "
        "%.0f/s %.1f us\n",
        round, mine.per_second, mine.cpu_micros, under_seal.per_second, under_seal.cpu_micros, verifications,
        theirs.per_second, theirs.cpu_micros);
    std::fflush(stdout);
    if (round == 0) continue;
    open.add(mine);
    sealed.add(under_seal);
    queue.add(theirs);
    raw.push_back(verifications);
  }
  std::printf(
      "median: unsealed %.0f messages/s at %.1f us of processor; sealed %.0f messages/s (as many seals verified) at "
      "%.1f us; quorum queue %.0f messages/s at %.1f us\n",
      open.rate(), open.cpu(), sealed.rate(), sealed.cpu(), queue.rate(), queue.cpu());
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  std::printf(
      "median: libcrypto alone verifies %.0f SM2 signatures/s a core; the sealed door does %.2f of what %u cores "
      "could, with everything else it does\n",
      bench::median(raw), sealed.rate() / (bench::median(raw) * cores), cores);
  const double ratio = open.rate() / queue.rate(), cpu = open.cpu() / queue.cpu();
  bench::goal("amqp_door_messages_per_second", open.rate(), 2 * queue.rate(), ratio >= 2);
  bench::goal("amqp_door_rate_over_quorum_queue", ratio, 2, ratio >= 2);
  bench::goal("amqp_door_cpu_micros_a_message", open.cpu(), queue.cpu() / 3, cpu <= 1.0 / 3);
  bench::goal("amqp_door_cpu_over_quorum_queue", cpu, 1.0 / 3, cpu <= 1.0 / 3);
  return 0;
}
