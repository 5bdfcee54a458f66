#include "good_files.h"

#include "platform/crypto/timestamp.h"
#include "seal/carriage.h"
#include "seal/status_list.h"

namespace zhida::test {
using namespace std::chrono_literals;

GoodSealFiles::GoodSealFiles(const SealWorld& world) {
  const auto trust = world.trust();
  const std::vector<seal::ToSeal> messages{{kPayload, {}}, {"two", {}}, {"three", {}}};
  batch =
      seal::seal_batch(seal::batch_members(world.alg, messages), world.seal_der, *world.signer.signer, *trust, kSealed)
          .value()[0];
  const auto request = crypto::make_timestamp_request(crypto::HashKind::sm3, kPayload);
  const Bytes token = world.stamps_at(kSealed)(crypto::HashKind::sm3, kPayload).value();
  der = {world.sign_unchecked(world.signer, world.seal_der),
         world.seal_der,
         world.signer.certificate().der(),
         world.root.revocation_list({{world.maker.certificate(), kNow}}, kFrom, kTo).value().der(),
         world.seal_of_version_5(world.signer, world.maker, world.stamps_at(kFrom + 1h)),
         token,
         crypto::write_timestamp_request(request)};
  proofs = {seal::write_proof_json(*batch.proof), seal::to_compact(batch.ses).value(), seal::pack(batch, true).octets,
            seal::pack(batch, false).octets,
            seal::write_status_list({.number = 1, .issued = kFrom, .next = kTo, .revoked = {{"S", kTo}}})};
}

}  // namespace zhida::test
