#include "flow/remote_seal.h"

#include "base/json.h"
#include "platform/crypto/digest.h"

namespace zhida::flow {
namespace {

constexpr std::size_t kReplyBytesMax = 2u << 20;
constexpr std::size_t kGarbageKeptMax = 64u << 10;
constexpr std::size_t kReasonMax = 400;
constexpr std::chrono::minutes kClocksApart{5};

/// A text of the answer, or empty.
std::string text_in(const Result<Json>& answer, const char* name) {
  if (!answer || !answer.value().is_object()) return {};
  const auto found = answer.value().find(name);
  return found != answer.value().end() && found->is_string() ? found->get<std::string>() : std::string();
}

RemoteSealer::Answer failed(Error error) {
  return {{}, {}, std::move(error), false};
}
RemoteSealer::Answer wrong(Bytes given, seal::Report report, Error error) {
  return {std::move(given), std::move(report), std::move(error), true};
}

}  // namespace

Result<http::HttpReply> RemoteSealer::call(ByteView payload, const Request& request) {
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
  call.reply_bytes_max = kReplyBytesMax;
  call.ca_file = options_.ca_file;
  call.certificate_file = options_.certificate_file;
  call.key_file = options_.key_file;
  const Lock lock(mutex_);
  return client_.call(call);
}

RemoteSealer::Answer RemoteSealer::ask(ByteView payload, const Request& request, const seal::Trust& trust,
                                       const Clock& clock) {
  auto reply = call(payload, request);
  if (!reply) return failed({"seal_platform_away", "The seal platform: " + reply.error().message, Fate::retry});
  const int status = reply.value().status;
  if (status >= 500 || status == 429 || status == 408)
    return failed(retry("seal_platform_away", "The seal platform answers with " + std::to_string(status) + "."));
  const auto answer = parse_json(reply.value().body);
  if (status != 200) {
    std::string reason = text_in(answer, "reason");
    if (reason.size() > kReasonMax) {
      std::size_t end = kReasonMax;
      while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0) == 0x80) --end;
      reason.resize(end);
    }
    return failed(refuse("seal_platform_refused", "The seal platform does not seal with " + request.es_id + " (" +
                                                      std::to_string(status) +
                                                      "): " + (reason.empty() ? "no reason given" : reason) + "."));
  }
  auto ses = from_base64(text_in(answer, "seal"));
  if (!ses || ses.value().empty())
    return wrong(reply.value().body.substr(0, kGarbageKeptMax), {},
                 refuse("seal_platform_garbage", "The seal platform's answer holds no seal signature."));
  // Whoever signs chooses the time in it, so the signer and the seal must be good now.
  const Instant now = clock.now();
  seal::Policy policy{.now = now, .require_trusted_time = true, .trusted_time = now, .require_revocation_status = true};
  auto report = seal::verify(ses.value(), payload, trust, policy);
  if (!report.passed()) {
    policy.require_revocation_status = false;
    if (seal::verify(ses.value(), payload, trust, policy).passed())
      return failed(retry("office_seal_status_unknown",
                          "Whether the seal of " + request.es_id + " holds cannot be told: " + report.detail));
    Error error = refuse("office_seal_" + std::string(seal::name_of(report.code)),
                         "What the seal platform gave does not hold: " + report.detail);
    return wrong(std::move(ses).value(), std::move(report), std::move(error));
  }
  if (report.es_id != request.es_id) {
    Error error = refuse("office_seal_of_another",
                         "The seal platform sealed with " + report.es_id + " instead of " + request.es_id + ".");
    return wrong(std::move(ses).value(), std::move(report), std::move(error));
  }
  if (request.not_before && report.signed_at < *request.not_before - kClocksApart) {
    Error error =
        refuse("office_seal_date", "The seal says that it was put at " + to_rfc3339(report.signed_at) +
                                       ", before the document was there, at " + to_rfc3339(*request.not_before) + ".");
    return wrong(std::move(ses).value(), std::move(report), std::move(error));
  }
  return {std::move(ses).value(), std::move(report), std::nullopt, false};
}

}  // namespace zhida::flow
