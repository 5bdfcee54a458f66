#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <thread>

#include "base/clock.h"
#include "flow/seal_keeper.h"
#include "seal/sealer.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace std::chrono_literals;

namespace {

bool within(std::chrono::milliseconds patience, const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

struct Scene {
  Scene() {
    BOOST_REQUIRE(certs("") == 0);
    files.seal_file = path("hub.esl");
    files.certificate_file = path("hub.crt");
    files.key_file = path("hub.locked.key");
    crypto::KeyAgentOptions agent;
    agent.program = ZHIDA_BINARY_DIR "/bin/zhida-keyd";
    agent.key_file = files.key_file;
    agent.passphrase = Secret<std::string>(read_file(folder.file("certs/secrets/hub_seal_passphrase")).value());
    files.key = agent;
  }
  int certs(const std::string& more) const {
    return std::system(
        (ZHIDA_BINARY_DIR "/bin/zhida-certs --out " + folder.file("certs") + more + " >/dev/null").c_str());
  }
  std::string path(const std::string& name) const { return folder.file("certs/seal/" + name); }
  std::shared_ptr<const seal::Trust> trust() const {
    seal::TrustFiles of;
    of.roots = {path("ca.crt")};
    of.revocation_lists = {path("ca.crl")};
    return seal::Trust::load(of).value();
  }
  test::TempFolder folder;
  flow::SealKeeper::Files files;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(rotation)

BOOST_AUTO_TEST_CASE(key_seal_and_trust_change_under_load_and_no_message_is_refused) {
  const Scene scene;
  const auto keeper = flow::SealKeeper::create(scene.files, scene.trust(), 20ms).value();
  const Instant now = SystemClock().now();
  const std::string es_id = keeper->sealer().es_id();
  seal::SealVerifier peer(scene.trust(), {{"hub", {es_id}}});
  const Bytes early = keeper->sealer().seal("early", "text/plain", "m", "t", now).value();
  const auto first_certificate = keeper->sealer().certificate();
  keeper->start();

  std::atomic<bool> enough = false;
  std::atomic<int> good = 0, refused = 0;
  std::atomic<int> printed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; !enough; ++i) {
        const Bytes payload = "payload " + std::to_string(t) + "/" + std::to_string(i);
        const auto ses = keeper->sealer().seal(payload, "text/plain", "m", "t", now);
        const auto report = ses ? peer.verify_from("hub", ses.value(), payload, now) : seal::Report{};
        const bool passed = ses && report.passed();
        if (!passed && printed++ == 0)
          std::fprintf(stderr, "%s\n", (ses ? report.detail : ses.error().message).c_str());
        (passed ? good : refused)++;
      }
    });
  }
  std::string serial = first_certificate.serial();
  for (int turn = 0; turn < 3; ++turn) {
    BOOST_REQUIRE(scene.certs(" --renew-seal hub") == 0);
    BOOST_REQUIRE(within(20s, [&] { return keeper->sealer().certificate().serial() != serial; }));
    serial = keeper->sealer().certificate().serial();
    const auto trust = scene.trust();
    keeper->sealer().replace_trust(trust);
    peer.replace_trust(trust);
    const int before = good;
    BOOST_REQUIRE(within(20s, [&] { return good > before + 30; }));
  }
  enough = true;
  for (auto& thread : threads) thread.join();
  BOOST_TEST(refused == 0);
  BOOST_TEST(good > 90);
  // What was sealed before is still good, and by the new seal's list the old certificate overlaps.
  BOOST_TEST(peer.verify_from("hub", early, "early", now).passed());
}

BOOST_AUTO_TEST_CASE(a_rotation_half_done_changes_nothing) {
  const Scene scene;
  const auto keeper = flow::SealKeeper::create(scene.files, scene.trust(), 1h).value();
  const auto certificate = keeper->sealer().certificate();
  // A key of another seal: it does not fit the certificate.
  BOOST_REQUIRE(
      write_file_atomically(scene.files.certificate_file, read_file(scene.path("treasury.crt")).value()).has_value());
  const auto read = keeper->reload();
  BOOST_REQUIRE(!read.has_value());
  BOOST_TEST(read.error().code == "certificate_not_of_key");
  BOOST_TEST(keeper->state().failures == 1);
  BOOST_TEST(keeper->sealer().certificate().serial() == certificate.serial());
  BOOST_TEST(keeper->sealer().seal("still", "text/plain", "m", "t", SystemClock().now()).has_value());
  BOOST_REQUIRE(write_file_atomically(scene.files.certificate_file, certificate.pem()).has_value());
  BOOST_TEST(keeper->reload().has_value());
  BOOST_TEST(keeper->state().last_error.empty());
}

BOOST_AUTO_TEST_SUITE_END()
