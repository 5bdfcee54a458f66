// A head of the audit log: which tree of which size had which root, sealed. Read here by the hub and by anyone who
// checks it offline (design: RFC 9162 signed tree heads, with a seal in the place of the bare signature).
#pragma once
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "platform/crypto/merkle_tree.h"

namespace zhida::seal {

/// What a head says. As text: canonical JSON `{"log":…,"root":hex,"size":n,"time":RFC 3339,"v":1}`, which is sealed.
struct TreeHead {
  std::string log;  ///< Which log: a UUID.
  std::uint64_t size = 0;
  crypto::NodeHash root{};
  Instant time{};
};

/// Bound into the seal as its media type, so that no other sealed JSON passes for a head.
inline constexpr const char* kTreeHeadMedia = "application/vnd.zhida.tree-head+json";

Bytes to_payload(const TreeHead& head);
/// The exact form that to_payload() gives, and nothing else. Error `tree_head_malformed`.
Result<TreeHead> parse_tree_head(ByteView payload);

/// The octets of the signature value inside an SES_Signature (DER SEQUENCE{r,s}): what a time-stamp is made over. Error
/// `seal_malformed`.
Result<Bytes> signature_value(ByteView ses);

}  // namespace zhida::seal
