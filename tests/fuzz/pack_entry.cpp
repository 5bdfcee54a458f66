#include "pack_entry.h"

#include "seal/pack_format.h"
#include "seal/pack_verify.h"
#include "seal/pack_zip.h"
#include "seal/tree_head.h"

namespace zhida::test {

bool feed_pack_readers(ByteView octets) {
  const auto reading = seal::read_pack(octets);
  bool taken = !reading.members.empty() && reading.faults.empty();
  taken = seal::parse_pack_manifest(octets).has_value() || taken;
  taken = seal::parse_pack_statement(octets).has_value() || taken;
  taken = seal::parse_disclosure(octets).has_value() || taken;
  taken = seal::parse_tree_head(octets).has_value() || taken;
  return taken;
}

}  // namespace zhida::test
