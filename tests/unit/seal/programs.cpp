// The programs as people start them.
#include <boost/test/unit_test.hpp>
#include <sstream>

#include <sys/stat.h>

#include "base/json.h"
#include "seal/batch.h"
#include "seal/commands.h"
#include "seal_world.h"
#include "support/shell.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::test;

namespace {

const std::string kVerify = ZHIDA_VERIFY;
const std::string kCerts = ZHIDA_CERTS;

}  // namespace

BOOST_AUTO_TEST_SUITE(programs)

BOOST_AUTO_TEST_CASE(anyone_can_verify_and_the_exit_status_is_the_first_failing_check) {
  const SealWorld world(Alg::sm2_sm3);
  const TempFolder folder;
  const auto root = folder.write("root.crt", world.root.certificate().pem());
  const auto list = folder.write("root.crl", world.root.revocation_list({}, kFrom, kTo).value().der());
  const auto data = folder.write("payload.json", kPayload);
  const auto good = folder.write("good.ses", world.sign_unchecked(world.signer, world.seal_der));
  const auto other = folder.write("other.ses", world.sign_unchecked(world.party("别人"), world.seal_der));
  const auto wrong = folder.write("wrong.ses", world.sign_unchecked(world.signer, world.seal_der, "x"));
  const std::string basis = kVerify + " --root " + root + " --crl " + list + " --at 2025-11-05 --data " + data + " ";
  struct {
    std::string arguments;
    int status;
  } const kCases[] = {
      {basis + good, 0},
      {basis + good + " " + good, 0},
      {basis + other, 4},
      {basis + wrong, 11},
      {basis + good + " " + wrong + " " + other, 11},
      {basis + "--require-time " + good, 12},
      {basis + "--require-status " + good, 0},
      {basis + data, 1},
      {kVerify + " --root " + root + " --at 2025-11-02 --data " + data + " " + good, 9},
      {basis, 64},
      {kVerify, 64},
      {basis + "--nonsense " + good, 64},
      {kVerify + " --root " + folder.file("none") + " --data " + data + " " + good, 66},
      {basis + folder.file("none"), 66},
  };
  for (const auto& one : kCases) {
    BOOST_TEST_CONTEXT(one.arguments) {
      const Ended ended = run_shell(one.arguments);
      BOOST_TEST(ended.status == one.status);
      if (one.status < 64) {
        const auto report = parse_json(ended.out);
        BOOST_REQUIRE(report.has_value());
        BOOST_TEST(report.value()["code"] == one.status);
      } else {
        BOOST_TEST(ended.out.empty());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_member_of_a_batch_and_a_time_stamp_are_verified_offline) {
  for (const Alg alg : {Alg::sm2_sm3, Alg::ecdsa_p256_sha256}) {
    const SealWorld world(alg);
    const TempFolder folder;
    const std::vector<seal::ToSeal> messages{{"one", {}}, {"two", {}}, {"three", {}}};
    const auto evidences = seal::seal_batch(seal::batch_members(alg, messages), world.seal_der, *world.signer.signer,
                                            *world.trust(), kSealed, world.stamps_at(kSealed))
                               .value();
    const auto root = folder.write("root.pem", world.root.certificate().pem());
    const auto list = folder.write("root.crl", world.root.revocation_list({}, kFrom, kTo).value().pem());
    const auto ses = folder.write("batch.ses", evidences[1].ses);
    const auto proof = folder.write("proof.json", seal::write_proof_json(*evidences[1].proof));
    const auto data = folder.write("two", "two");
    const std::string basis = kVerify + " --root " + root + " --crl " + list + " --at 2025-11-05 --require-time ";
    BOOST_TEST(run_shell(basis + "--data " + data + " --proof " + proof + " " + ses).status == 0);
    BOOST_TEST(run_shell(basis + "--data " + data + " " + ses).status == 11);
    BOOST_TEST(run_shell(basis + "--data " + folder.write("x", "x") + " --proof " + proof + " " + ses).status == 11);
    BOOST_TEST(run_shell(basis + "--data " + data + " --proof " + data + " " + ses).status == 1);
    BOOST_TEST(run_shell(basis + "--data " + data + " --proof " + proof + " " + ses + " " + ses).status == 64);
    BOOST_TEST(run_shell(basis + "--data " + data + " --proof " + folder.file("none") + " " + ses).status == 66);
    const std::string other = alg == Alg::sm2_sm3 ? "ecdsa-p256-sha256" : "sm2-sm3";
    BOOST_TEST(run_shell(basis + "--alg " + other + " --data " + data + " --proof " + proof + " " + ses).status == 2);
    BOOST_TEST(run_shell(basis + "--alg md5 --data " + data + " --proof " + proof + " " + ses).status == 64);
    const auto report = parse_json(run_shell(basis + "--data " + data + " --proof " + proof + " " + ses).out).value();
    BOOST_TEST(report["signatures"][0]["trusted_at"] == to_rfc3339(kSealed));
    BOOST_TEST(!report["signatures"][0]["batch"].get<std::string>().empty());
    BOOST_TEST(run_shell(basis + "--time-root " + folder.write("other.pem", SealWorld(alg).root.certificate().pem()) +
                         " --data " + data + " --proof " + proof + " " + ses)
                   .status == 12);
  }
}

BOOST_AUTO_TEST_CASE(development_certificates_are_whole_kept_and_usable_with_the_seal_commands) {
  const TempFolder folder;
  const std::string out = folder.file("pki");
  BOOST_TEST(run_shell(kCerts).status == 2);
  BOOST_TEST(run_shell(kCerts + " --out " + out + " --add newcomer").status == 1);
  BOOST_REQUIRE(run_shell(kCerts + " --out " + out).status == 0);
  const auto fingerprints = parse_json(read_file(out + "/fingerprints.json").value()).value();
  const auto seals = parse_json(read_file(out + "/seals.json").value()).value();
  BOOST_TEST(fingerprints.size() == 14u);
  BOOST_TEST(seals.size() == 4u);
  BOOST_TEST(run_shell(kCerts + " --out " + out).out.starts_with("Kept"));
  for (const auto& [name, fingerprint] : fingerprints.items()) {
    const auto certificate = crypto::Certificate::load(out + "/tls/" + name + ".crt").value();
    BOOST_TEST(certificate.fingerprint() == fingerprint.get<std::string>());
    struct stat status {};
    BOOST_REQUIRE(::stat((out + "/tls/" + name + ".key").c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777) == 0600u);
  }
  BOOST_TEST(run_shell(kCerts + " --out " + out + " --add newcomer").status == 0);
  BOOST_TEST(run_shell(kCerts + " --out " + out + " --add-seal newcomer").status == 0);
  BOOST_TEST(run_shell(kCerts + " --out " + out + " --add ../evil").status == 2);

  const auto data = folder.write("payload.bin", "sealed octets");
  const auto command = [&](std::vector<std::string> arguments) {
    std::ostringstream shown, complaints;
    const int status = seal::run_seal_command(arguments, shown, complaints);
    BOOST_TEST_INFO(complaints.str());
    return std::pair(status, shown.str());
  };
  const auto sign = [&](const std::string& name, const std::string& root, const std::string& list) {
    return command({"sign", "--seal", out + "/seal/" + name + ".esl", "--key", out + "/seal/" + name + ".key", "--cert",
                    out + "/seal/" + name + ".crt", "--root", out + "/seal/" + root, "--crl", out + "/seal/" + list,
                    "--data", data, "--at", "2025-11-03T09:00:00+08:00", "--out", folder.file(name + ".ses")})
        .first;
  };
  for (const char* name : {"hub", "treasury", "credit", "newcomer"}) BOOST_TEST(sign(name, "ca.crt", "ca.crl") == 0);
  BOOST_TEST(sign("stranger", "stranger_ca.crt", "stranger_ca.crl") == 0);
  BOOST_TEST(sign("hub", "stranger_ca.crt", "stranger_ca.crl") == 1);
  const std::string basis =
      kVerify + " --root " + out + "/seal/ca.crt --crl " + out + "/seal/ca.crl --data " + data + " ";
  for (const char* name : {"hub", "treasury", "credit", "newcomer"}) {
    BOOST_TEST(run_shell(basis + folder.file(std::string(name) + ".ses")).status == 0);  // Also on real time.
  }
  BOOST_TEST(run_shell(basis + folder.file("stranger.ses")).status == 6);
  const auto verify = command({"verify", "--root", out + "/seal/ca.crt", "--data", data, folder.file("hub.ses")});
  BOOST_TEST(verify.first == 0);
  BOOST_TEST(command({"verify", "--root", out + "/seal/ca.crt", "--data", data, folder.file("stranger.ses")}).first ==
             1);

  const auto shown = command({"show", out + "/seal/hub.esl", "--json", "--no-picture"});
  BOOST_TEST(shown.first == 0);
  BOOST_TEST(parse_json(shown.second).value()["es_id"] == seals["hub"]);
  BOOST_TEST(parse_json(command({"show", folder.file("hub.ses"), "--json"}).second).value()["kind"] ==
             "seal_signature");
  BOOST_TEST(command({"show", data}).first == 1);
  BOOST_TEST(command({"show"}).first == 2);
  BOOST_TEST(command({}).first == 2);
  const auto made = command({"make-seal",
                             "--id",
                             "SEAL-X",
                             "--name",
                             "新印章",
                             "--signer",
                             out + "/seal/hub.crt",
                             "--maker-key",
                             out + "/seal/maker.key",
                             "--maker-cert",
                             out + "/seal/maker.crt",
                             "--from",
                             "2025-01-01",
                             "--to",
                             "2026-01-01",
                             "--at",
                             "2025-06-01",
                             "--certificates",
                             "--out",
                             folder.file("x.esl")});
  BOOST_TEST(made.first == 0);
  BOOST_TEST(parse_json(command({"show", folder.file("x.esl"), "--json"}).second).value()["certificate_list_type"] ==
             1);
  const auto text = command({"show", folder.file("x.esl")}).second;
  BOOST_TEST(text.find("seal: SEAL-X 新印章") != std::string::npos, text);
  BOOST_TEST(text.find("made by: CN=seal maker") != std::string::npos, text);
  BOOST_TEST(read_file(folder.file("x.esl.svg")).value() == seal::default_picture(""));
  BOOST_TEST(command({"show", folder.file("hub.ses"), "--picture", folder.file("hub.svg")})
                 .second.find("signed at: 2025-11-03T09:00:00") == 0u);
  BOOST_TEST(read_file(folder.file("hub.svg")).has_value());

  // Without anybody to trust, a seal can still be used; what could not be asked is said, as is an open key.
  std::ostringstream done, complaints;
  BOOST_TEST(seal::run_seal_command({"sign", "--seal", out + "/seal/hub.esl", "--key", out + "/seal/hub.key", "--cert",
                                     out + "/seal/hub.crt", "--in", data, "--out", folder.file("free.ses")},
                                    done, complaints) == 0);
  BOOST_TEST(complaints.str().find("is not encrypted") != std::string::npos, complaints.str());
  BOOST_TEST(complaints.str().find("Without --root") != std::string::npos, complaints.str());
  BOOST_TEST(run_shell(basis + folder.file("free.ses")).status == 0);
  BOOST_TEST(command({"sign", "--seal", out + "/seal/hub.esl", "--key", out + "/seal/credit.key", "--cert",
                      out + "/seal/credit.crt", "--in", data, "--out", folder.file("no.ses")})
                 .first == 1);
}

BOOST_AUTO_TEST_SUITE_END()
