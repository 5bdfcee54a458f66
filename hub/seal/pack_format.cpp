#include "seal/pack_format.h"

#include "platform/crypto/digest.h"
#include "seal/pack_zip.h"

namespace zhida::seal {
namespace {

constexpr std::int64_t kFactsMax = 100'000;

std::string hex_of(const crypto::NodeHash& hash) {
  return to_hex(crypto::octets_of(hash));
}

/// An object of exactly so many members in canonical form: whoever reads back what was sealed reads nothing else.
Result<Json> parse_canonical(ByteView payload, std::size_t members) {
  Json json = TRY(parse_json(payload));
  if (!json.is_object() || json.size() != members) return refuse("field_missing", "its members are not the expected.");
  if (TRY(canonical_json(json)) != payload) return refuse("json_not_canonical", "it is not in canonical form.");
  return json;
}

Error malformed(const char* code, const char* what, const Error& why) {
  return refuse(code, std::string(what) + " cannot be read: " + why.message);
}

Result<std::uint64_t> get_count(const Json& json, const char* name) {
  const auto count = TRY(get_int(json, name));
  if (count < 0) return refuse("field_wrong_type", std::string(name) + " is negative.");
  return static_cast<std::uint64_t>(count);
}

Result<Bytes> get_hex(const Json& json, const char* name, std::size_t octets) {
  const auto text = TRY(get_string(json, name));
  Bytes bytes = TRY(from_hex(text));
  if (bytes.size() != octets || to_hex(bytes) != text)
    return refuse("hex_malformed", std::string(name) + " is not of the right length.");
  return bytes;
}

Result<Disclosed> parse_leaf(const Json& item) {
  Disclosed leaf;
  if (item.is_object() && item.size() == 1) {
    leaf.leaf = TRY(crypto::node_hash_of_hex(TRY(get_string(item, "leaf"))));
    return leaf;
  }
  if (!item.is_object() || item.size() != 3 || !item.contains("value"))
    return refuse("field_missing", "a leaf is neither a fact nor a bare hash.");
  Fact fact;
  fact.name = TRY(get_string(item, "name"));
  fact.value = item["value"];
  fact.salt = TRY(get_hex(item, "salt", kSaltBytes));
  leaf.leaf = TRY(fact_leaf(fact));
  leaf.fact = std::move(fact);
  return leaf;
}

}  // namespace

Result<crypto::NodeHash> fact_leaf(const Fact& fact) {
  return crypto::leaf_hash(crypto::TreeHash::sm3,
                           fact.salt + TRY(canonical_json(Json{{"name", fact.name}, {"value", fact.value}})));
}

crypto::NodeHash row_leaf(ByteView row_digest) {
  return crypto::leaf_hash(crypto::TreeHash::sm3, row_digest);
}

Bytes to_payload(const PackStatement& statement) {
  // A ULID, digits and a time: nothing in them is escaped.
  return "{\"at\":\"" + to_rfc3339(statement.at) + "\",\"case\":\"" + statement.case_id +
         "\",\"leaves\":" + std::to_string(statement.leaves) + ",\"root\":\"" + hex_of(statement.root) +
         "\",\"v\":1,\"version\":" + std::to_string(statement.version) + "}";
}

Result<PackStatement> parse_pack_statement(ByteView payload) {
  const auto read = [&]() -> Result<PackStatement> {
    const Json json = TRY(parse_canonical(payload, 6));
    if (TRY(get_int(json, "v")) != 1) return refuse("field_wrong_type", "its form is not 1.");
    PackStatement out;
    out.at = TRY(parse_rfc3339(TRY(get_string(json, "at"))));
    out.case_id = TRY(get_string(json, "case"));
    out.leaves = TRY(get_count(json, "leaves"));
    out.root = TRY(crypto::node_hash_of_hex(TRY(get_string(json, "root"))));
    out.version = TRY(get_int(json, "version"));
    if (to_payload(out) != payload) return refuse("json_not_canonical", "it is not in the form that hubs write.");
    return out;
  }();
  if (!read) return malformed("pack_statement_malformed", "The statement", read.error());
  return read;
}

Result<Bytes> write_disclosure(const std::vector<Disclosed>& leaves) {
  Json items = Json::array();
  for (const auto& leaf : leaves) {
    if (leaf.fact) {
      items.push_back({{"name", leaf.fact->name}, {"salt", to_hex(leaf.fact->salt)}, {"value", leaf.fact->value}});
    } else {
      items.push_back({{"leaf", hex_of(leaf.leaf)}});
    }
  }
  return canonical_json(Json{{"leaves", std::move(items)}, {"v", 1}});
}

Result<std::vector<Disclosed>> parse_disclosure(ByteView payload) {
  const auto read = [&]() -> Result<std::vector<Disclosed>> {
    const Json json = TRY(parse_canonical(payload, 2));
    if (TRY(get_int(json, "v")) != 1) return refuse("field_wrong_type", "its form is not 1.");
    const auto items = json.find("leaves");
    if (items == json.end() || !items->is_array() || static_cast<std::int64_t>(items->size()) > kFactsMax)
      return refuse("field_missing", "there is no list of leaves.");
    std::vector<Disclosed> leaves;
    for (const auto& item : *items) leaves.push_back(TRY(parse_leaf(item)));
    return leaves;
  }();
  if (!read) return malformed("pack_disclosure_malformed", "What is disclosed", read.error());
  return read;
}

Result<Bytes> to_payload(const PackManifest& manifest) {
  Json members = Json::array();
  for (const auto& member : manifest.members)
    members.push_back({{"bytes", member.bytes}, {"name", member.name}, {"sm3", to_hex(member.sm3)}});
  return canonical_json(Json{{"at", to_rfc3339(manifest.at)},
                             {"case", manifest.case_id},
                             {"leaves", manifest.leaves},
                             {"level", manifest.level},
                             {"members", std::move(members)},
                             {"pack", manifest.pack},
                             {"reader", manifest.reader},
                             {"root", hex_of(manifest.root)},
                             {"v", 1},
                             {"withheld", manifest.withheld}});
}

Result<PackManifest> parse_pack_manifest(ByteView payload) {
  const auto read = [&]() -> Result<PackManifest> {
    const Json json = TRY(parse_canonical(payload, 10));
    if (TRY(get_int(json, "v")) != 1) return refuse("field_wrong_type", "its form is not 1.");
    PackManifest out;
    out.at = TRY(parse_rfc3339(TRY(get_string(json, "at"))));
    out.case_id = TRY(get_string(json, "case"));
    out.leaves = TRY(get_count(json, "leaves"));
    out.level = TRY(get_string(json, "level"));
    out.pack = TRY(get_string(json, "pack"));
    out.reader = TRY(get_string(json, "reader"));
    out.root = TRY(crypto::node_hash_of_hex(TRY(get_string(json, "root"))));
    out.withheld = TRY(get_count(json, "withheld"));
    const auto members = json.find("members");
    if (members == json.end() || !members->is_array() || members->size() > kPackMembersMax)
      return refuse("field_missing", "there is no list of members.");
    for (const auto& item : *members) {
      PackManifestMember member;
      if (!item.is_object() || item.size() != 3) return refuse("field_missing", "a member is not described.");
      member.name = TRY(get_string(item, "name"));
      member.bytes = TRY(get_count(item, "bytes"));
      member.sm3 = TRY(get_hex(item, "sm3", 32));
      out.members.push_back(std::move(member));
    }
    return out;
  }();
  if (!read) return malformed("pack_manifest_malformed", "The manifest", read.error());
  return read;
}

}  // namespace zhida::seal
