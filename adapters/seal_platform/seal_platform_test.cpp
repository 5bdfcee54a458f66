#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "adapters/simulator_kit/child.h"
#include "base/clock.h"
#include "flow/remote_seal.h"
#include "support/temp_folder.h"

using namespace zhida;

namespace {

const std::string kBin = ZHIDA_BINARY_DIR "/bin/";

struct Scene {
  Scene() {
    for (const std::string& more : {std::string(), std::string("department"), std::string("bureau")}) {
      std::vector<std::string> arguments{"--out", folder.file("certs")};
      if (!more.empty()) arguments.insert(arguments.end(), {"--add-seal", more});
      BOOST_REQUIRE(simulator::run_program(kBin + "zhida-certs", arguments).value() == 0);
    }
    std::filesystem::create_directory(folder.file("state"));
    auto started = simulator::Child::start(kBin + "sim_seal_platform",
                                           {"--certs", folder.file("certs"), "--state", folder.file("state")});
    BOOST_REQUIRE_MESSAGE(started.has_value(), (started ? "" : started.error().message));
    platform = std::make_unique<simulator::Child>(std::move(started).value());
    seal::TrustFiles files;
    files.roots = {folder.file("certs/seal/ca.crt")};
    files.revocation_lists = {folder.file("certs/seal/ca.crl")};
    trust = seal::Trust::load(files).value();
  }
  flow::RemoteSealer::Options options() const {
    flow::RemoteSealer::Options of;
    of.url = "https://127.0.0.1:" + std::to_string(platform->port()) + "/v1/seals";
    of.ca_file = folder.file("certs/tls/ca.crt");
    return of;
  }
  flow::RemoteSealer::Request request() const {
    flow::RemoteSealer::Request asked;
    asked.es_id = "ZHIDA-DEV-DEPARTMENT-0001";
    asked.document_kind = "approval_decision";
    asked.authorisation = Secret<std::string>(read_file(folder.file("state/authorisation")).value().substr(0, 64));
    asked.properties = {"application/json", "message", "trace"};
    return asked;
  }
  test::TempFolder folder;
  std::unique_ptr<simulator::Child> platform;
  std::shared_ptr<const seal::Trust> trust;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_platform)

BOOST_AUTO_TEST_CASE(a_seal_is_asked_for_and_verified_before_use) {
  const Scene scene;
  const Instant now = SystemClock().now();
  flow::RemoteSealer sealer(scene.options());
  const auto ses = sealer.seal("decision", scene.request(), *scene.trust, now);
  BOOST_REQUIRE_MESSAGE(ses.has_value(), (ses ? "" : ses.error().message));
  const auto report = seal::verify(ses.value(), "decision", *scene.trust, {.now = now});
  BOOST_TEST(report.passed());
  BOOST_TEST(report.es_id == "ZHIDA-DEV-DEPARTMENT-0001");

  const auto code = [&](const flow::RemoteSealer::Request& asked) {
    const auto given = sealer.seal("decision", asked, *scene.trust, now);
    return given ? std::string("ok") : given.error().code;
  };
  auto asked = scene.request();
  asked.authorisation = Secret<std::string>(std::string("guess"));
  BOOST_TEST(code(asked) == "seal_platform_refused");
  asked = scene.request();
  asked.document_kind = "payment_request";
  BOOST_TEST(code(asked) == "seal_platform_refused");
  asked = scene.request();
  asked.es_id = "ZHIDA-DEV-BUREAU-0001";
  BOOST_TEST(code(asked) == "seal_platform_refused");

  // A platform that seals something else is found out, whatever it says.
  BOOST_REQUIRE(write_file_atomically(scene.folder.file("state/mood"), "rude\n").has_value());
  BOOST_TEST(code(scene.request()) == "seal_platform_wrong");
  BOOST_REQUIRE(write_file_atomically(scene.folder.file("state/mood"), "absent\n").has_value());
  const auto away = sealer.seal("decision", scene.request(), *scene.trust, now);
  BOOST_REQUIRE(!away.has_value());
  BOOST_TEST(away.error().code == "seal_platform_away");
  BOOST_TEST((away.error().fate == Fate::retry));
  std::filesystem::remove(scene.folder.file("state/mood"));
  BOOST_TEST(code(scene.request()) == "ok");
  scene.platform->kill();
  BOOST_TEST(code(scene.request()) == "seal_platform_away");
}

BOOST_AUTO_TEST_SUITE_END()
