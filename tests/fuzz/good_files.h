// What the mutations begin with: one file of each kind that strangers send, all of them sound.
#pragma once
#include <vector>

#include "seal/batch.h"
#include "seal_world.h"

namespace zhida::test {

struct GoodSealFiles {
  explicit GoodSealFiles(const SealWorld& world);

  seal::Evidence batch;       ///< Of kPayload among three messages.
  std::vector<Bytes> der;     ///< Seals of both versions, signatures, certificates, revocation lists, time-stamps.
  std::vector<Bytes> proofs;  ///< Proofs of batches, compact forms, seal status lists.
};

}  // namespace zhida::test
