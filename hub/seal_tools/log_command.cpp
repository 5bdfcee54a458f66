#include "seal_tools/log_command.h"

#include <algorithm>
#include <optional>
#include <ostream>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "platform/crypto/timestamp.h"
#include "seal/options.h"
#include "seal/seal.h"
#include "seal/tree_head.h"
#include "seal/trust.h"

namespace zhida::seal_tools {
namespace {

using seal::Code;

constexpr int kUsage = 64, kUnusableFile = 66;
constexpr std::size_t kFileBytesMax = 4u << 20;

/// A head as GET /api/v1/log/head gives it.
struct Document {
  Bytes payload, seal, token;
  seal::TreeHead head;
};

Result<Document> read_document(const std::string& text) {
  const Json json = TRY(parse_json(text));
  Document document;
  document.payload = TRY(get_string(json, "head"));
  document.seal = TRY(from_base64(TRY(get_string(json, "seal"))));
  document.token = TRY(from_base64(TRY(get_string_or(json, "token", ""))));
  document.head = TRY(seal::parse_tree_head(document.payload));
  return document;
}

struct Proof {
  std::uint64_t from = 0, to = 0;
  std::vector<crypto::NodeHash> hashes;
};

Result<Proof> read_proof(const std::string& text) {
  const Json json = TRY(parse_json(text));
  const auto from = TRY(get_int(json, "from")), to = TRY(get_int(json, "to"));
  if (from < 1 || to < from || !json.contains("proof") || !json["proof"].is_array() || json["proof"].size() > 130)
    return refuse("proof_malformed", "This is no consistency proof.");
  Proof proof{static_cast<std::uint64_t>(from), static_cast<std::uint64_t>(to), {}};
  for (const auto& item : json["proof"]) {
    if (!item.is_string()) return refuse("proof_malformed", "A proof holds hashes as text.");
    proof.hashes.push_back(TRY(crypto::node_hash_of_hex(item.get_ref<const std::string&>())));
  }
  return proof;
}

/// All that was found; the code is that of the first finding in the order of the codes' checks.
class Findings {
 public:
  void add(Code code, const std::string& what, const std::string& detail) {
    if (code_ == Code::ok) code_ = code;
    list_.push_back(
        {{"code", static_cast<int>(code)}, {"name", seal::name_of(code)}, {"of", what}, {"detail", detail}});
  }
  Code code() const { return code_; }
  const Json& list() const { return list_; }

 private:
  Code code_ = Code::ok;
  Json list_ = Json::array();
};

struct Judges {
  std::shared_ptr<const seal::Trust> seals, time;  // As Trust::load() gives them; null where no root was named.
  Instant now{};
};

Result<Judges> judges_of(const seal::Options& options) {
  Judges judges;
  const std::string at = options.get_or("at", "");
  judges.now = at.empty() ? SystemClock().now() : TRY(seal::parse_moment(at));
  seal::TrustFiles files;
  files.roots = options.all("root");
  files.intermediates = options.all("inter");
  files.revocation_lists = options.all("crl");
  if (!files.roots.empty()) judges.seals = TRY(seal::Trust::load(files));
  if (options.has("time-root")) files.roots = options.all("time-root");
  if (!files.roots.empty()) judges.time = TRY(seal::Trust::load(files));
  return judges;
}

void judge(const Document& document, const std::string& name, const Judges& judges, Findings& findings, Json& json) {
  json[name] = {{"log", document.head.log},
                {"size", document.head.size},
                {"root", to_hex(crypto::octets_of(document.head.root))},
                {"time", to_rfc3339(document.head.time)}};
  if (judges.seals) {
    const auto report = seal::verify(document.seal, document.payload, *judges.seals,
                                     seal::Policy{.now = judges.now, .all_findings = true});
    json[name]["seal"] = seal::to_json(report);
    if (!report.passed()) findings.add(report.code, name, report.detail);
    if (report.passed() && report.media_type != seal::kTreeHeadMedia)
      findings.add(Code::format, name, "The seal is not one over a head.");
  }
  if (document.token.empty()) return;
  const auto stamped = seal::signature_value(document.seal);
  if (!stamped) {
    findings.add(Code::format, name, stamped.error().message);
    return;
  }
  const auto token = judges.time
                         ? crypto::verify_timestamp_token(document.token, stamped.value(),
                                                          {.authorities = judges.time->chains(), .now = judges.now})
                         : crypto::read_timestamp_token(document.token);
  if (token) {
    json[name]["gen_time"] = to_rfc3339(token.value().time);
  } else {
    findings.add(Code::timestamp, name, token.error().message);
  }
}

void compare(const Document& newer, const Document& older, const Proof& proof, Findings& findings) {
  if (newer.head.log != older.head.log) {
    findings.add(Code::data_hash, "log", "The heads are of two different logs.");
  } else if (older.head.size > newer.head.size) {
    findings.add(Code::data_hash, "log", "The old head has more records than the new one: records were taken away.");
  } else if (proof.from != older.head.size || proof.to != newer.head.size) {
    findings.add(Code::data_hash, "proof",
                 "The proof is between heads of " + std::to_string(proof.from) + " and " + std::to_string(proof.to) +
                     " records, not between these.");
  } else if (!crypto::verify_consistency(crypto::TreeHash::sm3, older.head.size, older.head.root, newer.head.size,
                                         newer.head.root, proof.hashes)) {
    findings.add(Code::data_hash, "log",
                 "The new head does not go on from the old one: there are two histories, or the proof is not theirs.");
  }
}

/// A report, or an error where a file or an option cannot be used.
Result<Json> check(const std::vector<std::string>& arguments) {
  const auto options = TRY(seal::Options::parse(arguments, {"root", "inter", "crl", "time-root", "at"}, {}));
  if (options.rest().size() != 3) return refuse("usage", "log wants three files: HEAD OLDHEAD PROOF.");
  std::vector<std::string> texts;
  for (const auto& path : options.rest()) texts.push_back(TRY(read_file(path, kFileBytesMax)));
  const auto judges = TRY(judges_of(options));
  Findings findings;
  Json json{{"seals_judged", judges.seals != nullptr}, {"time_judged", judges.time != nullptr}};
  const auto newer = read_document(texts[0]), older = read_document(texts[1]);
  const auto proof = read_proof(texts[2]);
  if (!newer) findings.add(Code::format, "head", newer.error().message);
  if (!older) findings.add(Code::format, "old_head", older.error().message);
  if (!proof) findings.add(Code::format, "proof", proof.error().message);
  if (newer) judge(newer.value(), "head", judges, findings, json);
  if (older) judge(older.value(), "old_head", judges, findings, json);
  if (newer && older && proof) compare(newer.value(), older.value(), proof.value(), findings);
  json["code"] = static_cast<int>(findings.code());
  json["name"] = seal::name_of(findings.code());
  json["consistent"] = findings.code() == Code::ok;
  json["findings"] = findings.list();
  return json;
}

}  // namespace

const char* const kLogHelp =
    "       zhida-verify log HEAD OLDHEAD PROOF [--root CERT]... [--inter CERT]... [--crl LIST]... [--time-root "
    "CERT]...\n"
    "                    [--at TIME]\n"
    "                    two sealed heads of an audit log and the proof between them, as the hub's API gives them;\n"
    "                    11: they are of two histories. Without --root their seals are not judged, and the report says "
    "so\n";

int run_log_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& complaints) {
  const auto report = check(arguments);
  if (!report) {
    complaints << report.error().message << "\n";
    if (report.error().code != "usage") return kUnusableFile;
    complaints << "Usage:\n" << kLogHelp;
    return kUsage;
  }
  out << report.value().dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  return report.value()["code"].get<int>();
}

}  // namespace zhida::seal_tools
