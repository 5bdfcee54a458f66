// sim_seal_platform: holds the seals of an office and seals digests for whoever shows the holder's authorisation.
//   --certs D/certs      D/certs/tls/treasury.* as its TLS certificate, D/certs/seal/<office>.* as what it holds
//   --office a,b         whose seals (default department)
//   --kinds a,b          kinds of documents that the holders allow (default approval_decision)
// The holder's authorisation is the content of <state>/authorisation.<office>, made at the first start. Asked again
// under the same message id it gives the same seal signature; for another document under that id it refuses. It seals
// first and is slow afterwards, so that a client can go away in between. What it does wrong on demand, by one word in
// <state>/fault: `other-digest` (as the mood `rude`), `other-office` (seals with the first office's seal whatever was
// asked), `altered` (a bit of the signature), `no-seal`, `not-json`, `old` (dated a day back).
#include "adapters/simulator_kit/simulator.h"

#include <algorithm>
#include <map>
#include <sstream>

#include "adapters/simulator_kit/gateway.h"
#include "base/mutex.h"
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

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// The seal and the key of one office, and what its holder gave to whom may ask.
struct Office {
  std::string es_id;
  Bytes seal_der;
  std::unique_ptr<crypto::FileSigner> signer;
  Secret<std::string> authorisation;
};

struct Question {
  std::string message_id;
  Bytes digest;
  std::size_t octets = 0;
  seal::Properties properties;
};

class Platform {
 public:
  static Result<std::unique_ptr<Platform>> open(const simulator::Arguments& arguments) {
    const auto own = [&](const char* name, const char* otherwise) {
      const auto found = arguments.own.find(name);
      return parts_of(found == arguments.own.end() ? std::string(otherwise) : found->second);
    };
    auto platform = std::unique_ptr<Platform>(new Platform(arguments.state));
    for (const auto& name : own("office", "department")) {
      const std::string stem = arguments.certs + "/seal/" + name;
      Office office;
      office.seal_der = TRY(read_file(stem + ".esl"));
      office.es_id = TRY(seal::read_seal(office.seal_der)).es_id;
      office.signer = TRY(crypto::FileSigner::create(stem + ".key", stem + ".crt", {}));
      office.authorisation = TRY(simulator::load_or_make_secret(arguments.state + "/authorisation." + name));
      platform->offices_.push_back(std::move(office));
    }
    seal::TrustFiles files;
    files.roots = {arguments.certs + "/seal/ca.crt"};
    files.revocation_lists = {arguments.certs + "/seal/ca.crl"};
    platform->trust_ = TRY(seal::Trust::load(files));
    platform->kinds_ = own("kinds", "approval_decision");
    platform->log_ = TRY(simulator::StateLog::open(arguments.state + "/sealed.jsonl"));
    for (const auto& entry : platform->log_->history())
      platform->given_[text_of(entry, "message_id")] = {text_of(entry, "digest"), text_of(entry, "seal")};
    return platform;
  }

  http::HttpResponse seal(const http::HttpRequest& request, Instant now, bool rude) {
    if (request.method != "POST" || request.path != "/v1/seals") return no(404, "there is nothing here");
    const auto parsed = parse_json(request.body);
    const Json asked = parsed && parsed.value().is_object() ? parsed.value() : Json::object();
    const auto office = std::find_if(offices_.begin(), offices_.end(),
                                     [&](const auto& one) { return one.es_id == text_of(asked, "es_id"); });
    const bool known = office != offices_.end();
    const auto& authorisation = known ? office->authorisation : offices_.front().authorisation;
    if (!crypto::constant_time_equal(request.header("Authorization"), "Bearer " + authorisation.reveal()))
      return no(403, "the holder has not authorised this");
    if (!known) return no(404, "no such seal is kept here");
    if (std::find(kinds_.begin(), kinds_.end(), text_of(asked, "document_kind")) == kinds_.end())
      return no(403, "the holder seals no documents of the kind " + text_of(asked, "document_kind"));
    const std::string digest_text = text_of(asked, "digest");
    const auto digest = from_hex(digest_text.starts_with("sm3:") ? digest_text.substr(4) : "");
    const auto octets = asked.find("octets");
    if (!digest || digest.value().size() != 32 || octets == asked.end() || !octets->is_number_unsigned())
      return no(422, "a digest sm3:<hex> and the number of octets are needed");
    const Question question{text_of(asked, "message_id"),
                            digest.value(),
                            octets->get<std::size_t>(),
                            {text_of(asked, "media_type"), text_of(asked, "message_id"), text_of(asked, "trace_id")}};
    std::string fault = rude ? "other-digest" : fault_word();
    if (!fault.empty()) return seal_wrongly(*office, question, fault, now);
    const Lock lock(mutex_);
    const auto before = given_.find(question.message_id);
    if (before != given_.end() && before->second.digest != digest_text)
      return no(409, "another document was sealed under this message id");
    if (before != given_.end() && !question.message_id.empty()) return answer(200, {{"seal", before->second.seal}});
    const auto ses = sign(*office, question, question.digest, now);
    if (!ses) return no(500, ses.error().message);
    const std::string seal = to_base64(ses.value());
    const auto kept = log_->append(
        {{"message_id", question.message_id}, {"digest", digest_text}, {"seal", seal}, {"es_id", office->es_id}});
    if (!kept) return no(500, kept.error().message);
    given_[question.message_id] = {digest_text, seal};
    return answer(200, {{"seal", seal}});
  }

 private:
  struct Given {
    std::string digest, seal;
  };
  explicit Platform(std::string state) : state_(std::move(state)) {}

  static std::vector<std::string> parts_of(const std::string& text) {
    std::vector<std::string> parts;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
    return parts;
  }
  std::string fault_word() const {
    const auto written = read_file(state_ + "/fault", 4096);
    std::istringstream in(written ? written.value() : "");
    std::string word;
    in >> word;
    return word;
  }
  Result<Bytes> sign(const Office& office, const Question& question, const Bytes& digest, Instant now) const {
    const auto info = seal::write_property_info(question.properties, office.signer->alg(), question.octets);
    return seal::seal_digest(digest, info, office.seal_der, *office.signer, *trust_, now);
  }
  http::HttpResponse seal_wrongly(const Office& office, const Question& question, const std::string& fault,
                                  Instant now) const {
    if (fault == "not-json") {
      http::HttpResponse response;
      response.body = "<html>Please sign in.</html>";
      return response;
    }
    if (fault == "no-seal") return answer(200, {{"seal", ""}});
    const Office& whose = fault == "other-office" ? offices_.front() : office;
    const Bytes over = fault == "other-digest" ? crypto::sm3("something else") : question.digest;
    auto ses = sign(whose, question, over, fault == "old" ? now - std::chrono::hours(24) : now);
    if (!ses) return no(500, ses.error().message);
    if (fault == "altered") ses.value().back() = static_cast<char>(ses.value().back() ^ 1);
    return answer(200, {{"seal", to_base64(ses.value())}});
  }

  const std::string state_;
  std::vector<Office> offices_;
  std::shared_ptr<const seal::Trust> trust_;
  std::vector<std::string> kinds_;
  std::unique_ptr<simulator::StateLog> log_;
  Mutex mutex_;
  std::map<std::string, Given> given_ GUARDED_BY(mutex_);
};

}  // namespace

int main(int argc, char** argv) {
  return simulator::run(
      argc, argv, "seal_platform", {"office", "kinds"}, [](simulator::Simulation& simulation) -> Result<void> {
        const auto platform = TRY(Platform::open(simulation.arguments()));
        const std::string tls = simulation.arguments().certs + "/tls/treasury";
        http::HttpServerOptions options;
        options.host = simulation.arguments().listen_host;
        options.port = simulation.arguments().listen_port;
        options.certificate_file = tls + ".crt";
        options.key_file = tls + ".key";
        const auto server = TRY(http::HttpServer::start(options, [&](const http::HttpRequest& request) {
          const auto mood = simulation.mood();
          if (mood.absent) return no(503, "closed");
          auto response = platform->seal(request, simulation.clock().now(), mood.rude);
          if (mood.slow.count() > 0) (void)simulation.wait(mood.slow);
          return response;
        }));
        simulation.ready(server->port());
        (void)simulation.wait();
        return ok();
      });
}
