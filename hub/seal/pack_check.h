// Inside hub/seal only: the check of one evidence pack. pack_verify.cpp has whom to believe, seals and the manifest;
// pack_content.cpp what the case says; pack_log.cpp the log that it is proven to be in.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "platform/crypto/merkle_tree.h"
#include "seal/batch.h"
#include "seal/pack_format.h"
#include "seal/pack_verify.h"
#include "seal/tree_head.h"
#include "seal/trust.h"

namespace zhida::seal::pack {

namespace names = pack_names;
constexpr std::size_t kFindingsMax = 500;
constexpr std::size_t kPathMax = 64;

/// The list member, or an empty one.
inline const Json& list_of(const Json& json, const char* name) {
  static const Json kNone = Json::array();
  const auto found = json.find(name);
  return found != json.end() && found->is_array() ? *found : kNone;
}

/// The text member, or empty: what is missing is then found by what it does not agree with.
inline std::string text_of(const Json& json, const char* name) {
  const auto text = get_string_or(json, name, "");
  return text ? text.value() : "";
}

inline std::optional<std::uint64_t> count_of(const Json& json, const char* name) {
  const auto count = get_int(json, name);
  if (!count || count.value() < 0) return std::nullopt;
  return static_cast<std::uint64_t>(count.value());
}

inline std::optional<std::vector<crypto::NodeHash>> path_of(const Json& json) {
  const Json& items = list_of(json, "path");
  if (items.size() > kPathMax) return std::nullopt;
  std::vector<crypto::NodeHash> path;
  for (const auto& item : items) {
    const auto hash = item.is_string() ? crypto::node_hash_of_hex(item.get_ref<const std::string&>())
                                       : Result<crypto::NodeHash>(refuse("hash_malformed", ""));
    if (!hash) return std::nullopt;
    path.push_back(hash.value());
  }
  return path;
}

inline std::string hex_of(const crypto::NodeHash& hash) {
  return to_hex(crypto::octets_of(hash));
}

class PackCheck {
 public:
  PackCheck(ByteView archive, const PackOptions& options) : archive_(archive), options_(options) {}
  PackReport run();

 private:
  void find(Code code, const std::string& member, const std::string& detail) {
    if (findings_.size() < kFindingsMax) findings_.push_back({code, member, detail});
  }
  void note(const std::string& text) { notes_.push_back(text); }

  const Bytes* member(const std::string& name);
  /// A member that every pack has; its absence is a finding.
  const Bytes* needed(const std::string& name);
  /// A member that is an object in canonical form.
  std::optional<Json> canonical(const std::string& name);
  /// Roots are the reader's decision; what lies below them may come from anywhere, since signatures hold it.
  void load_trust();
  void read_trust_member(const std::string& name, const Bytes& bytes, TrustContent& content,
                         std::vector<crypto::Certificate>& roots, std::vector<crypto::Certificate>& time_roots);
  /// What was said of one seal goes into the report, and what does not hold among the findings. `payload_member` is
  /// named where the sealed octets are what differs.
  void judge(const Report& report, const std::string& seal_member, const std::string& payload_member,
             const std::string& media);
  Policy policy_now() const;
  void check_seal(const std::string& seal_member, const std::string& payload_member, const std::string& media);
  /// `proof_member`: the way from the octets to a seal over a batch of messages; empty for a seal of their own.
  std::optional<Report> check_evidence(const std::string& seal_member, const std::string& proof_member,
                                       const std::string& payload_member, const std::string& media);
  /// Where the sealed octets themselves are withheld.
  std::optional<Report> check_seal_over_digest(const std::string& seal_member, const std::string& proof_member,
                                               const Bytes& sm3, const Bytes& sha256);
  std::optional<Evidence> evidence_of(const std::string& seal_member, const std::string& proof_member);
  void manifest();
  void statement();
  /// The fact with that name, or null.
  Json fact(const std::string& name) const {
    const auto found = facts_.find(name);
    return found == facts_.end() ? Json(nullptr) : found->second;
  }
  void policy();
  void documents();
  void sources();
  void log();
  /// A peer's seal over a head of the same log, and the proof that this head and that one are of one history.
  void witnesses(const TreeHead& head, Json& told);
  /// Of a seal that was judged; empty where it cannot be read.
  std::string esid_of(const std::string& seal_member) const;
  /// True where the record tells of this pack's statement.
  bool check_record(const std::string& record, std::uint64_t seq, const std::string& name);
  void token(Json& told);
  PackReport finish();

  const ByteView archive_;
  const PackOptions& options_;
  std::vector<std::string> order_;
  std::map<std::string, Bytes> members_;
  std::shared_ptr<const Trust> trust_, time_trust_;  // Shared because Trust is made that way everywhere.
  std::optional<PackManifest> manifest_;
  std::map<std::string, Json> facts_;
  std::vector<Json> item_records_;  ///< Of the log, about the case's item.
  std::vector<PackFinding> findings_;
  std::vector<std::string> notes_;
  Json seals_ = Json::array();
  Json out_;
};

}  // namespace zhida::seal::pack
