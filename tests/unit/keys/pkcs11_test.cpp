#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>

#include "platform/crypto/certificate.h"
#include "platform/crypto/pkcs11_key.h"
#include "platform/crypto/signer.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::crypto;

namespace {

const std::string kModule = "/usr/lib/softhsm/libsofthsm2.so";

bool run(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pkcs11)

BOOST_AUTO_TEST_CASE(a_key_in_a_token_signs_and_never_leaves_it) {
  if (!std::filesystem::exists(kModule) || !run("softhsm2-util --version")) {
    std::puts("SKIPPED: softhsm2 is not installed");
    return;
  }
  const test::TempFolder folder;
  std::filesystem::create_directory(folder.file("tokens"));
  const std::string settings = folder.file("softhsm2.conf");
  BOOST_REQUIRE(
      write_file_atomically(settings, "directories.tokendir = " + folder.file("tokens") + "\nlog.level = ERROR\n")
          .has_value());
  ::setenv("SOFTHSM2_CONF", settings.c_str(), 1);
  BOOST_REQUIRE(run("softhsm2-util --init-token --free --label zhida --pin 1234 --so-pin 5678"));
  BOOST_REQUIRE(run("openssl ecparam -name prime256v1 -genkey -noout -out " + folder.file("ec.pem")));
  BOOST_REQUIRE(run("openssl pkcs8 -topk8 -nocrypt -in " + folder.file("ec.pem") + " -out " + folder.file("key.pem")));
  BOOST_REQUIRE(run("openssl req -x509 -new -key " + folder.file("key.pem") + " -subj /CN=token -days 2 -out " +
                    folder.file("token.crt")));
  BOOST_REQUIRE(
      run("softhsm2-util --import " + folder.file("key.pem") + " --token zhida --label seal --id 01 --pin 1234"));
  BOOST_REQUIRE(run("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out " + folder.file("p384.pem")));
  BOOST_REQUIRE(
      run("softhsm2-util --import " + folder.file("p384.pem") + " --token zhida --label wide --id 02 --pin 1234"));

  Pkcs11Options options{
      .module = kModule, .token = "zhida", .key = "seal", .pin = Secret<std::string>(std::string("1234"))};
  const auto code = [](const Pkcs11Options& asked) {
    const auto opened = open_pkcs11_key(asked);
    return opened ? std::string("ok") : opened.error().code;
  };
  auto other = options;
  other.module = "/nowhere/module.so";
  BOOST_TEST(code(other) == "pkcs11_module_unusable");
  other = options;
  other.token = "none";
  BOOST_TEST(code(other) == "pkcs11_token_missing");
  other = options;
  other.pin = Secret<std::string>(std::string("9999"));
  BOOST_TEST(code(other) == "pkcs11_pin_wrong");
  other = options;
  other.key = "none";
  BOOST_TEST(code(other) == "pkcs11_key_missing");
  other.key = "wide";
  BOOST_TEST(code(other) == "key_kind_unsupported");

  auto key = open_pkcs11_key(options);
  BOOST_REQUIRE_MESSAGE(key.has_value(), (key ? "" : key.error().message));
  const auto certificate = Certificate::load(folder.file("token.crt")).value();
  const auto signer = KeySigner::create(std::move(key).value(), certificate);
  BOOST_REQUIRE(signer.has_value());
  for (int i = 0; i < 20; ++i) {
    const Bytes message = "message " + std::to_string(i);
    const auto value = signer.value()->sign(message);
    BOOST_REQUIRE(value.has_value());
    BOOST_TEST(certificate.verifies(Alg::ecdsa_p256_sha256, message, value.value()));
  }
}

BOOST_AUTO_TEST_SUITE_END()
