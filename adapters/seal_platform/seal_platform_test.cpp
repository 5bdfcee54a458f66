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
    auto started = simulator::Child::start(
        kBin + "sim_seal_platform",
        {"--certs", folder.file("certs"), "--state", folder.file("state"), "--office", "bureau,department"});
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
    asked.authorisation =
        Secret<std::string>(read_file(folder.file("state/authorisation.department")).value().substr(0, 64));
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
  const auto answer = sealer.ask("decision", scene.request(), *scene.trust, SystemClock());
  BOOST_REQUIRE_MESSAGE(!answer.error, (answer.error ? answer.error->message : ""));
  const auto report = seal::verify(answer.given, "decision", *scene.trust, {.now = now});
  BOOST_TEST(report.passed());
  BOOST_TEST(report.es_id == "ZHIDA-DEV-DEPARTMENT-0001");
  // Asked again for the same: the same octets. For another document under the same number: no.
  BOOST_TEST((sealer.ask("decision", scene.request(), *scene.trust, SystemClock()).given == answer.given));

  const auto code = [&](const flow::RemoteSealer::Request& asked, ByteView payload = "decision") {
    const auto given = sealer.ask(payload, asked, *scene.trust, SystemClock());
    BOOST_TEST(!given.wrong);
    return given.error ? given.error->code : std::string("ok");
  };
  BOOST_TEST(code(scene.request(), "another decision") == "seal_platform_refused");
  auto asked = scene.request();
  asked.authorisation = Secret<std::string>(std::string("guess"));
  BOOST_TEST(code(asked) == "seal_platform_refused");
  asked = scene.request();
  asked.document_kind = "payment_request";
  BOOST_TEST(code(asked) == "seal_platform_refused");
  asked = scene.request();
  asked.es_id = "ZHIDA-DEV-STRANGER-0001";
  BOOST_TEST(code(asked) == "seal_platform_refused");
  asked = scene.request();
  asked.es_id = "ZHIDA-DEV-BUREAU-0001";  // With the other holder's authorisation.
  BOOST_TEST(code(asked) == "seal_platform_refused");
}

BOOST_AUTO_TEST_CASE(a_platform_that_gives_something_else_is_found_out_and_named) {
  const Scene scene;
  const Instant now = SystemClock().now();
  flow::RemoteSealer sealer(scene.options());
  struct Fault {
    const char* fault;
    const char* code;
    bool wrong;
  };
  for (const Fault& fault :
       {Fault{"other-digest", "office_seal_data_hash", true}, Fault{"other-office", "office_seal_of_another", true},
        Fault{"altered", "office_seal_sign_value", true}, Fault{"no-seal", "seal_platform_garbage", true},
        Fault{"not-json", "seal_platform_garbage", true}, Fault{"old", "office_seal_date", true}}) {
    BOOST_TEST_CONTEXT(fault.fault) {
      BOOST_REQUIRE(write_file_atomically(scene.folder.file("state/fault"), fault.fault).has_value());
      auto asked = scene.request();
      asked.not_before = now - std::chrono::hours(1);
      const auto given = sealer.ask("decision", asked, *scene.trust, SystemClock());
      BOOST_REQUIRE(given.error.has_value());
      BOOST_TEST(given.error->code == fault.code, given.error->code << ": " << given.error->message);
      BOOST_TEST(given.wrong == fault.wrong);
      BOOST_TEST(!given.given.empty());
    }
  }
  std::filesystem::remove(scene.folder.file("state/fault"));
  // Our own lists are out of date: nobody else's fault, and nothing is used.
  seal::TrustFiles files;
  files.roots = {scene.folder.file("certs/seal/ca.crt")};
  const auto blind = seal::Trust::load(files).value();
  const auto unknown = sealer.ask("decision", scene.request(), *blind, SystemClock());
  BOOST_REQUIRE(unknown.error.has_value());
  BOOST_TEST(unknown.error->code == "office_seal_status_unknown");
  BOOST_TEST((unknown.error->fate == Fate::retry && !unknown.wrong));

  BOOST_REQUIRE(write_file_atomically(scene.folder.file("state/mood"), "absent\n").has_value());
  const auto away = sealer.ask("decision", scene.request(), *scene.trust, SystemClock());
  BOOST_REQUIRE(away.error.has_value());
  BOOST_TEST(away.error->code == "seal_platform_away");
  BOOST_TEST((away.error->fate == Fate::retry));
  std::filesystem::remove(scene.folder.file("state/mood"));
  BOOST_TEST(!sealer.ask("decision", scene.request(), *scene.trust, SystemClock()).error.has_value());
  scene.platform->kill();
  BOOST_TEST(sealer.ask("decision", scene.request(), *scene.trust, SystemClock()).error->code == "seal_platform_away");
}

BOOST_AUTO_TEST_SUITE_END()
