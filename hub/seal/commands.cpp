#include "seal/commands.h"

#include <ostream>

#include "base/clock.h"
#include "seal/options.h"
#include "seal/seal.h"
#include "seal/trust.h"

namespace zhida::seal {
namespace {

constexpr std::size_t kPayloadBytesMax = std::size_t{1} << 30;

// A passphrase is read from a file or descriptor (/dev/fd/3), never from the command line, where everybody sees it.
Result<Secret<std::string>> read_passphrase(const Options& options, const std::string& name) {
  const std::string path = options.get_or(name, "");
  if (path.empty()) return Secret<std::string>();
  std::string text = TRY(read_file(path, 4096));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return Secret<std::string>(std::move(text));
}

Result<Instant> moment_or_now(const Options& options, const std::string& name) {
  const std::string text = options.get_or(name, "");
  if (text.empty()) return SystemClock().now();
  return parse_moment(text);
}

Result<Picture> read_picture(const std::string& path) {
  Picture picture;
  if (path.empty()) {
    picture.type = "SVG";
    picture.data = default_picture("");
    return picture;
  }
  picture.data = TRY(read_file(path, 256u << 10));
  if (picture.data.starts_with("\x89PNG")) {
    picture.type = "PNG";
  } else if (picture.data.find("<svg") != Bytes::npos) {
    picture.type = "SVG";
  } else {
    return refuse("picture_unknown", path + " is neither a PNG nor an SVG picture.");
  }
  return picture;
}

Result<std::shared_ptr<const Trust>> load_trust(const Options& options) {
  return Trust::load(TrustFiles{.roots = options.all("root"),
                                .intermediates = options.all("inter"),
                                .revocation_lists = options.all("crl"),
                                .seal_status_list = options.get_or("seal-status", "")});
}

Result<Json> make_seal_command(const std::vector<std::string>& arguments) {
  const auto options = TRY(Options::parse(arguments,
                                          {"id", "name", "vendor", "type", "signer", "maker-key", "maker-cert",
                                           "maker-passphrase-file", "from", "to", "at", "picture", "out"},
                                          {"certificates"}));
  SealSpec spec;
  spec.es_id = TRY(options.get("id"));
  spec.name = TRY(options.get("name"));
  spec.vendor_id = options.get_or("vendor", "ZHIDA");
  spec.digests = !options.has("certificates");
  spec.valid_from = TRY(parse_moment(TRY(options.get("from"))));
  spec.valid_to = TRY(parse_moment(TRY(options.get("to"))));
  spec.picture = TRY(read_picture(options.get_or("picture", "")));
  if (options.all("signer").empty())
    return refuse("usage", "The option --signer is needed, once for each certificate.");
  for (const auto& path : options.all("signer")) {
    spec.signer_certificates.push_back(TRY(crypto::Certificate::load(path)).der());
  }
  const std::string out_file = TRY(options.get("out"));
  const auto maker = TRY(crypto::FileSigner::create(TRY(options.get("maker-key")), TRY(options.get("maker-cert")),
                                                    TRY(read_passphrase(options, "maker-passphrase-file"))));
  const Bytes seal_der = TRY(make_seal(spec, *maker, TRY(moment_or_now(options, "at"))));
  CHECK_OK(write_file_atomically(out_file, seal_der));
  return Json{{"seal", out_file}, {"es_id", spec.es_id}, {"octets", seal_der.size()}};
}

Result<Json> sign_command(const std::vector<std::string>& arguments) {
  const auto options = TRY(Options::parse(arguments,
                                          {"seal", "key", "cert", "passphrase-file", "root", "inter", "crl",
                                           "seal-status", "data", "media-type", "message-id", "trace-id", "at", "out"},
                                          {}));
  const auto trust = TRY(load_trust(options));
  const auto signer = TRY(crypto::FileSigner::create(TRY(options.get("key")), TRY(options.get("cert")),
                                                     TRY(read_passphrase(options, "passphrase-file"))));
  const Bytes seal_der = TRY(read_file(TRY(options.get("seal"))));
  const Bytes payload = TRY(read_file(TRY(options.get("data")), kPayloadBytesMax));
  const std::string out_file = TRY(options.get("out"));
  const Properties properties{options.get_or("media-type", "application/octet-stream"),
                              options.get_or("message-id", ""), options.get_or("trace-id", "")};
  const Bytes ses = TRY(seal(payload, seal_der, *signer, properties, *trust, TRY(moment_or_now(options, "at"))));
  CHECK_OK(write_file_atomically(out_file, ses));
  return Json{{"signature", out_file}, {"octets", ses.size()}, {"payload_octets", payload.size()}};
}

Result<Json> show_command(const std::vector<std::string>& arguments) {
  const auto options = TRY(Options::parse(arguments, {}, {}));
  if (options.rest().size() != 1) return refuse("usage", "seal show takes one file: a seal or a seal signature.");
  const Bytes content = TRY(read_file(options.rest()[0]));
  return describe(content);
}

}  // namespace

Result<Json> verify_files(const std::vector<std::string>& arguments) {
  const auto options = TRY(Options::parse(arguments, {"root", "inter", "crl", "seal-status", "at", "data"},
                                          {"require-time", "require-status"}));
  const std::string data_file = TRY(options.get("data"));
  if (options.all("root").empty())
    return refuse("usage", "The option --root is needed: whom to trust is your decision.");
  if (options.rest().empty()) return refuse("usage", "Name at least one seal signature file.");
  const Policy policy{.now = TRY(moment_or_now(options, "at")),
                      .require_trusted_time = options.has("require-time"),
                      .require_revocation_status = options.has("require-status"),
                      .all_findings = true};
  const auto trust = TRY(load_trust(options));
  const Bytes payload = TRY(read_file(data_file, kPayloadBytesMax));
  Code first = Code::ok;
  Json reports = Json::array();
  for (const auto& file : options.rest()) {
    const Bytes ses = TRY(read_file(file));
    const Report report = verify(ses, payload, *trust, policy);
    if (first == Code::ok) first = report.code;
    Json json = to_json(report);
    json["file"] = file;
    reports.push_back(std::move(json));
  }
  return Json{{"code", static_cast<int>(first)},
              {"name", name_of(first)},
              {"data", data_file},
              {"data_octets", payload.size()},
              {"verified_at", to_rfc3339(policy.now)},
              {"signatures", std::move(reports)}};
}

Bytes default_picture(std::string_view name) {
  Bytes svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-50 -50 100 100\" fill=\"none\" stroke=\"#c8102e\">"
      "<circle r=\"46\" stroke-width=\"3\"/>"
      "<path fill=\"#c8102e\" d=\"M0-16 3.6-4.9H15.2L5.8 1.9 9.4 12.9 0 6.1-9.4 12.9-5.8 1.9-15.2-4.9H-3.6z\"/>";
  if (!name.empty()) {
    svg += "<text y=\"32\" font-size=\"9\" text-anchor=\"middle\" fill=\"#c8102e\" stroke=\"none\">";
    for (const char c : name) {
      if (c == '<') {
        svg += "&lt;";
      } else if (c == '&') {
        svg += "&amp;";
      } else {
        svg += c;
      }
    }
    svg += "</text>";
  }
  return svg + "</svg>";
}

std::string seal_usage() {
  return "  seal make-seal --id ID --name NAME --signer CERT... --maker-key KEY --maker-cert CERT --from DAY --to DAY "
         "--out FILE\n"
         "                 [--vendor ID] [--picture FILE] [--certificates] [--at TIME] [--maker-passphrase-file FILE]\n"
         "  seal sign      --seal FILE --key KEY --cert CERT --root CERT --crl LIST --data FILE --out FILE\n"
         "                 [--inter CERT] [--media-type T] [--message-id ID] [--trace-id ID] [--at TIME] "
         "[--passphrase-file FILE]\n"
         "  seal verify    --root CERT --data FILE SIGNATURE... [--inter CERT] [--crl LIST] [--seal-status FILE] [--at "
         "TIME]\n"
         "                 [--require-time] [--require-status]\n"
         "  seal show      FILE\n";
}

int run_seal_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& complaints) {
  constexpr int kDone = 0, kRefused = 1, kUsage = 2;
  const std::string command = arguments.empty() ? "" : arguments.front();
  const std::vector<std::string> rest(arguments.empty() ? arguments.end() : arguments.begin() + 1, arguments.end());
  const auto answer = [&]() -> Result<Json> {
    if (command == "make-seal") return make_seal_command(rest);
    if (command == "sign") return sign_command(rest);
    if (command == "show") return show_command(rest);
    if (command == "verify") return verify_files(rest);
    return refuse("usage", "seal needs one of make-seal, sign, verify, show.");
  }();
  if (!answer) {
    complaints << answer.error().message << "\n";
    if (answer.error().code != "usage") return kRefused;
    complaints << seal_usage();
    return kUsage;
  }
  out << answer.value().dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  return command == "verify" && answer.value()["code"] != 0 ? kRefused : kDone;
}

}  // namespace zhida::seal
