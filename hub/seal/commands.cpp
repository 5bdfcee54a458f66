#include "seal/commands.h"

#include <charconv>
#include <ostream>

#include "base/clock.h"
#include "seal/options.h"
#include "seal/seal.h"
#include "seal/show.h"
#include "seal/structure.h"
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

Result<int> number(const Options& options, const std::string& name, int otherwise) {
  if (!options.has(name)) return otherwise;
  const std::string text = TRY(options.get(name));
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return refuse("usage", "The option --" + name + " needs a whole number, not \"" + text + "\".");
  }
  return value;
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

// A private key that anybody who gets the file can use.
bool is_unencrypted(const std::string& key_file) {
  const auto text = read_file(key_file, 64u << 10);
  return text && text.value().find("PRIVATE KEY-----") != Bytes::npos && text.value().find("ENCRYPTED") == Bytes::npos;
}

void warn_of_key(const std::string& key_file, std::vector<std::string>& warnings) {
  if (is_unencrypted(key_file)) warnings.push_back("The private key in " + key_file + " is not encrypted.");
}

// What can be said of a seal and its signer without anybody to trust.
Result<void> check_without_trust(ByteView seal_der, const Signer& signer, Instant now) {
  const auto seal = TRY(read_seal_structure(seal_der));
  const auto maker = TRY(crypto::Certificate::parse(seal.maker_certificate));
  const auto alg = crypto::alg_of_signature_oid(seal.alg_oid);
  if (!alg || !maker.verifies(*alg, seal.info, seal.signed_value)) {
    return refuse("seal_unusable", "The seal maker's signature value does not fit the seal.");
  }
  if (*alg != signer.alg()) return refuse("seal_unusable", "The key is not of the seal's algorithm family.");
  if (now < seal.valid_from || now > seal.valid_to) {
    return refuse("seal_unusable", "The seal " + seal.es_id + " is not valid at " + to_rfc3339(now) + ".");
  }
  if (!signer.certificate().valid_at(now) || !signer.certificate().may_sign_seals()) {
    return refuse("signer_unusable", "The certificate of " + signer.certificate().subject() +
                                         " is not valid now, or not meant for signing (key usage).");
  }
  return check_listed(seal, signer.alg(), signer.certificate());
}

Result<Json> make_seal_command(const std::vector<std::string>& arguments, std::vector<std::string>& warnings) {
  const auto options = TRY(Options::parse(arguments,
                                          {"id", "name", "vendor", "type", "structure", "signer", "maker-key",
                                           "maker-cert", "maker-passphrase-file", "from", "to", "at", "picture", "out"},
                                          {"certificates"}));
  SealSpec spec;
  spec.es_id = TRY(options.get("id"));
  spec.name = TRY(options.get("name"));
  spec.vendor_id = options.get_or("vendor", "ZHIDA");
  spec.digests = !options.has("certificates");
  spec.type = TRY(number(options, "type", spec.type));
  spec.version = TRY(number(options, "structure", spec.version));
  spec.valid_from = TRY(parse_moment(TRY(options.get("from"))));
  spec.valid_to = TRY(parse_moment(TRY(options.get("to"))));
  spec.picture = TRY(read_picture(options.get_or("picture", "")));
  if (options.all("signer").empty())
    return refuse("usage", "The option --signer is needed, once for each certificate.");
  for (const auto& path : options.all("signer")) {
    spec.signer_certificates.push_back(TRY(crypto::Certificate::load(path)).der());
  }
  const std::string out_file = TRY(options.get("out"));
  const std::string key_file = TRY(options.get("maker-key"));
  const auto maker = TRY(crypto::FileSigner::create(key_file, TRY(options.get("maker-cert")),
                                                    TRY(read_passphrase(options, "maker-passphrase-file"))));
  warn_of_key(key_file, warnings);
  const Bytes seal_der = TRY(make_seal(spec, *maker, TRY(moment_or_now(options, "at"))));
  CHECK_OK(write_file_atomically(out_file, seal_der));
  return Json{{"seal", out_file}, {"es_id", spec.es_id}, {"octets", seal_der.size()}};
}

Result<Json> sign_command(const std::vector<std::string>& arguments, std::vector<std::string>& warnings) {
  const auto options =
      TRY(Options::parse(arguments,
                         {"seal", "key", "cert", "passphrase-file", "root", "inter", "crl", "seal-status", "in", "data",
                          "media-type", "message-id", "trace-id", "at", "out"},
                         {}));
  const std::string key_file = TRY(options.get("key"));
  const auto signer = TRY(
      crypto::FileSigner::create(key_file, TRY(options.get("cert")), TRY(read_passphrase(options, "passphrase-file"))));
  warn_of_key(key_file, warnings);
  const Bytes seal_der = TRY(read_file(TRY(options.get("seal"))));
  const std::string in_file = options.has("in") ? TRY(options.get("in")) : options.get_or("data", "");
  if (in_file.empty()) return refuse("usage", "The option --in is needed: the octets to seal.");
  const Bytes payload = TRY(read_file(in_file, kPayloadBytesMax));
  const std::string out_file = TRY(options.get("out"));
  const Properties properties{options.get_or("media-type", "application/octet-stream"),
                              options.get_or("message-id", ""), options.get_or("trace-id", "")};
  const Instant now = TRY(moment_or_now(options, "at"));
  Bytes ses;
  if (options.has("root")) {
    const auto trust = TRY(load_trust(options));
    ses = TRY(seal(payload, seal_der, *signer, properties, *trust, now));
  } else {
    warnings.push_back(
        "Without --root and --crl nothing says whether the seal and its signer are trusted and not revoked.");
    CHECK_OK(check_without_trust(seal_der, *signer, now));
    const Bytes to_sign =
        write_to_sign(TRY(read_seal_structure(seal_der)).version, seal_der, now, crypto::digest(signer->alg(), payload),
                      write_property_info(properties, signer->alg(), payload.size()));
    ses = write_signature(to_sign, signer->certificate().der(), signer->alg(), TRY(signer->sign(to_sign)));
  }
  CHECK_OK(write_file_atomically(out_file, ses));
  return Json{{"signature", out_file}, {"octets", ses.size()}, {"payload_octets", payload.size()}};
}

// Readable text on `out`; the picture beside the file, or where --picture says.
Result<void> show_command(const std::vector<std::string>& arguments, std::ostream& out,
                          std::vector<std::string>& warnings) {
  const auto options = TRY(Options::parse(arguments, {"picture"}, {"json", "no-picture"}));
  if (options.rest().size() != 1) return refuse("usage", "seal show takes one file: a seal or a seal signature.");
  const std::string& file = options.rest()[0];
  const Bytes content = TRY(read_file(file, kStructureBytesMax));
  const Json description = TRY(describe(content));
  const Picture picture = TRY(read_picture_of(content));
  std::string saved;
  if (!options.has("no-picture") && !picture.data.empty()) {
    saved = options.get_or("picture", file + picture_suffix(picture));
    const auto written = write_file_atomically(saved, picture.data);
    if (!written && options.has("picture")) return written.error();
    if (!written) {
      warnings.push_back("The picture could not be saved: " + written.error().message);
      saved.clear();
    }
  }
  if (options.has("json")) {
    Json json = description;
    if (!saved.empty()) json["picture_file"] = saved;
    out << json.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
    return ok();
  }
  out << as_text(description);
  if (!saved.empty()) out << "picture saved: " << saved << "\n";
  return ok();
}

}  // namespace

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
         "                 [--vendor ID] [--type N] [--structure 4|5] [--picture FILE] [--certificates] [--at TIME]\n"
         "                 [--maker-passphrase-file FILE]\n"
         "  seal sign      --seal FILE --key KEY --cert CERT --in PAYLOAD --out FILE\n"
         "                 [--root CERT --crl LIST [--inter CERT] [--seal-status FILE]] [--media-type T] [--message-id "
         "ID]\n"
         "                 [--trace-id ID] [--at TIME] [--passphrase-file FILE]\n"
         "  seal verify    --root CERT --data FILE SIGNATURE... [--inter CERT] [--crl LIST] [--time-root CERT]\n"
         "                 [--seal-status FILE] [--alg NAME] [--at TIME] [--proof FILE] [--require-time] "
         "[--require-status]\n"
         "  seal show      FILE [--picture FILE | --no-picture] [--json]\n";
}

int run_seal_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& complaints) {
  constexpr int kDone = 0, kRefused = 1, kUsage = 2;
  const std::string command = arguments.empty() ? "" : arguments.front();
  const std::vector<std::string> rest(arguments.empty() ? arguments.end() : arguments.begin() + 1, arguments.end());
  std::vector<std::string> warnings;
  const auto answer = [&]() -> Result<Json> {
    if (command == "make-seal") return make_seal_command(rest, warnings);
    if (command == "sign") return sign_command(rest, warnings);
    if (command == "verify") return verify_files(rest);
    if (command == "show") {
      CHECK_OK(show_command(rest, out, warnings));
      return Json();
    }
    return refuse("usage", "seal needs one of make-seal, sign, verify, show.");
  }();
  for (const auto& warning : warnings) complaints << "Warning: " << warning << "\n";
  if (!answer) {
    complaints << answer.error().message << "\n";
    if (answer.error().code != "usage") return kRefused;
    complaints << seal_usage();
    return kUsage;
  }
  if (answer.value().is_null()) return kDone;  // It has been shown.
  out << answer.value().dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  return command == "verify" && answer.value()["code"] != 0 ? kRefused : kDone;
}

}  // namespace zhida::seal
