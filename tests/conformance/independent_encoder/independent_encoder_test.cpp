// Seals and time-stamps against an implementation that shares nothing with ours (Peer.java, over BouncyCastle): its
// files are judged here with the same codes as our own, and it judges ours.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "seal/batch.h"
#include "seal/trust.h"
#include "seal_world.h"
#include "support/shell.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::test;

namespace {

const std::string kJars = "/usr/share/java/bcprov.jar:/usr/share/java/bcpkix.jar:/usr/share/java/bcutil.jar";

bool peer_is_there() {
  const bool jars = std::filesystem::exists("/usr/share/java/bcprov.jar") &&
                    std::filesystem::exists("/usr/share/java/bcpkix.jar") &&
                    std::filesystem::exists("/usr/share/java/bcutil.jar");
  if (jars && run_shell("java --list-modules | grep -q jdk.compiler").status == 0) return true;
  std::cout << "SKIPPED: the independent encoder needs the Debian packages default-jdk-headless and libbcpkix-java."
            << std::endl;
  return false;
}

Ended peer(const std::string& command, const std::string& folder) {
  return run_shell("java -cp " + kJars + " " + ZHIDA_SOURCE_DIR + "/tests/conformance/independent_encoder/Peer.java " +
                   command + " " + folder);
}

Bytes content(const std::string& path) {
  return read_file(path).value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(independent_encoder)

BOOST_AUTO_TEST_CASE(files_of_another_implementation_are_judged_as_our_own) {
  if (!peer_is_there()) return;
  const TempFolder folder;
  BOOST_REQUIRE(peer("make", folder.file("made")).status == 0);
  for (const char* const family : {"sm2", "p256"}) {
    const std::string here = folder.file(std::string("made/") + family) + "/";
    const auto trust = seal::Trust::load({.roots = {here + "root.crt"},
                                          .intermediates = {here + "middle.crt"},
                                          .revocation_lists = {here + "root.crl", here + "middle.crl"}});
    BOOST_REQUIRE(trust.has_value());
    const Bytes payload = content(here + "payload");
    std::istringstream cases(content(here + "cases.tsv"));
    std::string name;
    int expected = 0, count = 0;
    for (; cases >> name >> expected; ++count) {
      const Bytes ses = content(here + name + ".ses");
      const auto report = seal::verify(ses, payload, *trust.value(), policy_at(kNow));
      BOOST_TEST_CONTEXT(family << " " << name << ": " << report.detail) {
        BOOST_TEST(static_cast<int>(report.code) == expected);
        if (expected == 0) BOOST_TEST(report.es_id == "SEAL-PEER-1");
      }
      // What fails for one reason fails for one: the same file with everything looked at shows nothing before it.
      auto policy = policy_at(kNow);
      policy.all_findings = true;
      const auto whole = seal::verify(ses, payload, *trust.value(), policy);
      BOOST_TEST(static_cast<int>(whole.code) == expected);
    }
    BOOST_TEST(count >= 45);
  }
}

BOOST_AUTO_TEST_CASE(another_implementation_judges_our_files_as_we_do) {
  if (!peer_is_there()) return;
  for (const Alg alg : {Alg::sm2_sm3, Alg::ecdsa_p256_sha256}) {
    const SealWorld world(alg);
    const TempFolder folder;
    const auto trust = world.trust();
    folder.write("root.crt", world.root.certificate().der());
    folder.write("payload", kPayload);
    const auto seal_with = [&](const Bytes& seal_der, const seal::Timestamper& timestamper) {
      return seal::seal(kPayload, seal_der, *world.signer.signer, {"application/json", "m", "t"}, *trust, kSealed,
                        timestamper)
          .value();
    };
    const Bytes by_certificate = world.seal_for(world.signer, world.maker, false);
    const Bytes version_5 = world.seal_of_version_5(world.signer, world.maker, world.stamps_at(kFrom + 1h));
    const Bytes plain = seal_with(world.seal_der, {});
    folder.write("good.ses", plain);
    folder.write("good_by_certificate.ses", seal_with(by_certificate, {}));
    folder.write("good_stamped.ses", seal_with(world.seal_der, world.stamps_at(kSealed)));
    folder.write("good_version_5.ses", seal_with(version_5, world.stamps_at(kSealed)));
    folder.write("wrong_payload.ses", world.sign_unchecked(world.signer, world.seal_der, "other"));
    folder.write("wrong_signer.ses", world.sign_unchecked(world.party("别人"), world.seal_der));
    Bytes changed = plain;
    changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
    folder.write("wrong_bit.ses", changed);
    folder.write("wrong_end.ses", plain + "x");
    const auto judged = peer("judge", folder.path().string());
    BOOST_TEST(judged.status == 0);
    std::istringstream lines(judged.out);
    std::string line;
    int count = 0;
    for (; std::getline(lines, line); ++count) {
      BOOST_TEST(line.ends_with("\tok") == line.starts_with("good"), line);
    }
    BOOST_TEST(count == 8);
  }
}

BOOST_AUTO_TEST_SUITE_END()
