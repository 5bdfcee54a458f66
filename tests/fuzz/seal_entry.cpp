#include "seal_entry.h"

#include <cstdlib>

#include "platform/crypto/certificate.h"
#include "platform/crypto/der.h"
#include "platform/crypto/timestamp.h"
#include "seal/carriage.h"
#include "seal/seal.h"
#include "seal/status_list.h"
#include "seal/structure.h"
#include "seal/trust.h"

namespace zhida::test {

bool feed_proof_readers(ByteView octets) {
  static const seal::Trust kNobody({}, {}, {});
  static const seal::SealStore kEmpty;
  bool taken = seal::read_status_list(octets).has_value();
  if (const auto proof = seal::read_proof_json(octets)) {
    taken = true;
    // What was read is written again as it came: there is one form only.
    if (seal::write_proof_json(proof.value()) != octets) std::abort();
    (void)seal::verify_in_batch("", proof.value(), "payload", kNobody, seal::Policy{.all_findings = true});
  }
  for (const seal::Form form : {seal::Form::compact, seal::Form::batch}) {
    const auto evidence = seal::unpack(form, octets, kEmpty, "payload");
    if (!evidence) {
      taken |= evidence.error().code == "seal_unknown";  // It was read to its end.
      continue;
    }
    taken = true;
    if (seal::verify(evidence.value(), "payload", kNobody, {}).passed()) std::abort();
  }
  return taken;
}

bool feed_der_readers(ByteView octets) {
  bool taken = crypto::Certificate::parse(octets).has_value();
  taken |= crypto::RevocationList::parse(octets).has_value();
  taken |= seal::describe(octets).has_value();
  (void)seal::read_property_info(octets);
  const auto strict = crypto::der::check_strict(octets);
  if (strict) {
    // What passed as strict must be readable element by element to its end.
    crypto::der::Reader reader(octets);
    taken |= reader.any("The outer element").has_value() && reader.at_end();
  }
  taken |= crypto::read_timestamp_token(octets).has_value();
  taken |= crypto::read_timestamp_request(octets).has_value();
  taken |= crypto::read_timestamp_response(octets, {}).has_value();
  static const seal::Trust kNobody({}, {}, {});
  (void)crypto::verify_timestamp_token(octets, "payload", {.authorities = kNobody.chains()});
  taken |= seal::verify(octets, "payload", kNobody, seal::Policy{.all_findings = true}).passed();
  return taken;
}

}  // namespace zhida::test
