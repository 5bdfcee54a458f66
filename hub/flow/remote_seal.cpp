#include "flow/remote_seal.h"

#include "base/json.h"
#include "platform/crypto/digest.h"

namespace zhida::flow {

Result<Bytes> RemoteSealer::seal(ByteView payload, const Request& request, const seal::Trust& trust, Instant now) {
  const Json question = {{"es_id", request.es_id},
                         {"document_kind", request.document_kind},
                         {"digest", "sm3:" + to_hex(crypto::sm3(payload))},
                         {"octets", payload.size()},
                         {"media_type", request.properties.media_type},
                         {"message_id", request.properties.message_id},
                         {"trace_id", request.properties.trace_id}};
  http::HttpCall call;
  call.method = "POST";
  call.url = options_.url;
  // Beside the body, where nobody logs it by habit.
  call.headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + request.authorisation.reveal()}};
  call.body = question.dump();
  call.timeout = options_.timeout;
  call.reply_bytes_max = 2u << 20;
  call.ca_file = options_.ca_file;
  call.certificate_file = options_.certificate_file;
  call.key_file = options_.key_file;
  auto reply = [&] {
    const Lock lock(mutex_);
    return client_.call(call);
  }();
  if (!reply) return Error{"seal_platform_away", "The seal platform: " + reply.error().message, reply.error().fate};
  if (reply.value().status >= 500 || reply.value().status == 429) {
    return retry("seal_platform_away", "The seal platform answers with " + std::to_string(reply.value().status) + ".");
  }
  const auto answer = parse_json(reply.value().body);
  const auto text = [&](const char* name) {
    const bool there =
        answer && answer.value().is_object() && answer.value().contains(name) && answer.value()[name].is_string();
    return there ? answer.value()[name].get<std::string>() : std::string();
  };
  if (reply.value().status != 200) {
    return refuse("seal_platform_refused", "The seal platform does not seal with " + request.es_id + ": " +
                                               (text("reason").empty() ? "no reason given" : text("reason")) + ".");
  }
  const auto ses = from_base64(text("seal"));
  if (!ses) return refuse("seal_platform_wrong", "The seal platform's answer holds no seal signature.");
  const auto report = seal::verify(ses.value(), payload, trust, {.now = now, .require_revocation_status = true});
  if (!report.passed()) {
    return refuse("seal_platform_wrong", "What the seal platform gave does not hold: " + report.detail);
  }
  if (report.es_id != request.es_id) {
    return refuse("seal_platform_wrong",
                  "The seal platform sealed with " + report.es_id + " instead of " + request.es_id + ".");
  }
  return ses;
}

}  // namespace zhida::flow
