// What stands in an evidence pack besides the archive itself: the statement over salted leaves, what is disclosed of
// them, the manifest. Written by the hub, read by anyone (docs/evidence.md is the page for people).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "platform/crypto/merkle_tree.h"

namespace zhida::seal {

inline constexpr const char* kPackMimeType = "application/vnd.zhida.evidence-pack+zip";
// Bound into the seals as their media types, so that no other sealed JSON passes for one of these.
inline constexpr const char* kPackManifestMedia = "application/vnd.zhida.evidence-manifest+json";
inline constexpr const char* kPackStatementMedia = "application/vnd.zhida.evidence-statement+json";
inline constexpr std::size_t kSaltBytes = 32;

// Names of the members that every pack has.
namespace pack_names {
inline constexpr const char* kMimeType = "mimetype";
inline constexpr const char* kManifest = "META-INF/manifest.json";
inline constexpr const char* kManifestSeal = "META-INF/manifest.ses";
inline constexpr const char* kTrust = "META-INF/trust/";  ///< root-1.der, inter-1.der, time-root-1.der, crl-1.crl …
inline constexpr const char* kSealStatus = "META-INF/trust/seal-status.json";
inline constexpr const char* kSealStatusSeal = "META-INF/trust/seal-status.ses";
inline constexpr const char* kReport = "report.html";
inline constexpr const char* kStatement = "statement.json";
inline constexpr const char* kStatementSeal = "statement.ses";
inline constexpr const char* kDisclosure = "disclosure.json";
inline constexpr const char* kPolicy = "policy.json";
inline constexpr const char* kDocuments = "documents.json";
inline constexpr const char* kSources = "sources.json";
inline constexpr const char* kRecords = "log/records.json";
inline constexpr const char* kHead = "log/head.json";
inline constexpr const char* kHeadSeal = "log/head.ses";
inline constexpr const char* kHeadToken = "log/head.tst";  ///< Only where the head was time-stamped.
// Only where a peer countersigned a head of the log: that head, and who countersigned it.
inline constexpr const char* kWitnessed = "log/witnessed.json";
inline constexpr const char* kWitnessedSeal = "log/witnessed.ses";
inline constexpr const char* kWitnesses = "log/witnesses.json";
inline constexpr const char* kWitnessSeal = "log/witness-";  ///< 1.ses, 2.ses …
}  // namespace pack_names

/// One fact about a case: what minimal disclosure shows or withholds as a whole.
struct Fact {
  std::string name;  ///< `payee.account_no`, `profile.ui.paid_months`
  Json value;
  Bytes salt;  ///< kSaltBytes octets of randomness: nobody finds a withheld value by guessing.
};

/// SM3(0x00 || salt || canonical JSON {"name":…,"value":…}): a leaf of an RFC 9162 tree. The salt's length is fixed, so
/// the octets can be read in one way only. Error `json_not_canonical`.
Result<crypto::NodeHash> fact_leaf(const Fact& fact);

/// A statement of the hub over all facts of a case at one time; every pack about them shows the same one.
struct PackStatement {
  std::string case_id;
  std::int64_t version = 1;  ///< 1, 2, … as facts were added.
  std::uint64_t leaves = 0;
  crypto::NodeHash root{};
  Instant at{};
};
/// Canonical JSON: the octets that are sealed.
Bytes to_payload(const PackStatement& statement);
/// The exact form of to_payload(). Error `pack_statement_malformed`.
Result<PackStatement> parse_pack_statement(ByteView payload);

/// disclosure.json: every leaf in its order, either as fact or as bare hash.
struct Disclosed {
  std::optional<Fact> fact;
  crypto::NodeHash leaf{};
};
Result<Bytes> write_disclosure(const std::vector<Disclosed>& leaves);
/// Recomputes the leaf of each fact that is shown. Errors `pack_disclosure_malformed`.
Result<std::vector<Disclosed>> parse_disclosure(ByteView payload);

struct PackManifestMember {
  std::string name;
  std::uint64_t bytes = 0;
  Bytes sm3;
};
struct PackManifest {
  std::string pack;  ///< Its own id.
  std::string case_id;
  std::string level;   ///< `auditor`, `firm`, `public`
  std::string reader;  ///< For whom it was made, as people wrote it.
  Instant at{};
  crypto::NodeHash root{};  ///< That of the statement.
  std::uint64_t leaves = 0, withheld = 0;
  std::vector<PackManifestMember> members;  ///< All but the manifest and its seal, in the archive's order.
};
Result<Bytes> to_payload(const PackManifest& manifest);
/// The exact form of to_payload(). Error `pack_manifest_malformed`.
Result<PackManifest> parse_pack_manifest(ByteView payload);

/// The leaf of one row in the tree of an intake batch: the RFC 9162 leaf over the row's SHA-256 digest.
crypto::NodeHash row_leaf(ByteView row_digest);

}  // namespace zhida::seal
