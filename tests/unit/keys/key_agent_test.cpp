#include "platform/crypto/key_agent.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/crypto/issuer.h"
#include "platform/crypto/key_agent_server.h"
#include "platform/crypto/signer.h"
#include "platform/crypto/sm2_key.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::crypto;
using namespace std::chrono_literals;

namespace {

const std::string kProgram = ZHIDA_BINARY_DIR "/bin/zhida-keyd";
const Secret<std::string> kPassphrase(std::string("throw-away passphrase"));

CertificateSpec spec(std::string name, CertificateRole role = CertificateRole::seal) {
  return {.common_name = std::move(name),
          .organisation = "试验",
          .role = role,
          .valid_from = parse_rfc3339("2025-01-01T00:00:00+08:00").value(),
          .valid_to = parse_rfc3339("2030-01-01T00:00:00+08:00").value(),
          .alternative_names = {}};
}

bool within(std::chrono::milliseconds patience, const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

/// Processes whose parent we are and whose program is zhida-keyd.
std::vector<pid_t> our_agents() {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream stat(entry.path() / "stat");
    std::string pid, program, state, parent;
    stat >> pid >> program >> state >> parent;
    if (program == "(zhida-keyd)" && parent == std::to_string(::getpid()) && state != "Z") {
      found.push_back(std::stoi(pid));
    }
  }
  return found;
}

struct Scene {
  explicit Scene(Alg alg = Alg::sm2_sm3)
      : root(std::move(Issuer::create_root(alg, spec("CA", CertificateRole::root_authority)).value())),
        made(root.issue(spec("hub"), kPassphrase).value()) {
    BOOST_REQUIRE(write_file_atomically(folder.file("hub.key"), made.key_pem.reveal(), 0600).has_value());
  }
  KeyAgentOptions child() const {
    KeyAgentOptions options;
    options.program = kProgram;
    options.key_file = folder.file("hub.key");
    options.passphrase = kPassphrase;
    return options;
  }
  test::TempFolder folder;
  Issuer root;
  KeyAndCertificate made;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(key_agent)

BOOST_AUTO_TEST_CASE(a_key_in_a_process_of_its_own_signs_for_many_threads) {
  for (const Alg alg : {Alg::sm2_sm3, Alg::ecdsa_p256_sha256}) {
    const Scene scene(alg);
    auto key = connect_key_agent(scene.child());
    BOOST_REQUIRE_MESSAGE(key.has_value(), (key ? "" : key.error().message));
    BOOST_TEST((key.value()->alg() == alg));
    const auto signer = KeySigner::create(std::move(key).value(), scene.made.certificate);
    BOOST_REQUIRE(signer.has_value());
    std::atomic<int> good = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) {
          const Bytes message = "message " + std::to_string(t) + "/" + std::to_string(i);
          const auto value = signer.value()->sign(message);
          if (value && scene.made.certificate.verifies(alg, message, value.value())) ++good;
        }
      });
    }
    for (auto& thread : threads) thread.join();
    BOOST_TEST(good == 400);
  }
  BOOST_TEST(within(5s, [] { return our_agents().empty(); }), "the process goes with its key");
}

BOOST_AUTO_TEST_CASE(when_the_process_dies_requests_wait_and_nothing_is_lost) {
  const Scene scene;
  const auto key = connect_key_agent(scene.child()).value();
  const auto point = Sm2PublicKey::from_point(key->public_point());
  std::atomic<bool> enough = false;
  std::atomic<int> good = 0, bad = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; !enough; ++i) {
        Bytes e(32, static_cast<char>(t));
        e[0] = static_cast<char>(i);
        const auto raw = key->sign_e(e);
        (raw && point->verify_e(e, raw.value()) ? good : bad)++;
      }
    });
  }
  for (int death = 0; death < 3; ++death) {
    const int before = good;
    BOOST_REQUIRE(within(20s, [&] { return good > before + 20 && !our_agents().empty(); }));
    const auto agents = our_agents();
    BOOST_TEST(agents.size() == 1u);
    ::kill(agents.front(), SIGKILL);
  }
  const int before = good;
  BOOST_TEST(within(20s, [&] { return good > before + 20; }));
  enough = true;
  for (auto& thread : threads) thread.join();
  BOOST_TEST(bad == 0);
}

BOOST_AUTO_TEST_CASE(patience_ends_with_a_clear_error) {
  const Scene scene;
  auto options = scene.child();
  options.patience = 300ms;
  const auto key = connect_key_agent(options).value();
  BOOST_REQUIRE(std::filesystem::remove(scene.folder.file("hub.key")));
  ::kill(our_agents().front(), SIGKILL);
  const auto raw = key->sign_e(Bytes(32, 'e'));
  BOOST_REQUIRE(!raw.has_value());
  BOOST_TEST(raw.error().code == "key_away");
  BOOST_TEST((raw.error().fate == Fate::retry));
}

BOOST_AUTO_TEST_CASE(what_cannot_work_is_said_at_once) {
  const Scene scene;
  const auto code = [](const KeyAgentOptions& options) {
    const auto key = connect_key_agent(options);
    return key ? std::string("ok") : key.error().code;
  };
  auto options = scene.child();
  options.passphrase = Secret<std::string>(std::string("guess"));
  BOOST_TEST(code(options) == "key_agent_refused");
  options = scene.child();
  options.program = "/nowhere/zhida-keyd";
  BOOST_TEST(code(options) == "key_agent_missing");
  options = scene.child();
  options.program = "/bin/cat";
  BOOST_TEST(code(options) == "key_agent_refused");
  options = KeyAgentOptions();
  options.socket = scene.folder.file("none.sock");
  BOOST_TEST(code(options) == "key_agent_missing");
  std::filesystem::permissions(scene.folder.file("hub.key"), std::filesystem::perms(0640));
  BOOST_TEST(code(scene.child()) == "key_agent_refused");
}

BOOST_AUTO_TEST_CASE(nobody_looks_into_the_process) {
  const Scene scene;
  const auto key = connect_key_agent(scene.child()).value();
  const std::string process = "/proc/" + std::to_string(our_agents().front());
  // Not dumpable: its memory, environment and descriptors belong to root.
  struct stat status {};
  BOOST_REQUIRE(::stat((process + "/mem").c_str(), &status) == 0);
  BOOST_TEST(status.st_uid == 0u);
  std::ifstream limits(process + "/limits");
  bool found = false;
  for (std::string line; std::getline(limits, line);) {
    if (!line.starts_with("Max core file size")) continue;
    found = true;
    BOOST_TEST(line.find(" 0 ") != std::string::npos, line);
  }
  BOOST_TEST((found || ::geteuid() != 0), "limits can be read by root only");
  std::ifstream words(process + "/cmdline");
  const std::string line((std::istreambuf_iterator<char>(words)), std::istreambuf_iterator<char>());
  BOOST_TEST(line.find(kPassphrase.reveal()) == std::string::npos);
  BOOST_TEST(line.find("--passphrase-fd") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_socket_serves_its_own_user_only_and_is_not_taken_twice) {
  const Scene scene;
  const std::string path = scene.folder.file("key.sock");
  KeyAgentServer server(key_from_pem(scene.made.key_pem.reveal(), kPassphrase).value());
  BOOST_REQUIRE(server.listen(path).has_value());
  struct stat status {};
  BOOST_REQUIRE(::stat(path.c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777) == 0600u);
  int stop[2];
  BOOST_REQUIRE(::pipe2(stop, O_CLOEXEC) == 0);
  std::thread running([&] { server.run(stop[0]); });

  KeyAgentOptions options;
  options.socket = path;
  const auto key = connect_key_agent(options);
  BOOST_REQUIRE(key.has_value());
  const auto raw = key.value()->sign_e(Bytes(32, 'e'));
  BOOST_REQUIRE(raw.has_value());
  BOOST_TEST(Sm2PublicKey::from_point(key.value()->public_point())->verify_e(Bytes(32, 'e'), raw.value()));

  KeyAgentServer second(key_from_pem(scene.made.key_pem.reveal(), kPassphrase).value());
  BOOST_TEST(second.listen(path).error().code == "socket_busy");

  if (::geteuid() == 0) {  // As another user: turned away, whatever the mode of the file is.
    ::chmod(path.c_str(), 0666);
    std::filesystem::permissions(std::filesystem::path(path).parent_path(), std::filesystem::perms(0755));
    const pid_t child = ::fork();
    if (child == 0) {
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      path.copy(address.sun_path, sizeof address.sun_path - 1);
      char octet = 0;
      const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
      const bool connected =
          ::setuid(65534) == 0 && ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
      ::_exit(connected && ::recv(socket, &octet, 1, 0) <= 0 ? 0 : 1);
    }
    int outcome = -1;
    ::waitpid(child, &outcome, 0);
    BOOST_TEST(outcome == 0);
  } else {
    BOOST_TEST_MESSAGE("SKIPPED: another user needs root");
  }
  BOOST_REQUIRE(::write(stop[1], "x", 1) == 1);
  running.join();
}

BOOST_AUTO_TEST_SUITE_END()
