/// Electronic seals: making seals, sealing exact octets, verifying. Structure version 4 is GB/T 38540-2020; version 5
/// follows what is publicly known of GM/T 0031-2025, whose text nobody here has read.
///
/// Always holds: what is verified are the received octets, never a re-encoding; the clock is handed in; no function
/// throws. Any thread. Version 1 (GM/T 0031-2014) is recognised and refused by name.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "platform/crypto/algorithm.h"
#include "platform/crypto/digest.h"
#include "platform/crypto/signer.h"

namespace zhida::seal {

using crypto::Alg;
using crypto::Signer;

class Trust;

/// The first check that failed, in the order in which verify() asks (GB/T 38540 part 7 wants only for "an error code";
/// these are ours). The numbers are exit codes of zhida-verify and never change.
enum class Code : int {
  ok = 0,
  format = 1,
  alg = 2,
  sign_value = 3,
  signer_not_in_seal = 4,
  seal_sign_value = 5,
  seal_maker_cert = 6,
  seal_expired = 7,
  signer_cert = 8,
  sign_time = 9,
  signer_revoked = 10,
  data_hash = 11,
  timestamp = 12,
  seal_of_another_peer = 13,  ///< Valid, but not one of the seals agreed with this peer. Only SealVerifier says this.
};
std::string_view name_of(
    Code code);  ///< `ok`, `format`, …, `seal_of_another_peer`: also the error code to store and show.

struct Picture {
  std::string type{};  ///< `SVG`, `PNG`, …
  Bytes data{};
  int width_mm = 40;
  int height_mm = 40;
};

/// What a seal is made from.
struct SealSpec {
  std::string es_id{};                       ///< Unique id of the seal, ASCII.
  std::string vendor_id{};                   ///< ASCII.
  std::string name{};                        ///< UTF-8.
  int type = 1;                              ///< Application defined.
  std::vector<Bytes> signer_certificates{};  ///< DER; at least one.
  bool digests = true;                       ///< certListType 2 (digests, smaller) or 1 (whole certificates).
  Instant valid_from{};
  Instant valid_to{};
  Picture picture{};
  int version = 4;  ///< 4 or 5. Anything else is refused (`seal_version_unsupported`).
};

/// Gets a time-stamp token (DER) over the octets it is given: from an authority outside, or from a simulated one.
using Timestamper = std::function<Result<Bytes>(crypto::HashKind hash, ByteView stamped)>;

/// The seal (SESeal, DER), signed by the maker. With a trust, the maker's chain and revocation are checked first, as
/// version 5 wants; a version 5 seal is time-stamped where a timestamper is given. Errors `seal_spec_wrong`,
/// `seal_version_unsupported`, `signing_failed`, those of the timestamper.
Result<Bytes> make_seal(const SealSpec& spec, const Signer& maker, Instant now, const Trust* trust = nullptr,
                        const Timestamper& timestamper = {});

/// Bound into the signature as propertyInfo; any text, percent-encoded there.
struct Properties {
  std::string media_type{};
  std::string message_id{};
  std::string trace_id{};
};

/// Seals the exact octets: SES_Signature, DER. Checks the seal, the signer's certificate and that the seal lists it
/// first; a signer whose revocation status is unknown does not seal. Errors `seal_unusable`, `signer_unusable`,
/// `signer_not_in_seal`, `signing_failed`, those of the timestamper (over the signature value).
Result<Bytes> seal(ByteView payload, ByteView seal_der, const Signer& signer, const Properties& properties,
                   const Trust& trust, Instant now, const Timestamper& timestamper = {});
/// The same with a token that came later; what was there stays octet by octet. Errors `seal_malformed`,
/// `timestamp_there_already`.
Result<Bytes> add_timestamp(ByteView ses, ByteView token);
/// What a time-stamp of this signature is over: the signature value. Error `seal_malformed`.
Result<Bytes> stamped_octets(ByteView ses);

/// How a verifier wants to be convinced.
struct Policy {
  Instant now{};
  /// Judges the signer and the seal at a time that the signer could not choose: genTime of the time-stamp, or
  /// trusted_time. A signature with neither is refused with `timestamp`.
  bool require_trusted_time = false;
  /// Known to the caller from elsewhere, e.g. from a time-stamped tree head that includes the signature.
  std::optional<Instant> trusted_time{};
  bool require_revocation_status = false;  ///< No usable revocation list: refused instead of noted.
  bool all_findings = false;               ///< Go on behind the first failure and list the others too.
};

/// One check that failed.
struct Finding {
  Code code = Code::format;
  std::string
      step;  ///< The step of the verification, e.g. `5.1 b`: structure of the seal signature; `5.2 …`: of the seal.
  std::string detail;  ///< One sentence.
};

/// What a verification found. `code` is that of the first failing check; the other fields say what could be told.
struct Report {
  Code code = Code::ok;
  std::string step;               ///< Of the first failing check; empty when all passed.
  std::string detail;             ///< Of the first failing check; empty when all passed.
  std::vector<Finding> findings;  ///< The first failing check; with Policy::all_findings every one, in order.
  std::string es_id{};
  std::string seal_name;
  std::string signer_subject;
  std::string signer_fingerprint;       ///< SHA-256 of the certificate, hex.
  std::string serial;                   ///< Of the signer's certificate, hex.
  std::string alg;                      ///< `sm2-sm3`, `ecdsa-p256-sha256`, or the unknown OID.
  std::string data_hash;                ///< Hex, as signed.
  std::optional<Instant> trusted_at{};  ///< genTime of the time-stamp if it holds, or Policy::trusted_time.
  std::string time_authority{};         ///< Subject of the time-stamp authority, where there is a time-stamp.
  std::string batch{};                  ///< Id of the batch, where the signature is over one.
  Instant signed_at{};                  ///< The signer's own claim; the epoch where the structure could not be read.
  std::string message_id{};             ///< From propertyInfo, empty where the sealer wrote none.
  std::string trace_id{};
  std::string media_type{};
  std::vector<std::string> notes;  ///< True but not a failure, e.g. "expired since".

  bool passed() const { return code == Code::ok; }
};
Json to_json(const Report& report);
/// `seal_<name of the code>` with the detail, for a Result: e.g. `seal_data_hash`; fate refuse.
Error to_error(const Report& report);

Report verify(ByteView ses, ByteView payload, const Trust& trust, const Policy& policy);
/// Where only H(payload) is at hand (32 octets). The length written in propertyInfo is then not compared.
Report verify_digest(ByteView ses, ByteView digest, const Trust& trust, const Policy& policy);
/// The seal alone (steps a–g of 5.2), at policy.now.
Report verify_seal(ByteView seal_der, const Trust& trust, const Policy& policy);

/// What a seal file says about itself; nothing is verified but its form. Error `seal_malformed`.
struct SealSummary {
  std::string es_id, vendor_id, name;
  int version = 0, type = 0, certificate_list_type = 0;
  std::size_t certificates = 0;
  Instant created{}, valid_from{}, valid_to{};
  std::string maker_subject;
  std::string picture_type;
  std::size_t picture_bytes = 0;
  bool has_timestamp = false;
};
Result<SealSummary> read_seal(ByteView seal_der);
/// The picture's octets as they lie in a seal, or in the seal of a signature. Error `seal_malformed`.
Result<Picture> read_picture_of(ByteView seal_or_signature_der);
/// For people: everything readable in a seal or a seal signature, as JSON. Error `seal_malformed`.
Result<Json> describe(ByteView seal_or_signature_der);

}  // namespace zhida::seal
