// Verification in the order of GB/T 38540 part 7. The comments name the steps as Finding::step does.
#include <algorithm>

#include "platform/crypto/digest.h"
#include "platform/crypto/timestamp.h"
#include "seal/batch_manifest.h"
#include "seal/seal.h"
#include "seal/structure.h"
#include "seal/trust.h"
#include "seal/trust_cache.h"

namespace zhida::seal {
namespace {

using crypto::Certificate;
using crypto::ChainCheck;

constexpr auto kClockTolerance = 5min;
constexpr auto kStampTolerance = 1s;  // timeInfo is written in whole seconds, by another clock than genTime.

// What the sealed octets are: a message, or the manifest of a batch. A seal for the one is not good for the other.
enum class Scope { all, batch };

// Either the octets or their hash.
struct Payload {
  const ByteView* octets = nullptr;
  ByteView digest;
  Bytes hash(Alg alg) const { return octets != nullptr ? crypto::digest(alg, *octets) : Bytes(digest); }
};

std::string at(Instant moment) {
  return to_generalized_time(moment);
}

/// One verification under way. Each step adds its finding; go_on() says whether the next one is wanted.
class Verification {
 public:
  Verification(const Trust& trust, const Policy& policy) : trust_(trust), policy_(policy) {}

  Report take_report() {
    if (!report_.findings.empty()) {
      report_.code = report_.findings.front().code;
      report_.step = report_.findings.front().step;
      report_.detail = report_.findings.front().detail;
    }
    return std::move(report_);
  }

  void signature(ByteView ses, const Payload& payload, Scope scope);
  void batch_member(ByteView ses, const BatchProof& proof, const Payload& payload);
  void seal_alone(ByteView seal_der);

 private:
  void fail(Code code, std::string step, std::string detail) {
    report_.findings.push_back({code, std::move(step), std::move(detail)});
  }
  void note(std::string text) { report_.notes.push_back(std::move(text)); }
  bool go_on() const { return report_.findings.empty() || policy_.all_findings; }

  std::optional<Alg> known_alg(const std::string& oid, const char* step, const char* what);
  void describe(const SignatureStructure& signature);
  void describe(const SealStructure& seal);
  void seal_steps(const SealStructure& seal, const Certificate& maker, Alg alg, Instant moment);
  std::shared_ptr<const SealFacts> find_seal_facts(const SealStructure& seal, const Certificate& maker, Alg alg);
  void maker_steps(const SealStructure& seal, const SealFacts& facts);
  void signer_steps(const Certificate& signer, Instant moment);
  void payload_steps(const SignatureStructure& signature, Alg alg, const Payload& payload, Scope scope);
  void property_steps(const PropertyInfo& info, Alg alg, const Payload& payload, std::string_view scope);
  bool signature_fits(const SignatureStructure& signature, const Certificate& signer, Alg alg, ByteView ses,
                      Scope scope);
  std::optional<Error> read_timestamp(const SignatureStructure& signature);
  Result<crypto::TimestampToken> check_timestamp(ByteView token, ByteView stamped) const;
  void note_status(const ChainCheck& chain, const char* whose, Code code, const char* step);

  const Trust& trust_;
  const Policy& policy_;
  Report report_;
  std::string seal_timestamp_fault_;
};

std::optional<Alg> Verification::known_alg(const std::string& oid, const char* step, const char* what) {
  const auto alg = crypto::alg_of_signature_oid(oid);
  if (!alg) {
    fail(Code::alg, step, std::string(what) + " " + oid + " is not an algorithm known here.");
  } else if (!trust_.allows(*alg)) {
    fail(Code::alg, step,
         std::string(what) + " " + std::string(crypto::name_of(*alg)) + " is not allowed by the trust policy.");
    return alg;
  }
  return alg;
}

void Verification::describe(const SealStructure& seal) {
  report_.es_id = seal.es_id;
  report_.seal_name = seal.name;
  for (const auto& id : seal.critical_extensions)
    note("The seal has the critical extension " + id + ", which is not known here.");
}

void Verification::describe(const SignatureStructure& signature) {
  describe(signature.seal);
  const auto alg = crypto::alg_of_signature_oid(signature.alg_oid);
  report_.alg = alg ? std::string(crypto::name_of(*alg)) : signature.alg_oid;
  report_.data_hash = to_hex(signature.data_hash);
  report_.signed_at = signature.signed_at;
  for (const auto& id : signature.critical_extensions) {
    note("The signature has the critical extension " + id + ", which is not known here.");
  }
}

// Expiry and revocation of the revocation lists themselves: a note, or a failure where the policy asks for certainty.
void Verification::note_status(const ChainCheck& chain, const char* whose, Code code, const char* step) {
  std::string what;
  if (!chain.status_until) {
    what = std::string("No usable revocation list covers the chain of the ") + whose + ".";
  } else if (*chain.status_until < policy_.now) {
    what =
        std::string("The revocation list for the ") + whose + " is out of date since " + at(*chain.status_until) + ".";
  } else {
    return;
  }
  if (policy_.require_revocation_status) {
    fail(code, step, what);
  } else {
    note(what);
  }
}

// 5.2 d: judged at createDate, since what was sound when the seal was made stays sound.
void Verification::maker_steps(const SealStructure& seal, const SealFacts& facts) {
  constexpr auto kStep = "5.2 d";
  const ChainCheck& chain = facts.maker_chain;
  if (chain.verdict == ChainCheck::Verdict::not_trusted) {
    fail(Code::seal_maker_cert, kStep,
         "The seal maker's certificate was not trusted when the seal was made, " + at(seal.created) + ": " +
             chain.detail + ".");
    return;
  }
  if (chain.verdict == ChainCheck::Verdict::revoked) {
    fail(Code::seal_maker_cert, kStep, "The seal maker was revoked when the seal was made: " + chain.detail + ".");
    return;
  }
  if (!facts.maker.may_sign_seals()) {
    fail(Code::seal_maker_cert, kStep,
         "The key usage of the seal maker's certificate does not allow it to sign seals.");
    return;
  }
  if (chain.revoked_at) note("The seal maker was revoked at " + at(*chain.revoked_at) + ", after the seal was made.");
  if (policy_.now > chain.valid_to)
    note("The seal maker's chain has expired at " + at(chain.valid_to) + ", after the seal was made.");
  note_status(chain, "seal maker", Code::seal_maker_cert, kStep);
}

Result<crypto::TimestampToken> Verification::check_timestamp(ByteView token, ByteView stamped) const {
  return crypto::verify_timestamp_token(token, stamped,
                                        {.authorities = trust_.time_authorities(),
                                         .now = policy_.now,
                                         .allowed = trust_.allowed(),
                                         .require_revocation_status = policy_.require_revocation_status,
                                         .certificates = trust_.intermediates()});
}

// 5.2 b to d and f, as far as they do not depend on when the seal was used.
std::shared_ptr<const SealFacts> Verification::find_seal_facts(const SealStructure& seal, const Certificate& maker,
                                                               Alg alg) {
  if (auto known = trust_.cache().find_seal(seal.whole)) return known;
  const std::size_t failures_before = report_.findings.size();
  if (!maker.verifies(alg, seal.info, seal.signed_value)) {  // 5.2 b
    fail(Code::seal_sign_value, "5.2 b", "The seal maker's signature value does not fit the seal.");
  }
  auto facts = std::make_shared<SealFacts>(SealFacts{maker, trust_.chains().check(maker, seal.created), std::nullopt});
  bool holds = report_.findings.size() == failures_before && facts->maker_chain.verdict == ChainCheck::Verdict::good;
  if (go_on() && seal.timestamp) {
    auto token = check_timestamp(*seal.timestamp, seal.signed_value);
    if (token) {
      facts->timestamp = std::move(token.value());
    } else {
      seal_timestamp_fault_ = token.error().message;
    }
    // What the revocation lists say of the authority depends on the policy: only a token without remarks is kept.
    holds = holds && facts->timestamp && facts->timestamp->notes.empty();
  }
  if (holds) trust_.cache().keep_seal(seal.whole, facts);
  return facts;
}

void Verification::seal_steps(const SealStructure& seal, const Certificate& maker, Alg alg, Instant moment) {
  const auto known = find_seal_facts(seal, maker, alg);
  const SealFacts& facts = *known;
  if (!go_on()) return;
  maker_steps(seal, facts);
  if (!go_on()) return;
  if (moment < seal.valid_from || moment > seal.valid_to) {  // 5.2 e
    fail(Code::seal_expired, "5.2 e",
         "The seal is valid from " + at(seal.valid_from) + " to " + at(seal.valid_to) + ", which does not include " +
             at(moment) + ".");
  }
  if (!go_on()) return;
  if (!seal_timestamp_fault_.empty()) {  // 5.2 f
    fail(Code::timestamp, "5.2 f", "The seal's time-stamp: " + seal_timestamp_fault_);
  } else if (facts.timestamp) {
    for (const auto& text : facts.timestamp->notes) note(text);
    if (seal.created > facts.timestamp->time + kStampTolerance) {
      fail(Code::timestamp, "5.2 f",
           "The seal says that it was made at " + at(seal.created) + ", but it was time-stamped before that, at " +
               at(facts.timestamp->time) + ".");
    }
  }
  if (!go_on()) return;
  if (const auto since = trust_.seal_revoked_since(seal.es_id)) {  // 5.2 g
    if (*since <= moment) {
      fail(Code::seal_expired, "5.2 g", "This is a revoked seal: the status list revokes it since " + at(*since) + ".");
    } else {
      note("The seal was revoked at " + at(*since) + ", after it was used.");
    }
  }
  const auto& next_list = trust_.status_list().next;
  if (next_list && *next_list < policy_.now) {
    const std::string what = "The seal status list is out of date since " + at(*next_list) + ".";
    if (policy_.require_revocation_status) {
      fail(Code::seal_expired, "5.2 g", what);
    } else {
      note(what);
    }
  }
}

void Verification::signer_steps(const Certificate& signer, Instant signed_at) {
  if (!signer.valid_at(signed_at)) {  // 5.1 e
    fail(Code::sign_time, "5.1 e",
         "The signing time " + at(signed_at) + " lies outside the validity of the signer's certificate, " +
             at(signer.not_before()) + " to " + at(signer.not_after()) + ".");
  } else if (signed_at > policy_.now + kClockTolerance) {
    fail(Code::sign_time, "5.1 e", "The signing time " + at(signed_at) + " lies in the future.");
  }
  if (!go_on()) return;
  const ChainCheck chain = trust_.chains().check(signer, signed_at);
  if (chain.verdict == ChainCheck::Verdict::not_trusted) {  // 5.1 f
    fail(Code::signer_cert, "5.1 f",
         "The signer's certificate was not trusted at the signing time: " + chain.detail + ".");
  } else if (!signer.may_sign_seals()) {
    fail(Code::signer_cert, "5.1 f", "The key usage of the signer's certificate does not allow it to sign.");
  } else {
    note_status(chain, "signer", Code::signer_cert, "5.1 f");
  }
  if (!go_on()) return;
  if (chain.verdict == ChainCheck::Verdict::revoked) {  // 5.1 f'
    fail(Code::signer_revoked, "5.1 f'", "The signer was revoked when it signed: " + chain.detail + ".");
  } else if (chain.revoked_at) {
    note("The signer was revoked at " + at(*chain.revoked_at) + ", after it signed.");
  }
  if (chain.verdict == ChainCheck::Verdict::good && policy_.now > chain.valid_to) {
    note("The signer's chain has expired at " + at(chain.valid_to) + ", after it signed.");
  }
}

// 5.1 g: the octets, and what propertyInfo says about them.
void Verification::payload_steps(const SignatureStructure& signature, Alg alg, const Payload& payload, Scope scope) {
  constexpr auto kStep = "5.1 g";
  const Bytes actual = payload.hash(alg);
  if (!crypto::constant_time_equal(signature.data_hash, actual)) {
    fail(Code::data_hash, kStep,
         "The payload is not what was sealed: its " + std::string(crypto::digest_name(alg)) + " is " + to_hex(actual) +
             ", the sealed one is " + to_hex(signature.data_hash) + ".");
    return;
  }
  const auto read = read_property_info(signature.property_info);
  if (!read) return fail(Code::data_hash, kStep, read.error().message);
  if (read.value()) return property_steps(*read.value(), alg, payload, scope == Scope::batch ? "batch" : "all");
  // Somebody else's habit; nothing there is binding for us. But a batch is a habit of ours alone.
  if (scope == Scope::batch)
    fail(Code::data_hash, kStep, "propertyInfo does not say that this is the seal of a batch.");
}

void Verification::property_steps(const PropertyInfo& info, Alg alg, const Payload& payload, std::string_view scope) {
  constexpr auto kStep = "5.1 g";
  report_.media_type = info.media_type;
  report_.message_id = info.message_id;
  report_.trace_id = info.trace_id;
  if (info.scope != scope) {
    fail(Code::data_hash, kStep,
         info.scope == "batch"
             ? "This is the seal of a batch: the message's own proof is needed too."
             : "propertyInfo names the scope \"" + info.scope + "\" in the place of \"" + std::string(scope) + "\".");
  } else if (payload.octets != nullptr && info.length != payload.octets->size()) {
    fail(Code::data_hash, kStep,
         "propertyInfo names another length than the payload's " + std::to_string(payload.octets->size()) + " octets.");
  } else if (!info.digest_name.empty() && info.digest_name != crypto::digest_name(alg)) {
    fail(Code::data_hash, kStep, "propertyInfo names the hash " + info.digest_name + ", the signature uses another.");
  }
}

bool Verification::signature_fits(const SignatureStructure& signature, const Certificate& signer, Alg alg, ByteView ses,
                                  Scope scope) {
  if (scope == Scope::all) return signer.verifies(alg, signature.to_sign, signature.signature);
  if (trust_.cache().has_batch(ses)) return true;
  if (!signer.verifies(alg, signature.to_sign, signature.signature)) return false;
  trust_.cache().keep_batch(ses);
  return true;
}

// 5.1 h, asked before e, because the policy may want the time that the token gives. The finding takes its place in the
// order all the same.
std::optional<Error> Verification::read_timestamp(const SignatureStructure& signature) {
  report_.trusted_at = policy_.trusted_time;
  std::optional<Error> fault;
  if (signature.timestamp) {
    const auto token = check_timestamp(*signature.timestamp, signature.signature);
    if (!token) return token.error();
    report_.time_authority = token.value().authority.front().subject();
    for (const auto& text : token.value().notes) note(text);
    const Instant time = token.value().time;
    report_.trusted_at = report_.trusted_at ? std::min(*report_.trusted_at, time) : time;
  }
  if (report_.trusted_at && signature.signed_at > *report_.trusted_at + kStampTolerance) {
    return refuse("timestamp_before_signing", "The signing time " + at(signature.signed_at) +
                                                  " lies behind the trusted time " + at(*report_.trusted_at) + ".");
  }
  if (!report_.trusted_at && policy_.require_trusted_time) {
    return refuse("timestamp_missing", "A trusted time is required, and the signature has no time-stamp.");
  }
  return std::nullopt;
}

void Verification::signature(ByteView ses, const Payload& payload, Scope scope) {
  const auto read = read_signature_structure(ses);  // 5.1 a
  if (!read) return fail(Code::format, "5.1 a", read.error().message);
  const SignatureStructure& signature = read.value();
  describe(signature);
  const auto signer = trust_.cache().parse_certificate(signature.certificate);
  if (!signer) return fail(Code::format, "5.1 a", "The signer's certificate: " + signer.error().message);
  report_.signer_subject = signer.value().subject();
  report_.signer_fingerprint = signer.value().fingerprint();
  report_.serial = signer.value().serial();
  const auto maker = trust_.cache().parse_certificate(signature.seal.maker_certificate);
  if (!maker) return fail(Code::format, "5.1 a", "The seal maker's certificate: " + maker.error().message);

  const auto alg = known_alg(signature.alg_oid, "5.1 a'", "signatureAlgID");  // 5.1 a'
  if (!alg || !go_on()) return;
  const auto seal_alg = known_alg(signature.seal.alg_oid, "5.1 a'", "The seal's signAlgID");
  if (!seal_alg || !go_on()) return;
  if (*alg != *seal_alg) fail(Code::alg, "5.1 a'", "Seal and signature use algorithms of different families.");
  if (!go_on()) return;
  if (!signature_fits(signature, signer.value(), *alg, ses, scope)) {  // 5.1 b
    fail(Code::sign_value, "5.1 b", "The signature value does not fit toSign and the key of the signer's certificate.");
  }
  if (!go_on()) return;
  if (!seal_lists(signature.seal, *alg, signature.certificate)) {  // 5.1 c
    fail(Code::signer_not_in_seal, "5.1 c",
         "The seal does not list the certificate of the signer; if it was renewed, the seal has to be made again.");
  }
  if (!go_on()) return;
  const auto timestamp_fault = read_timestamp(signature);
  const Instant moment = policy_.require_trusted_time && !timestamp_fault ? *report_.trusted_at : signature.signed_at;
  seal_steps(signature.seal, maker.value(), *seal_alg, moment);  // 5.1 d
  if (!go_on()) return;
  signer_steps(signer.value(), moment);  // 5.1 e, f, f'
  if (!go_on()) return;
  payload_steps(signature, *alg, payload, scope);  // 5.1 g
  if (!go_on()) return;
  if (timestamp_fault) fail(Code::timestamp, "5.1 h", timestamp_fault->message);  // 5.1 h
}

void Verification::batch_member(ByteView ses, const BatchProof& proof, const Payload& payload) {
  constexpr auto kStep = "8";
  const auto manifest = read_manifest(proof.manifest);
  if (!manifest) return fail(Code::format, kStep, "The manifest of the batch: " + manifest.error().message);
  const ByteView text = proof.manifest;
  signature(ses, Payload{.octets = &text, .digest = {}}, Scope::batch);
  report_.batch = manifest.value().batch;
  report_.media_type.clear();  // They were those of the manifest.
  report_.message_id.clear();
  report_.trace_id.clear();
  if (!go_on() || (!report_.findings.empty() && report_.findings.front().code == Code::format)) return;
  const Alg alg = manifest.value().alg;
  if (report_.alg != crypto::name_of(alg)) {
    fail(Code::alg, kStep, "The tree of the batch uses another hash than the seal over it.");
  }
  if (!go_on()) return;
  const Bytes digest = payload.hash(alg);
  report_.data_hash = to_hex(digest);
  const auto leaf = crypto::leaf_hash(tree_hash(alg), leaf_octets(digest, proof.property_info));
  const bool included = proof.property_info.size() <= 0xffff &&
                        crypto::verify_inclusion(tree_hash(alg), leaf, proof.index, manifest.value().size, proof.path,
                                                 manifest.value().root);
  if (!included) {
    fail(Code::data_hash, kStep,
         "The payload with its propertyInfo is not member " + std::to_string(proof.index) + " of the batch " +
             manifest.value().batch + " of " + std::to_string(manifest.value().size) + ".");
    if (!go_on()) return;
  }
  const auto info = read_property_info(proof.property_info);
  if (!info) return fail(Code::data_hash, kStep, info.error().message);
  if (!info.value()) return fail(Code::data_hash, kStep, "The member's propertyInfo is not of the known kind.");
  property_steps(*info.value(), alg, payload, "all");
}

void Verification::seal_alone(ByteView seal_der) {
  const auto read = read_seal_structure(seal_der);
  if (!read) return fail(Code::format, "5.2 a", read.error().message);
  describe(read.value());
  const auto maker = trust_.cache().parse_certificate(read.value().maker_certificate);
  if (!maker) return fail(Code::format, "5.2 a", "The seal maker's certificate: " + maker.error().message);
  const auto alg = known_alg(read.value().alg_oid, "5.2 a", "signAlgID");
  if (!alg || !go_on()) return;
  report_.alg = std::string(crypto::name_of(*alg));
  seal_steps(read.value(), maker.value(), *alg, policy_.now);
}

}  // namespace

std::string_view name_of(Code code) {
  static constexpr std::string_view kNames[] = {"ok",
                                                "format",
                                                "alg",
                                                "sign_value",
                                                "signer_not_in_seal",
                                                "seal_sign_value",
                                                "seal_maker_cert",
                                                "seal_expired",
                                                "signer_cert",
                                                "sign_time",
                                                "signer_revoked",
                                                "data_hash",
                                                "timestamp",
                                                "seal_of_another_peer"};
  return kNames[static_cast<std::size_t>(code)];
}

Report verify(ByteView ses, ByteView payload, const Trust& trust, const Policy& policy) {
  Verification verification(trust, policy);
  verification.signature(ses, Payload{.octets = &payload, .digest = {}}, Scope::all);
  return verification.take_report();
}

Report verify_digest(ByteView ses, ByteView digest, const Trust& trust, const Policy& policy) {
  Verification verification(trust, policy);
  verification.signature(ses, Payload{.octets = nullptr, .digest = digest}, Scope::all);
  return verification.take_report();
}

Report verify_in_batch(ByteView ses, const BatchProof& proof, ByteView payload, const Trust& trust,
                       const Policy& policy) {
  Verification verification(trust, policy);
  verification.batch_member(ses, proof, Payload{.octets = &payload, .digest = {}});
  return verification.take_report();
}

Report verify_digest_in_batch(ByteView ses, const BatchProof& proof, ByteView digest, const Trust& trust,
                              const Policy& policy) {
  Verification verification(trust, policy);
  verification.batch_member(ses, proof, Payload{.octets = nullptr, .digest = digest});
  return verification.take_report();
}

Report verify(const Evidence& evidence, ByteView payload, const Trust& trust, const Policy& policy) {
  return evidence.proof ? verify_in_batch(evidence.ses, *evidence.proof, payload, trust, policy)
                        : verify(evidence.ses, payload, trust, policy);
}

Report verify_seal(ByteView seal_der, const Trust& trust, const Policy& policy) {
  Verification verification(trust, policy);
  verification.seal_alone(seal_der);
  return verification.take_report();
}

}  // namespace zhida::seal
