// The structures of GB/T 38540-2020 and of its successor in the GM/T line as read from strict DER. Views point into the
// received octets, which the caller keeps. For the sources of this folder only.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "seal/seal.h"

namespace zhida::seal {

inline constexpr std::size_t kStructureBytesMax = 1u << 20;
inline constexpr int kVersion4 = 4;  // GB/T 38540-2020
inline constexpr int kVersion5 = 5;  // GM/T 0031-2025

struct SealStructure {
  ByteView whole;  // SESeal
  ByteView info;   // SES_SealInfo with tag and length: what the maker signed.
  int version = 0;
  std::string vendor_id, es_id, name;
  int type = 0;
  int certificate_list_type = 0;           // 1 certificates, 2 digests
  std::vector<ByteView> certificate_list;  // DER of the certificates, or digest values.
  Instant created{}, valid_from{}, valid_to{};
  std::string picture_type;
  ByteView picture;
  int picture_width_mm = 0, picture_height_mm = 0;
  ByteView maker_certificate;
  std::string alg_oid;
  ByteView signed_value;
  std::optional<ByteView> timestamp;  // Version 5 only.
  std::vector<std::string> critical_extensions;
};

struct SignatureStructure {
  ByteView to_sign;  // TBS_Sign with tag and length: what the signer signed.
  SealStructure seal;
  Instant signed_at{};
  ByteView data_hash;
  std::string property_info;
  ByteView certificate;
  std::string alg_oid;
  ByteView signature;
  std::optional<ByteView> timestamp;
  bool has_extensions = false;
  std::vector<std::string> critical_extensions;
};

/// Strict DER, the structure, and whatever does not need a certificate (steps 5.1 a). Error `seal_malformed`; the
/// sentence names the element, and other generations of the structure by their name.
Result<SealStructure> read_seal_structure(ByteView der);
Result<SignatureStructure> read_signature_structure(ByteView der);

/// A report that says only that something could not be read.
Report format_report(std::string step, std::string detail);

/// Whether the seal's list names the certificate: byte-equal (type 1) or by digest (type 2).
bool seal_lists(const SealStructure& seal, Alg alg, ByteView certificate);
/// The same as a Result; error `signer_not_in_seal` says what to do.
Result<void> check_listed(const SealStructure& seal, Alg alg, const crypto::Certificate& certificate);

/// seal() for whoever has the hash already: the same checks, the same structure.
Result<Bytes> seal_digest(ByteView data_hash, std::string_view property_info, ByteView seal_der, const Signer& signer,
                          const Trust& trust, Instant now, const Timestamper& timestamper = {});

/// SES_SealInfo and what surrounds it.
Bytes write_seal_info(const SealSpec& spec, Alg alg, Instant created);
Bytes write_seal(ByteView info, ByteView maker_certificate, Alg alg, ByteView signed_value, ByteView timestamp = {});
Bytes write_to_sign(int version, ByteView seal_der, Instant signed_at, ByteView data_hash,
                    std::string_view property_info);
Bytes write_signature(ByteView to_sign, ByteView certificate, Alg alg, ByteView signature, ByteView timestamp = {});

/// propertyInfo of ours: `zhida/1;scope=all;md=sm3;len=…;ct=…;mid=…;trace=…`, values percent-encoded.
struct PropertyInfo {
  std::string scope, digest_name, media_type, message_id, trace_id;
  std::optional<std::uint64_t> length;
};
std::string write_property_info(const Properties& properties, Alg alg, std::size_t length,
                                std::string_view scope = "all");
/// Nothing where the text is not of our kind; error `property_info_malformed` where it says so but cannot be read.
Result<std::optional<PropertyInfo>> read_property_info(std::string_view text);

}  // namespace zhida::seal
