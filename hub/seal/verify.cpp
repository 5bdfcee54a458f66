// Verification in the order of GB/T 38540 part 7. The comments name the steps as Finding::step does.
#include <algorithm>

#include "platform/crypto/digest.h"
#include "seal/seal.h"
#include "seal/structure.h"
#include "seal/trust.h"
#include "seal/trust_cache.h"

namespace zhida::seal {
namespace {

using crypto::Certificate;
using crypto::ChainCheck;

constexpr auto kClockTolerance = 5min;

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

  void signature(ByteView ses, const ByteView* payload, ByteView payload_digest);
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
  void maker_steps(const SealStructure& seal, const SealFacts& facts);
  void signer_steps(const Certificate& signer, Instant signed_at);
  void payload_steps(const SignatureStructure& signature, Alg alg, const ByteView* payload, ByteView payload_digest);
  void note_status(const ChainCheck& chain, const char* whose, Code code, const char* step);

  const Trust& trust_;
  const Policy& policy_;
  Report report_;
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

void Verification::seal_steps(const SealStructure& seal, const Certificate& maker, Alg alg, Instant moment) {
  const Bytes key = crypto::sha256(seal.whole);
  auto facts = trust_.cache().find_seal(key);
  if (!facts) {
    if (!maker.verifies(alg, seal.info, seal.signed_value)) {  // 5.2 b
      fail(Code::seal_sign_value, "5.2 b", "The seal maker's signature value does not fit the seal.");
    }
    facts = SealFacts{maker, trust_.chains().check(maker, seal.created)};
    const bool holds = go_on() && facts->maker_chain.verdict == ChainCheck::Verdict::good && report_.findings.empty();
    if (holds) trust_.cache().keep_seal(key, *facts);
  }
  if (!go_on()) return;
  maker_steps(seal, *facts);
  if (!go_on()) return;
  if (moment < seal.valid_from || moment > seal.valid_to) {  // 5.2 e
    fail(Code::seal_expired, "5.2 e",
         "The seal is valid from " + at(seal.valid_from) + " to " + at(seal.valid_to) + ", which does not include " +
             at(moment) + ".");
  }
  if (!go_on()) return;
  if (const auto since = trust_.seal_revoked_since(seal.es_id)) {  // 5.2 g
    if (*since <= moment) {
      fail(Code::seal_expired, "5.2 g", "This is a revoked seal: the status list revokes it since " + at(*since) + ".");
    } else {
      note("The seal was revoked at " + at(*since) + ", after it was used.");
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
void Verification::payload_steps(const SignatureStructure& signature, Alg alg, const ByteView* payload,
                                 ByteView payload_digest) {
  constexpr auto kStep = "5.1 g";
  const Bytes actual = payload != nullptr ? crypto::digest(alg, *payload) : Bytes(payload_digest);
  if (!crypto::constant_time_equal(signature.data_hash, actual)) {
    fail(Code::data_hash, kStep,
         "The payload is not what was sealed: its " + std::string(crypto::digest_name(alg)) + " is " + to_hex(actual) +
             ", the sealed one is " + to_hex(signature.data_hash) + ".");
    return;
  }
  const auto read = read_property_info(signature.property_info);
  if (!read) {
    fail(Code::data_hash, kStep, read.error().message);
    return;
  }
  if (!read.value()) return;  // Somebody else's habit; nothing there is binding for us.
  const PropertyInfo& info = *read.value();
  report_.media_type = info.media_type;
  report_.message_id = info.message_id;
  report_.trace_id = info.trace_id;
  if (info.scope == "batch") {
    fail(Code::data_hash, kStep, "This signature is of a batch; batch proofs are not verified by this version.");
  } else if (info.scope != "all") {
    fail(Code::data_hash, kStep, "propertyInfo names the scope \"" + info.scope + "\", not the whole payload.");
  } else if (payload != nullptr && info.length != payload->size()) {
    fail(Code::data_hash, kStep,
         "propertyInfo names another length than the payload's " + std::to_string(payload->size()) + " octets.");
  } else if (!info.digest_name.empty() && info.digest_name != crypto::digest_name(alg)) {
    fail(Code::data_hash, kStep, "propertyInfo names the hash " + info.digest_name + ", the signature uses another.");
  }
}

void Verification::signature(ByteView ses, const ByteView* payload, ByteView payload_digest) {
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
  if (!signer.value().verifies(*alg, signature.to_sign, signature.signature)) {  // 5.1 b
    fail(Code::sign_value, "5.1 b", "The signature value does not fit toSign and the key of the signer's certificate.");
  }
  if (!go_on()) return;
  if (!seal_lists(signature.seal, *alg, signature.certificate)) {  // 5.1 c
    fail(Code::signer_not_in_seal, "5.1 c",
         "The seal does not list the certificate of the signer; if it was renewed, the seal has to be made again.");
  }
  if (!go_on()) return;
  seal_steps(signature.seal, maker.value(), *seal_alg, signature.signed_at);  // 5.1 d
  if (!go_on()) return;
  signer_steps(signer.value(), signature.signed_at);  // 5.1 e, f, f'
  if (!go_on()) return;
  payload_steps(signature, *alg, payload, payload_digest);  // 5.1 g
  if (!go_on()) return;
  if (signature.has_timestamp) {  // 5.1 h
    fail(Code::timestamp, "5.1 h", "The signature has a time-stamp, which this version cannot verify.");
  } else if (policy_.require_trusted_time) {
    fail(Code::timestamp, "5.1 h", "A trusted time is required, and the signature has no time-stamp.");
  }
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
  verification.signature(ses, &payload, {});
  return verification.take_report();
}

Report verify_digest(ByteView ses, ByteView digest, const Trust& trust, const Policy& policy) {
  Verification verification(trust, policy);
  verification.signature(ses, nullptr, digest);
  return verification.take_report();
}

Report verify_seal(ByteView seal_der, const Trust& trust, const Policy& policy) {
  Verification verification(trust, policy);
  verification.seal_alone(seal_der);
  return verification.take_report();
}

}  // namespace zhida::seal
