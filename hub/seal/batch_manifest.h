// The manifest of a batch and the hash of a leaf. For the sources of this folder only.
#pragma once
#include "seal/batch.h"

namespace zhida::seal {

struct BatchManifest {
  Alg alg = Alg::sm2_sm3;
  std::string batch;
  crypto::NodeHash root{};
  std::uint64_t size = 0;
};
std::string write_manifest(const BatchManifest& manifest);
/// Canonical only, and nothing in it that is not known here. Error `manifest_malformed`.
Result<BatchManifest> read_manifest(ByteView text);

crypto::TreeHash tree_hash(Alg alg);
/// What a leaf is the hash of: digest || u16 length || propertyInfo.
Bytes leaf_octets(ByteView digest, std::string_view property_info);

}  // namespace zhida::seal
