#include "seal/tree_head.h"

#include "base/json.h"
#include "platform/crypto/der.h"

namespace zhida::seal {
namespace {

Error malformed(const std::string& what) {
  return refuse("tree_head_malformed", "This is no tree head: " + what);
}

Result<TreeHead> read_members(const Json& json) {
  TreeHead head;
  if (!json.is_object() || json.size() != 5) return malformed("it must be an object of five members.");
  if (TRY(get_int(json, "v")) != 1) return malformed("its version is not 1.");
  head.log = TRY(get_string(json, "log"));
  head.root = TRY(crypto::node_hash_of_hex(TRY(get_string(json, "root"))));
  const auto size = TRY(get_int(json, "size"));
  if (size <= 0) return malformed("its size is not positive.");
  head.size = static_cast<std::uint64_t>(size);
  head.time = TRY(parse_rfc3339(TRY(get_string(json, "time"))));
  return head;
}

}  // namespace

Bytes to_payload(const TreeHead& head) {
  // A UUID, digits and a time: nothing in them is escaped.
  return "{\"log\":\"" + head.log + "\",\"root\":\"" + to_hex(crypto::octets_of(head.root)) +
         "\",\"size\":" + std::to_string(head.size) + ",\"time\":\"" + to_rfc3339(head.time) + "\",\"v\":1}";
}

Result<TreeHead> parse_tree_head(ByteView payload) {
  const auto json = parse_json(payload);
  if (!json) return malformed(json.error().message);
  const auto head = read_members(json.value());
  if (!head) return malformed(head.error().message);
  if (to_payload(head.value()) != payload) return malformed("it is not in its canonical form.");
  return head.value();
}

Result<Bytes> signature_value(ByteView ses) {
  const auto read = [&]() -> Result<Bytes> {
    CHECK_OK(crypto::der::check_strict(ses));
    crypto::der::Reader outer(ses);
    const auto sequence = TRY(outer.expect(crypto::der::kSequence, "SES_Signature"));
    crypto::der::Reader parts(sequence.content);
    (void)TRY(parts.any("toSign"));
    (void)TRY(parts.octet_string("cert"));
    (void)TRY(parts.object_id("signatureAlgID"));
    return Bytes(TRY(parts.bits("signature")));
  }();
  if (!read) return refuse("seal_malformed", "No signature value can be read: " + read.error().message);
  return read;
}

}  // namespace zhida::seal
