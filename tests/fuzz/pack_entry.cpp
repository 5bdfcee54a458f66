#include "pack_entry.h"

#include <cstdlib>

#include "seal/pack_format.h"
#include "seal/pack_verify.h"
#include "seal/pack_zip.h"
#include "seal/tree_head.h"

namespace zhida::test {

namespace {

template <class T>
bool one_form(const Result<T>& parsed, ByteView octets, const auto& write) {
  if (parsed && write(parsed.value()) != octets) std::abort();
  return parsed.has_value();
}

}  // namespace

bool feed_pack_texts(ByteView octets) {
  bool taken = one_form(seal::parse_pack_manifest(octets), octets,
                        [](const auto& manifest) { return seal::to_payload(manifest).value(); });
  taken |= one_form(seal::parse_pack_statement(octets), octets,
                    [](const auto& statement) { return seal::to_payload(statement); });
  taken |= one_form(seal::parse_disclosure(octets), octets,
                    [](const auto& leaves) { return seal::write_disclosure(leaves).value(); });
  taken |= one_form(seal::parse_tree_head(octets), octets, [](const auto& head) { return seal::to_payload(head); });
  return taken;
}

bool feed_pack_readers(ByteView octets) {
  const auto reading = seal::read_pack(octets);
  const bool whole = !reading.members.empty() && reading.faults.empty();
  return feed_pack_texts(octets) || whole;
}

bool feed_pack_verifier(ByteView octets) {
  const auto reading = seal::read_pack(octets);
  const bool whole = !reading.members.empty() && reading.faults.empty();
  // What was read as whole is written again as it came: an archive has one form only.
  if (whole) {
    const auto again = seal::write_pack(reading.members);
    if (!again || again.value() != octets) std::abort();
  }
  const auto report = seal::verify_pack(octets, {});
  if (!whole && report.findings.empty()) std::abort();
  return whole;
}

}  // namespace zhida::test
