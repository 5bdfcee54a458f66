// One seal over many messages: a hash tree (RFC 9162) over what is sent together, its root in a small manifest, one
// ordinary seal over the manifest. Each message travels with its own proof; any verifier of the standard verifies the
// seal, and the way from the message to the root is twenty lines more (docs/seal.md).
//
//   leaf     = H(0x00 || H(payload) || u16 length of propertyInfo || propertyInfo), propertyInfo as in a plain seal
//   node     = H(0x01 || left || right)
//   manifest = canonical JSON {"alg":"sm3"|"sha256","batch":uuid,"root":hex,"size":n,"v":1}
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "platform/crypto/merkle_tree.h"
#include "seal/seal.h"

namespace zhida::seal {

inline constexpr std::size_t kBatchLeavesMax = 512;

/// What one message contributes.
struct BatchMember {
  Bytes digest{};               ///< H(payload), 32 octets.
  std::string property_info{};  ///< At most 65535 octets, ASCII.
};
struct ToSeal {
  ByteView payload;
  Properties properties{};
};
/// Hashes side by side where that is faster. One member an item, in order.
std::vector<BatchMember> batch_members(Alg alg, std::span<const ToSeal> messages);

/// The way from one message to the sealed manifest.
struct BatchProof {
  Bytes manifest{};             ///< The exact octets that are sealed.
  std::string property_info{};  ///< Of this member.
  std::uint64_t index = 0;
  std::vector<crypto::NodeHash> path{};
};

/// What proves one message: a plain seal over it, or the seal of its batch and the way there. Archives and hand-over
/// keep exactly this, with the payload.
struct Evidence {
  Bytes ses{};
  std::optional<BatchProof> proof{};
};

/// One evidence a member, in order. A batch of one is a plain seal. Errors `batch_empty`, `batch_too_large`,
/// `batch_member_wrong`; those of seal().
Result<std::vector<Evidence>> seal_batch(std::span<const BatchMember> members, ByteView seal_der, const Signer& signer,
                                         const Trust& trust, Instant now, const Timestamper& timestamper = {});

/// proof.json: canonical JSON {"index":i,"manifest":text,"path":[hex…],"property_info":text,"v":1}.
std::string write_proof_json(const BatchProof& proof);
Result<BatchProof> read_proof_json(ByteView text);  ///< Canonical only. Error `proof_malformed`.

/// verify() of the seal over the manifest, which must say scope=batch, then the way from the payload to the root:
/// a wrong manifest or proof gives `format`, a payload that is not at this place of the batch `data_hash`.
Report verify_in_batch(ByteView ses, const BatchProof& proof, ByteView payload, const Trust& trust,
                       const Policy& policy);
Report verify_digest_in_batch(ByteView ses, const BatchProof& proof, ByteView digest, const Trust& trust,
                              const Policy& policy);
/// Whichever of the two the evidence is.
Report verify(const Evidence& evidence, ByteView payload, const Trust& trust, const Policy& policy);

}  // namespace zhida::seal
