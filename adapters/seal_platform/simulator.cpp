// sim_seal_platform: holds the seals of an office and seals digests for whoever shows the holder's authorisation.
//   --certs D/certs      D/certs/tls/treasury.* as its TLS certificate, D/certs/seal/<office>.* as what it holds
//   --office NAME        whose seal (default department)
//   --kinds a,b          kinds of documents that the holder allows (default approval_decision)
// The holder's authorisation is the content of <state>/authorisation, made at the first start. The mood `rude` makes it
// give a seal signature over another digest, which a client must notice.
#include "adapters/simulator_kit/simulator.h"

#include <algorithm>
#include <sstream>

#include "adapters/simulator_kit/gateway.h"
#include "platform/crypto/digest.h"
#include "platform/crypto/signer.h"
#include "platform/http/http_server.h"
#include "seal/seal.h"
#include "seal/structure.h"
#include "seal/trust.h"

namespace {

using namespace zhida;

http::HttpResponse answer(int status, const Json& json) {
  http::HttpResponse response;
  response.status = status;
  response.body = json.dump();
  return response;
}
http::HttpResponse no(int status, const std::string& reason) {
  return answer(status, {{"reason", reason}});
}

/// The seal and the key of one office, and what its holder allowed.
struct Office {
  std::string es_id;
  Bytes seal_der;
  std::unique_ptr<crypto::FileSigner> signer;
  std::shared_ptr<const seal::Trust> trust;
  std::vector<std::string> kinds;
  Secret<std::string> authorisation;

  http::HttpResponse seal(const http::HttpRequest& request, Instant now, bool rude) const {
    if (request.method != "POST" || request.path != "/v1/seals") return no(404, "there is nothing here");
    if (!crypto::constant_time_equal(request.header("Authorization"), "Bearer " + authorisation.reveal())) {
      return no(403, "the holder has not authorised this");
    }
    const auto asked = parse_json(request.body);
    const auto text = [&](const char* name) {
      const bool there =
          asked && asked.value().is_object() && asked.value().contains(name) && asked.value()[name].is_string();
      return there ? asked.value()[name].get<std::string>() : std::string();
    };
    if (text("es_id") != es_id) return no(404, "no such seal is kept here");
    if (std::find(kinds.begin(), kinds.end(), text("document_kind")) == kinds.end()) {
      return no(403, "the holder seals no documents of the kind " + text("document_kind"));
    }
    const std::string digest_text = text("digest");
    const auto digest = from_hex(digest_text.starts_with("sm3:") ? digest_text.substr(4) : "");
    if (!digest || digest.value().size() != 32 || !asked.value().contains("octets") ||
        !asked.value()["octets"].is_number_unsigned()) {
      return no(422, "a digest sm3:<hex> and the number of octets are needed");
    }
    const seal::Properties properties{text("media_type"), text("message_id"), text("trace_id")};
    const auto info = seal::write_property_info(properties, signer->alg(), asked.value()["octets"].get<std::size_t>());
    const Bytes over = rude ? crypto::sm3("something else") : digest.value();
    const auto ses = seal::seal_digest(over, info, seal_der, *signer, *trust, now);
    if (!ses) return no(500, ses.error().message);
    return answer(200, {{"seal", to_base64(ses.value())}});
  }
};

Result<Office> open_office(const simulator::Arguments& arguments) {
  const auto own = [&](const char* name, const char* otherwise) {
    const auto found = arguments.own.find(name);
    return found == arguments.own.end() ? std::string(otherwise) : found->second;
  };
  Office office;
  const std::string stem = arguments.certs + "/seal/" + own("office", "department");
  office.seal_der = TRY(read_file(stem + ".esl"));
  office.es_id = TRY(seal::read_seal(office.seal_der)).es_id;
  office.signer = TRY(crypto::FileSigner::create(stem + ".key", stem + ".crt", {}));
  seal::TrustFiles files;
  files.roots = {arguments.certs + "/seal/ca.crt"};
  files.revocation_lists = {arguments.certs + "/seal/ca.crl"};
  office.trust = TRY(seal::Trust::load(files));
  std::istringstream kinds(own("kinds", "approval_decision"));
  for (std::string kind; std::getline(kinds, kind, ',');) office.kinds.push_back(kind);
  office.authorisation = TRY(simulator::load_or_make_secret(arguments.state + "/authorisation"));
  return office;
}

}  // namespace

int main(int argc, char** argv) {
  return simulator::run(
      argc, argv, "seal_platform", {"office", "kinds"}, [](simulator::Simulation& simulation) -> Result<void> {
        const auto office = TRY(open_office(simulation.arguments()));
        const std::string tls = simulation.arguments().certs + "/tls/treasury";
        http::HttpServerOptions options;
        options.host = simulation.arguments().listen_host;
        options.port = simulation.arguments().listen_port;
        options.certificate_file = tls + ".crt";
        options.key_file = tls + ".key";
        const auto server = TRY(http::HttpServer::start(options, [&](const http::HttpRequest& request) {
          const auto mood = simulation.mood();
          if (mood.slow.count() > 0) (void)simulation.wait(mood.slow);
          if (mood.absent) return no(503, "closed");
          return office.seal(request, simulation.clock().now(), mood.rude);
        }));
        simulation.ready(server->port());
        (void)simulation.wait();
        return ok();
      });
}
