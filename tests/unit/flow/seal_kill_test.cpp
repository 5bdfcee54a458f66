// What was sealed together and committed leaves with the same octets, however often the program is killed between the
// commit and the sending; nothing is missing, and every seal holds.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "platform/messaging/node.h"
#include "seal/sealer.h"
#include "seal/trust.h"
#include "seal_tools/dev_certificates.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::messaging;

namespace {

template <class T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().code + ": " + result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

std::string make_certificates(const test::TempFolder& folder) {
  seal_tools::DevCertificates what;
  what.folder = folder.file("certs");
  what.valid_from = SystemClock().now() - std::chrono::hours(24);
  what.valid_to = SystemClock().now() + std::chrono::hours(24 * 365);
  value_of(seal_tools::issue_all(what));
  return what.folder;
}

/// tests/bench/seal_door.cpp: takes sealed messages and answers each through its outbox, sealed in batches.
class Program {
 public:
  Program(const test::TempFolder& folder, std::string certs)
      : database_(folder.file("hub.db")), port_file_(folder.file("port")), certs_(std::move(certs)) {}
  ~Program() { stop(SIGKILL); }

  std::uint16_t start() {
    ::unlink(port_file_.c_str());
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close_range(3, ~0u, 0);
      ::dup2(::open("/dev/null", O_WRONLY), 2);
      ::execl(ZHIDA_BENCH_SEAL_DOOR, ZHIDA_BENCH_SEAL_DOOR, database_.c_str(), port_file_.c_str(), "batch",
              certs_.c_str(), nullptr);
      ::_exit(127);
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < deadline) {
      if (const auto written = read_file(port_file_)) return static_cast<std::uint16_t>(std::stoi(written.value()));
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    BOOST_FAIL("The program did not start.");
    return 0;
  }
  void stop(int signal) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  const std::string database_, port_file_, certs_;
  pid_t pid_ = -1;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_kill)

BOOST_AUTO_TEST_CASE(what_was_sealed_together_leaves_again_octet_by_octet_after_a_kill) {
  const test::TempFolder folder;
  const std::string certs = make_certificates(folder);
  const auto trust =
      value_of(seal::Trust::load({.roots = {certs + "/seal/ca.crt"}, .revocation_lists = {certs + "/seal/ca.crl"}}));
  const auto sealer = value_of(seal::Sealer::create(
      {certs + "/seal/credit.esl", certs + "/seal/credit.key", certs + "/seal/credit.crt", {}}, trust));
  const auto ids = value_of(parse_json(value_of(read_file(certs + "/seals.json"))));
  const seal::SealVerifier verifier(trust, {{"hub", {value_of(get_string(ids, "hub"))}}});
  const auto seed = std::random_device()();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 random(seed);

  constexpr std::size_t kMessages = 1'500;
  std::vector<Bytes> messages(kMessages);
  for (std::size_t from = 0; from < kMessages; from += 100) {
    std::vector<Bytes> bodies;
    for (std::size_t i = 0; i < 100; ++i) bodies.push_back("body " + std::to_string(from + i));
    std::vector<seal::ToSeal> together;
    for (std::size_t i = 0; i < 100; ++i)
      together.push_back({bodies[i], {"text/plain", "m" + std::to_string(from + i), ""}});
    const auto evidences = value_of(sealer->seal_batch(together, SystemClock().now()));
    for (std::size_t i = 0; i < 100; ++i) {
      Envelope envelope;
      envelope.message_id = "m" + std::to_string(from + i);
      envelope.body = bodies[i];
      const auto carriage = seal::pack(evidences[i], false);
      envelope.seal = carriage.octets;
      envelope.properties["seal-form"] = seal::name_of(carriage.form);
      messages[from + i] = encode(envelope);
    }
  }

  std::mutex mutex;
  std::map<std::string, Bytes> answers;  // By message-id, as they came first.
  std::vector<char> accepted(kMessages, 0);
  std::size_t repeated = 0, differing = 0, batched = 0;
  Program program(folder, certs);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(180);
  for (int life = 0;; ++life) {
    BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
    const bool last = life >= 6;
    const auto port = program.start();
    auto node = value_of(Node::create({}));
    // In all lives but the last, half of the answers are taken and never settled: they will come again.
    const auto incoming = node->on_incoming([&](Incoming message) {
      const std::lock_guard lock(mutex);
      const auto [known, fresh] = answers.emplace(message.message_id, message.message);
      repeated += fresh ? 0 : 1;
      differing += known->second == message.message ? 0 : 1;
      if (!last && answers.size() % 2 == 0) return;
      const Settlement settlement{message.token, {}};
      node->settle({&settlement, 1});
    });
    DialOptions dial;
    dial.name = "door";
    dial.host = "127.0.0.1";
    dial.port = port;
    dial.security = Plain{};
    dial.send_to = {"in"};
    dial.receive_from = {"out"};
    value_of(node->dial(dial));
    const auto end =
        last ? deadline : std::chrono::steady_clock::now() + std::chrono::milliseconds(300 + random() % 500);
    std::size_t next = 0;
    bool all = false;
    while (!all && std::chrono::steady_clock::now() < end) {
      while (next < kMessages) {
        {
          const std::lock_guard lock(mutex);
          if (accepted[next] != 0) {
            ++next;
            continue;
          }
        }
        const auto sent = node->send("in", "", messages[next], static_cast<SendToken>(next),
                                     [&](SendToken token, const Outcome& outcome) {
                                       const std::lock_guard lock(mutex);
                                       if (outcome.kind == OutcomeKind::accepted)
                                         accepted[static_cast<std::size_t>(token)] = 1;
                                     });
        if (sent != SendResult::taken) break;
        ++next;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      const std::lock_guard lock(mutex);
      // A quick machine has all in its first life: the later ones wait for what was never settled.
      all = answers.size() == kMessages && (life == 0 || repeated > 0);
    }
    program.stop(last ? SIGTERM : SIGKILL);
    node->shutdown();
    if (last) break;
  }
  BOOST_TEST(answers.size() == kMessages);
  BOOST_TEST(differing == 0u);
  BOOST_TEST(repeated > 0u, "no answer came twice: the test saw nothing");
  for (const auto& [id, message] : answers) {
    const auto envelope = value_of(decode(message));
    const auto form = seal::form_of(envelope.properties.at("seal-form"));
    BOOST_REQUIRE(form.has_value());
    batched += *form == seal::Form::batch ? 1 : 0;
    seal::Evidence evidence;
    const auto report = verifier.verify_from("hub", *form, envelope.seal, envelope.body, SystemClock().now(), evidence);
    BOOST_TEST(report.passed(), report.detail);
  }
  BOOST_TEST(batched > kMessages / 2);
}

BOOST_AUTO_TEST_SUITE_END()
