// sim_tsa: a time-stamping authority (RFC 3161 over HTTP), invented. What it gets wrong is said in its mood file.
#include <atomic>
#include <cstdlib>
#include <sstream>

#include "adapters/simulator_kit/gateway.h"
#include "platform/crypto/issuer.h"
#include "platform/crypto/timestamp.h"

namespace {

using namespace zhida;
using namespace zhida::simulator;

constexpr const char* kPolicy = "1.3.6.1.4.1.99999.3161";  // Of no real authority.

/// The authority's own words in the mood file, beside those that every simulator knows.
struct Faults {
  bool wrong_certificate = false;
  bool refuses = false;
  std::chrono::seconds clock_ahead{0};
};

Faults read_faults(const std::string& state_folder) {
  Faults faults;
  const auto text = read_file(state_folder + "/mood", 4096);
  if (!text) return faults;
  std::istringstream words(text.value());
  for (std::string word; words >> word;) {
    if (word == "wrong-certificate") faults.wrong_certificate = true;
    if (word == "refuse") faults.refuses = true;
    if (word.starts_with("clock=")) faults.clock_ahead = std::chrono::seconds(std::atol(word.c_str() + 6));
  }
  return faults;
}

crypto::CertificateSpec spec_of(const std::string& name, crypto::CertificateRole role, Instant now) {
  return {.common_name = name,
          .organisation = "虚构时间戳中心",
          .role = role,
          .valid_from = now - std::chrono::days(2),
          .valid_to = now + std::chrono::days(3650),
          .alternative_names = {}};
}

class Authority {
 public:
  /// The one whose root lies in the state folder; made there at the first start.
  static Result<std::unique_ptr<Authority>> open(const std::string& state, crypto::Alg family, Instant now) {
    const std::string key_file = state + "/tsa.key", certificate_file = state + "/tsa.crt";
    if (!read_file(certificate_file)) {
      const auto root =
          TRY(crypto::Issuer::create_root(family, spec_of("TSA Root", crypto::CertificateRole::root_authority, now)));
      const auto made = TRY(root.issue(spec_of("TSA", crypto::CertificateRole::timestamping, now)));
      CHECK_OK(write_file_atomically(state + "/root.crt", root.certificate().pem()));
      CHECK_OK(write_file_atomically(key_file, made.key_pem.reveal(), 0600));
      CHECK_OK(write_file_atomically(certificate_file, made.certificate.pem()));
    }
    auto good = TRY(crypto::FileSigner::create(key_file, certificate_file, {}));
    const auto other_root =
        TRY(crypto::Issuer::create_root(family, spec_of("TSA Root", crypto::CertificateRole::root_authority, now)));
    const auto other = TRY(other_root.issue(spec_of("TSA", crypto::CertificateRole::timestamping, now)));
    auto wrong = TRY(crypto::FileSigner::create_from(other.key_pem.reveal(), other.certificate, {}));
    return std::unique_ptr<Authority>(new Authority(std::move(good), std::move(wrong)));
  }

  http::HttpResponse answer(const http::HttpRequest& request, Instant now, const Faults& faults) {
    if (request.method != "POST" || request.header("content-type") != "application/timestamp-query")
      return plain(415, "POST application/timestamp-query");
    const auto asked = crypto::read_timestamp_request(request.body);
    if (!asked) return reply(crypto::write_timestamp_refusal(asked.error().message));
    if (faults.refuses) return reply(crypto::write_timestamp_refusal("not today"));
    // Unique also over restarts: the time of making, then a number.
    const Bytes serial =
        from_hex("01" + number_hex(static_cast<std::uint64_t>(to_millis(SystemClock().now()))) + number_hex(++count_))
            .value();
    const auto& signer = faults.wrong_certificate ? *wrong_ : *good_;
    const auto token = crypto::make_timestamp_token(asked.value(), signer, {now + faults.clock_ahead, serial, kPolicy});
    return token ? reply(crypto::write_timestamp_response(token.value())) : plain(500, token.error().message);
  }

 private:
  Authority(std::unique_ptr<crypto::FileSigner> good, std::unique_ptr<crypto::FileSigner> wrong)
      : good_(std::move(good)), wrong_(std::move(wrong)) {}

  static std::string number_hex(std::uint64_t number) {
    Bytes octets;
    for (int shift = 56; shift >= 0; shift -= 8) octets += static_cast<char>(number >> shift);
    return to_hex(octets);
  }
  static http::HttpResponse reply(Bytes der) {
    http::HttpResponse response;
    response.content_type = "application/timestamp-reply";
    response.body = std::move(der);
    return response;
  }
  static http::HttpResponse plain(int status, const std::string& text) {
    http::HttpResponse response;
    response.status = status;
    response.content_type = "text/plain";
    response.body = text;
    return response;
  }

  const std::unique_ptr<crypto::FileSigner> good_, wrong_;
  std::atomic<std::uint64_t> count_{0};
};

Result<void> body(Simulation& simulation) {
  const auto& own = simulation.arguments().own;
  const auto family = own.find("family");
  if (family != own.end() && family->second != "sm2" && family->second != "p256")
    return refuse("usage", "--family is sm2 or p256.");
  const auto alg =
      family != own.end() && family->second == "p256" ? crypto::Alg::ecdsa_p256_sha256 : crypto::Alg::sm2_sm3;
  auto authority = TRY(Authority::open(simulation.arguments().state, alg, simulation.clock().now()));
  return serve(simulation, "tsa", [&](const http::HttpRequest& request) {
    return authority->answer(request, simulation.clock().now(), read_faults(simulation.arguments().state));
  });
}

}  // namespace

int main(int argc, char** argv) {
  return run(argc, argv, "tsa", {"family"}, body);
}
