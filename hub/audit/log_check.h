// The walk over a log, record by record and head by head, wherever they come from. For the sources of this folder only.
#pragma once
#include <map>
#include <span>

#include "audit/head_store.h"
#include "audit/verify_log.h"

namespace zhida::audit {

/// One record on its way through the check.
struct RecordToCheck {
  std::int64_t seq = 0;
  std::string canonical;  ///< One octet 0, then the canonical form: the leaf's octets and, behind the first, the row's.
  Bytes prev_hash;
  Bytes record_hash, leaf_hash;  ///< As stored. Empty record_hash: none is stored there.
};
/// A head with what belongs to it.
struct HeadToCheck {
  StoredHead head;
  std::optional<StoredToken> token;
  std::vector<Countersignature> countersignatures;
};

class LogCheck {
 public:
  explicit LogCheck(const LogCheckOptions& options) : options_(options) {}

  /// Goes on behind record `seq`, which is believed. Without a frontier no tree is computed and no head compared.
  void begin_after(std::int64_t seq, Bytes record_hash, std::optional<crypto::MerkleFrontier> tree);
  /// Stored tiles to compare with, by place; nullopt: not stored (yet). Level 0 is height 0.
  using TileSource = std::function<Result<std::optional<Tile>>(unsigned level, std::uint64_t place)>;
  void compare_tiles(TileSource tiles) { tiles_ = std::move(tiles); }
  /// The heads to come, by size, each time for the next ones behind `after`.
  using HeadSource = std::function<Result<std::vector<HeadToCheck>>(std::uint64_t after)>;
  Result<void> use_heads(HeadSource heads);

  /// Many at once, in order. `name_damage` says more about a record whose own hashes do not fit.
  using NameDamage = std::function<Result<void>(std::size_t index, LogReport& report)>;
  Result<void> check(std::span<const RecordToCheck> records, const NameDamage& name_damage);
  /// A head that lies beyond the last record here, with a proof that it goes on from here.
  Result<void> check_head_beyond(const HeadToCheck& head, const std::vector<NodeHash>& consistency);
  /// Where the records end: is there a head that tells of more?
  Result<void> check_end();

  std::int64_t next() const { return next_; }
  const Bytes& previous_hash() const { return previous_hash_; }
  const std::optional<crypto::MerkleFrontier>& tree() const { return tree_; }
  bool holds() const { return report_.holds(); }
  LogReport& report() { return report_; }
  void broken(std::int64_t at, std::string fault, std::string detail);

 private:
  Result<void> check_one(const RecordToCheck& record, ByteView record_hash, const NodeHash& leaf, std::size_t index,
                         const NameDamage& name_damage);
  Result<void> grow(const NodeHash& leaf);
  Result<void> compare_tile(unsigned level, std::uint64_t place, const NodeHash& root);
  Result<void> look_for_rewritten();
  Result<void> check_heads_here();
  Result<void> check_head(const HeadToCheck& head, const NodeHash& root);
  bool check_seals(const HeadToCheck& head);
  bool check_token(const HeadToCheck& head);

  const LogCheckOptions& options_;
  std::int64_t next_ = 1;
  Bytes previous_hash_ = Bytes(32, '\0');
  std::optional<crypto::MerkleFrontier> tree_{crypto::MerkleFrontier(crypto::TreeHash::sm3)};
  TileSource tiles_;
  HeadSource heads_;
  std::vector<HeadToCheck> coming_;          // Heads behind next_, smallest last.
  std::uint64_t last_head_ = 0;              // The last head that holds.
  std::map<unsigned, Bytes> row_of_hashes_;  // By level: the hashes of the tile under way.
  std::optional<std::int64_t> suspect_;      // The first record that is not the one its tile was built from.
  LogReport report_;
};

std::string record_number(std::int64_t seq);  ///< `Record 17`

}  // namespace zhida::audit
