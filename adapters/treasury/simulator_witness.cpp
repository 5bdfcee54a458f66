#include "adapters/treasury/simulator_witness.h"

#include <utility>

#include "base/bytes.h"
#include "platform/crypto/merkle_tree.h"

namespace zhida::treasury_simulator {
namespace {

constexpr std::size_t kReplyBytesMax = 1u << 20;
constexpr std::size_t kProofMax = 130;  // Two hashes a level; a log has fewer than 2^64 records.

Result<std::vector<crypto::NodeHash>> hashes_of(const Json& proof) {
  const auto found = proof.find("proof");
  if (found == proof.end() || !found->is_array() || found->size() > kProofMax)
    return refuse("proof_malformed", "The hub's answer holds no proof.");
  std::vector<crypto::NodeHash> hashes;
  for (const auto& item : *found) {
    if (!item.is_string()) return refuse("proof_malformed", "A proof holds hashes as text.");
    hashes.push_back(TRY(crypto::node_hash_of_hex(item.get_ref<const std::string&>())));
  }
  return hashes;
}

Json short_form(const seal::TreeHead& head) {
  return {{"log", head.log},
          {"size", head.size},
          {"root", to_hex(crypto::octets_of(head.root))},
          {"time", to_rfc3339(head.time)}};
}

}  // namespace

Result<std::unique_ptr<Witness>> Witness::open(std::string folder, Line line, Seals seals, const Clock& clock) {
  std::unique_ptr<Witness> witness(new Witness(std::move(folder), std::move(line), std::move(seals), clock));
  CHECK_OK(witness->load());
  return witness;
}

Result<void> Witness::load() {
  const auto text = read_file(folder_ + "/witness.json", 1u << 20);
  if (!text) return ok();
  const Json json = TRY(parse_json(text.value()));
  if (json.contains("seen") && json["seen"].is_object()) seen_ = TRY(read_document(json["seen"]));
  given_back_ = TRY(get_bool(json, "given_back"));
  countersigned_ = TRY(get_int(json, "countersigned"));
  if (json.contains("refused")) refused_ = json["refused"];
  return ok();
}

Result<void> Witness::save() const {
  const Json json = {{"seen", seen_ ? seen_->json : Json(nullptr)},
                     {"given_back", given_back_},
                     {"countersigned", countersigned_},
                     {"refused", refused_}};
  return write_file_atomically(folder_ + "/witness.json", json.dump(1) + "\n");
}

Result<Json> Witness::ask(const std::string& path) {
  http::HttpCall call;
  call.url = line_.url + path;
  call.timeout = std::chrono::seconds(10);
  call.reply_bytes_max = kReplyBytesMax;
  call.ca_file = line_.ca_file;
  call.certificate_file = line_.certificate_file;
  call.key_file = line_.key_file;
  const auto reply = TRY(http_.call(call));
  if (reply.status != 200)
    return retry("hub_refused", "The hub answered " + path + " with " + std::to_string(reply.status) + ".");
  return parse_json(reply.body);
}

Result<Witness::Document> Witness::read_document(const Json& json) const {
  Document document;
  document.payload = TRY(get_string(json, "head"));
  document.seal = TRY(from_base64(TRY(get_string(json, "seal"))));
  document.head = TRY(seal::parse_tree_head(document.payload));
  // What stands beside the sealed text is not kept: nobody vouches for it.
  document.json = {{"head", document.payload}, {"seal", to_base64(document.seal)}};
  return document;
}

Result<std::string> Witness::difference(const Document& next) {
  if (!seen_) return std::string();  // The first one is taken as it is: from here on nothing can be rewritten.
  const auto& before = seen_->head;
  const auto& after = next.head;
  if (after.log != before.log)
    return "The hub shows another log, " + after.log + " in the place of " + before.log + ".";
  if (after.size == before.size)
    return after.root == before.root ? std::string()
                                     : "Two heads of " + std::to_string(after.size) + " records have different roots.";
  const Json proof =
      TRY(ask("/api/v1/log/consistency?from=" + std::to_string(before.size) + "&to=" + std::to_string(after.size)));
  const auto hashes = hashes_of(proof);
  if (hashes && crypto::verify_consistency(crypto::TreeHash::sm3, before.size, before.root, after.size, after.root,
                                           hashes.value()))
    return std::string();
  return "The head of " + std::to_string(after.size) + " records does not go on from the head of " +
         std::to_string(before.size) + " that was seen before.";
}

Result<void> Witness::round() {
  if (!refused_.is_null()) return ok();
  auto next = TRY(read_document(TRY(ask("/api/v1/log/head"))));
  const auto report = seals_.verifier->verify_from("hub", next.seal, next.payload, clock_.now());
  if (!report.passed()) return seal::to_error(report);
  if (report.media_type != seal::kTreeHeadMedia)
    return refuse("head_seal_wrong", "The hub's seal on its head is one over something else.");
  if (seen_ && next.head.log == seen_->head.log && next.head.size < seen_->head.size) {
    // An older head is no second history yet: a restored hub shows one until its log has grown past what was seen.
    log_.warning("The hub shows a shorter log than before; nothing is countersigned.",
                 {{"seen", std::to_string(seen_->head.size)}, {"shown", std::to_string(next.head.size)}});
    return ok();
  }
  const std::string why = TRY(difference(next));
  if (!why.empty()) return refuse_log(why, next);
  if (!seen_ || next.head.size != seen_->head.size) {
    seen_ = std::move(next);
    given_back_ = false;
    CHECK_OK(save());
  }
  return given_back_ ? ok() : countersign();
}

Result<void> Witness::refuse_log(const std::string& why, const Document& next) {
  refused_ = {{"why", why},
              {"at", to_rfc3339(clock_.now())},
              {"seen", short_form(seen_->head)},
              {"shown", short_form(next.head)},
              {"document", next.json}};
  // Each with the hub's seal under it, in the form that zhida-verify reads: this is the proof against the hub. It is
  // there before anybody is told.
  CHECK_OK(write_file_atomically(folder_ + "/fork_seen.json", seen_->json.dump() + "\n"));
  CHECK_OK(write_file_atomically(folder_ + "/fork_shown.json", next.json.dump() + "\n"));
  CHECK_OK(save());
  log_.error("The hub's log has two histories: nothing is countersigned any more.",
             {{"why", why},
              {"seen", std::to_string(seen_->head.size)},
              {"shown", std::to_string(next.head.size)},
              {"evidence", folder_ + "/fork_seen.json, fork_shown.json"}});
  return ok();
}

Result<void> Witness::countersign() {
  const std::string name = "witness-" + std::to_string(seen_->head.size);
  const Bytes own = TRY(seals_.own->seal(seen_->payload, seal::kTreeHeadMedia, name, "", clock_.now()));
  http::HttpCall call;
  call.method = "POST";
  call.url = line_.url + "/api/v1/log/countersignatures";
  call.headers = {{"Content-Type", "application/json"},
                  {"Idempotency-Key", name + "-" + to_hex(crypto::octets_of(seen_->head.root)).substr(0, 16)}};
  call.body = Json{{"size", seen_->head.size}, {"seal", to_base64(own)}}.dump();
  call.timeout = std::chrono::seconds(10);
  call.reply_bytes_max = kReplyBytesMax;
  call.ca_file = line_.ca_file;
  call.certificate_file = line_.certificate_file;
  call.key_file = line_.key_file;
  const auto reply = TRY(http_.call(call));
  // An answer that got lost: the hub has it already.
  const auto said = parse_json(reply.body);
  const auto code = said ? get_string(said.value(), "code") : Result<std::string>(said.error());
  const bool there = code && code.value() == "countersignature_there";
  if (reply.status >= 300 && !there)
    return retry("hub_refused",
                 "The hub does not take the countersignature: " + std::to_string(reply.status) + " " + reply.body);
  given_back_ = true;
  ++countersigned_;
  return save();
}

}  // namespace zhida::treasury_simulator
