#include "seal/batch.h"

#include <algorithm>

#include "base/ids.h"
#include "base/json.h"
#include "platform/crypto/digest.h"
#include "platform/crypto/sm3_many.h"
#include "seal/batch_manifest.h"
#include "seal/structure.h"

namespace zhida::seal {
namespace {

constexpr std::size_t kDigestBytes = 32;
constexpr std::size_t kPropertyInfoBytesMax = 65535;
constexpr std::size_t kPathMax = 64;
constexpr std::size_t kProofBytesMax = 256u << 10;

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

Result<Json> read_canonical(ByteView text, const std::string& code, std::size_t members) {
  const auto json = parse_json(text);
  if (!json) return refuse(code, json.error().message);
  if (!json.value().is_object() || json.value().size() != members) {
    return refuse(code, "It has other members than a version 1 has.");
  }
  const auto canonical = canonical_json(json.value());
  if (!canonical || canonical.value() != text) return refuse(code, "It is not in canonical form (RFC 8785).");
  const auto version = get_int(json.value(), "v");
  if (!version || version.value() != 1) return refuse(code, "Member \"v\" must be 1.");
  return json.value();
}

Result<void> check_members(std::span<const BatchMember> members) {
  if (members.empty()) return refuse("batch_empty", "A batch needs at least one message.");
  if (members.size() > kBatchLeavesMax) {
    return refuse("batch_too_large", "A batch has at most " + std::to_string(kBatchLeavesMax) + " messages, not " +
                                         std::to_string(members.size()) + ".");
  }
  for (const auto& member : members) {
    if (member.digest.size() != kDigestBytes || member.property_info.size() > kPropertyInfoBytesMax ||
        !is_ascii(member.property_info)) {
      return refuse("batch_member_wrong", "A member of a batch is a hash of 32 octets and an ASCII propertyInfo.");
    }
  }
  return ok();
}

}  // namespace

crypto::TreeHash tree_hash(Alg alg) {
  return alg == Alg::sm2_sm3 ? crypto::TreeHash::sm3 : crypto::TreeHash::sha256;
}

Bytes leaf_octets(ByteView digest, std::string_view property_info) {
  Bytes data;
  data.reserve(digest.size() + 2 + property_info.size());
  data += digest;
  data += static_cast<char>(property_info.size() >> 8);
  data += static_cast<char>(property_info.size() & 0xff);
  data += property_info;
  return data;
}

std::string write_manifest(const BatchManifest& manifest) {
  return canonical_json(Json{{"alg", crypto::digest_name(manifest.alg)},
                             {"batch", manifest.batch},
                             {"root", to_hex(crypto::octets_of(manifest.root))},
                             {"size", manifest.size},
                             {"v", 1}})
      .value();
}

Result<BatchManifest> read_manifest(ByteView text) {
  constexpr auto kCode = "manifest_malformed";
  const Json json = TRY(read_canonical(text, kCode, 5));
  BatchManifest manifest;
  const std::string alg = TRY(get_string(json, "alg"));
  if (alg != "sm3" && alg != "sha256") return refuse(kCode, "The hash \"" + alg + "\" is not known here.");
  manifest.alg = alg == "sm3" ? Alg::sm2_sm3 : Alg::ecdsa_p256_sha256;
  manifest.batch = TRY(get_string(json, "batch"));
  manifest.root = TRY(crypto::node_hash_of_hex(TRY(get_string(json, "root"))));
  const auto size = TRY(get_int(json, "size"));
  if (size < 1) return refuse(kCode, "A batch has at least one leaf.");
  manifest.size = static_cast<std::uint64_t>(size);
  return manifest;
}

std::vector<BatchMember> batch_members(Alg alg, std::span<const ToSeal> messages) {
  std::vector<Bytes> digests;
  if (alg == Alg::sm2_sm3) {
    std::vector<ByteView> payloads;
    payloads.reserve(messages.size());
    for (const auto& message : messages) payloads.push_back(message.payload);
    digests = crypto::sm3_many(payloads);
  } else {
    for (const auto& message : messages) digests.push_back(crypto::digest(alg, message.payload));
  }
  std::vector<BatchMember> members;
  members.reserve(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    members.push_back(
        {std::move(digests[i]), write_property_info(messages[i].properties, alg, messages[i].payload.size())});
  }
  return members;
}

Result<std::vector<Evidence>> seal_batch(std::span<const BatchMember> members, ByteView seal_der, const Signer& signer,
                                         const Trust& trust, Instant now, const Timestamper& timestamper) {
  CHECK_OK(check_members(members));
  const Alg alg = signer.alg();
  std::vector<Evidence> evidences;
  if (members.size() == 1) {
    evidences.push_back(
        {TRY(seal_digest(members[0].digest, members[0].property_info, seal_der, signer, trust, now, timestamper)),
         std::nullopt});
    return evidences;
  }
  std::vector<Bytes> leaves;
  leaves.reserve(members.size());
  for (const auto& member : members) leaves.push_back(leaf_octets(member.digest, member.property_info));
  const auto tree = crypto::MerkleTree::of(tree_hash(alg), crypto::leaf_hashes(tree_hash(alg), leaves));
  const BatchManifest manifest{.alg = alg, .batch = new_uuid(), .root = tree.root(), .size = members.size()};
  const std::string text = write_manifest(manifest);
  const std::string info =
      write_property_info(Properties{"application/json", manifest.batch, ""}, alg, text.size(), "batch");
  const Bytes ses = TRY(seal_digest(crypto::digest(alg, text), info, seal_der, signer, trust, now, timestamper));
  evidences.reserve(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    evidences.push_back({ses, BatchProof{.manifest = text,
                                         .property_info = members[i].property_info,
                                         .index = i,
                                         .path = tree.inclusion_path(i, members.size())}});
  }
  return evidences;
}

std::string write_proof_json(const BatchProof& proof) {
  Json path = Json::array();
  for (const auto& hash : proof.path) path.push_back(to_hex(crypto::octets_of(hash)));
  return canonical_json(Json{{"index", proof.index},
                             {"manifest", proof.manifest},
                             {"path", std::move(path)},
                             {"property_info", proof.property_info},
                             {"v", 1}})
      .value();
}

Result<BatchProof> read_proof_json(ByteView text) {
  constexpr auto kCode = "proof_malformed";
  if (text.size() > kProofBytesMax) return refuse(kCode, "It is larger than 256 KiB.");
  const Json json = TRY(read_canonical(text, kCode, 5));
  const auto wrong = [&](const Error& error) { return refuse(kCode, error.message); };
  BatchProof proof;
  const auto index = get_int(json, "index");
  if (!index || index.value() < 0) return refuse(kCode, "Member \"index\" must be a whole number from 0 on.");
  proof.index = static_cast<std::uint64_t>(index.value());
  auto manifest = get_string(json, "manifest");
  if (!manifest) return wrong(manifest.error());
  proof.manifest = std::move(manifest.value());
  auto info = get_string(json, "property_info");
  if (!info) return wrong(info.error());
  if (info.value().size() > kPropertyInfoBytesMax || !is_ascii(info.value())) {
    return refuse(kCode, "Member \"property_info\" must be ASCII of at most 65535 characters.");
  }
  proof.property_info = std::move(info.value());
  if (!json.contains("path") || !json["path"].is_array() || json["path"].size() > kPathMax) {
    return refuse(kCode, "Member \"path\" must be a list of at most 64 hashes.");
  }
  for (const Json& item : json["path"]) {
    if (!item.is_string()) return refuse(kCode, "A hash of the path must be text.");
    const auto hash = crypto::node_hash_of_hex(item.get_ref<const std::string&>());
    if (!hash) return wrong(hash.error());
    proof.path.push_back(hash.value());
  }
  return proof;
}

}  // namespace zhida::seal
