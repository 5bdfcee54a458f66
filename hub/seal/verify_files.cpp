#include "base/clock.h"
#include "seal/batch.h"
#include "seal/commands.h"
#include "seal/options.h"
#include "seal/structure.h"
#include "seal/trust.h"

namespace zhida::seal {
namespace {

constexpr std::size_t kPayloadBytesMax = std::size_t{1} << 30;

Result<std::vector<Alg>> allowed_algorithms(const Options& options) {
  const auto names = options.all("alg");
  if (names.empty()) return std::vector{Alg::sm2_sm3, Alg::ecdsa_p256_sha256};
  std::vector<Alg> allowed;
  for (const auto& name : names) {
    if (name == crypto::name_of(Alg::sm2_sm3)) {
      allowed.push_back(Alg::sm2_sm3);
    } else if (name == crypto::name_of(Alg::ecdsa_p256_sha256)) {
      allowed.push_back(Alg::ecdsa_p256_sha256);
    } else {
      return refuse("usage", "The algorithm \"" + name + "\" is neither sm2-sm3 nor ecdsa-p256-sha256.");
    }
  }
  return allowed;
}

Json as_json(const Report& report, const std::string& file) {
  Json json = to_json(report);
  json["file"] = file;
  return json;
}

}  // namespace

Result<std::shared_ptr<const Trust>> load_trust(const Options& options) {
  auto allowed = TRY(allowed_algorithms(options));
  return Trust::load(TrustFiles{.roots = options.all("root"),
                                .intermediates = options.all("inter"),
                                .revocation_lists = options.all("crl"),
                                .seal_status_list = options.get_or("seal-status", ""),
                                .allowed = std::move(allowed),
                                .time_roots = options.all("time-root")});
}

Result<Json> verify_files(const std::vector<std::string>& arguments) {
  const auto options =
      TRY(Options::parse(arguments, {"root", "inter", "crl", "seal-status", "time-root", "alg", "at", "data", "proof"},
                         {"require-time", "require-status"}));
  const std::string data_file = TRY(options.get("data"));
  if (options.all("root").empty())
    return refuse("usage", "The option --root is needed: whom to trust is your decision.");
  if (options.rest().empty()) return refuse("usage", "Name at least one seal signature file.");
  const std::string proof_file = options.get_or("proof", "");
  if (!proof_file.empty() && options.rest().size() != 1) {
    return refuse("usage", "With --proof, name one signature file: the seal of the batch.");
  }
  const Instant now = options.has("at") ? TRY(parse_moment(TRY(options.get("at")))) : SystemClock().now();
  const Policy policy{.now = now,
                      .require_trusted_time = options.has("require-time"),
                      .require_revocation_status = options.has("require-status"),
                      .all_findings = true};
  const auto trust = TRY(load_trust(options));
  const Bytes payload = TRY(read_file(data_file, kPayloadBytesMax));
  Code first = Code::ok;
  Json reports = Json::array();
  for (const auto& file : options.rest()) {
    const Bytes ses = TRY(read_file(file));
    Report report;
    if (proof_file.empty()) {
      report = verify(ses, payload, *trust, policy);
    } else {
      const Bytes text = TRY(read_file(proof_file));
      const auto proof = read_proof_json(text);
      if (proof) {
        report = verify_in_batch(ses, proof.value(), payload, *trust, policy);
      } else {
        report = format_report("proof", proof_file + ": " + proof.error().message);
      }
    }
    if (first == Code::ok) first = report.code;
    reports.push_back(as_json(report, file));
  }
  Json answer{{"code", static_cast<int>(first)},
              {"name", name_of(first)},
              {"data", data_file},
              {"data_octets", payload.size()},
              {"verified_at", to_rfc3339(policy.now)},
              {"signatures", std::move(reports)}};
  if (!proof_file.empty()) answer["proof"] = proof_file;
  return answer;
}

}  // namespace zhida::seal
