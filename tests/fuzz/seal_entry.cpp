#include "seal_entry.h"

#include "platform/crypto/certificate.h"
#include "platform/crypto/der.h"
#include "seal/seal.h"
#include "seal/structure.h"
#include "seal/trust.h"

namespace zhida::test {

bool feed_seal_readers(ByteView octets) {
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
  static const seal::Trust kNobody({}, {}, {});
  taken |= seal::verify(octets, "payload", kNobody, seal::Policy{.all_findings = true}).passed();
  return taken;
}

}  // namespace zhida::test
