// The tree over the trail's leaves, kept in tiles of 256: a proof in a log of a million records reads a handful of
// rows.
#pragma once
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "platform/crypto/merkle_tree.h"
#include "platform/storage/database.h"

namespace zhida::audit {

using crypto::NodeHash;

inline constexpr std::uint64_t kTileHashes = 256;

/// A full tile: the hashes at height 8·level from place·256 on, side by side, and the hash above them.
struct Tile {
  unsigned level = 0;
  std::uint64_t place = 0;
  NodeHash root{};
  Bytes hashes;
};

/// Answers which hash a full subtree has, from tiles and, where the last tile is not full yet, from the rows. For one
/// transaction; one thread. Errors `log_tree_incomplete` where neither has the hash, and of storage.
class TreeReader {
 public:
  explicit TreeReader(storage::Transaction& transaction) : transaction_(transaction) {}
  Result<NodeHash> node(unsigned level, std::uint64_t index);
  /// For crypto::root_from() and its like. Valid while this object lives.
  crypto::NodeSource source() {
    return [this](unsigned level, std::uint64_t index) { return node(level, index); };
  }

  /// The tiles that become full when the tree grows to `size` leaves; the reader knows them from then on. They are not
  /// stored yet. The tiles there are already must be those of a smaller tree or of this one.
  Result<std::vector<Tile>> grow(std::uint64_t size);

 private:
  using Heights = std::vector<std::vector<NodeHash>>;  // [0]: the hashes; each next one half as many.
  Result<const Heights*> tile(unsigned level, std::uint64_t place);
  Result<std::vector<NodeHash>> entries(unsigned level, std::uint64_t place);
  Result<std::vector<Tile>> full_leaf_tiles(std::uint64_t size);
  Result<std::vector<Tile>> full_tiles_above(unsigned level, std::uint64_t tiles_below, const std::vector<Tile>& below);

  storage::Transaction& transaction_;
  std::map<std::pair<unsigned, std::uint64_t>, Heights> tiles_;
  std::map<std::pair<unsigned, std::uint64_t>, NodeHash> new_roots_;
};

/// Adds tiles; one that is there already stays as it is.
Result<void> store_tiles(storage::Transaction& transaction, const std::vector<Tile>& tiles);
/// The frontier of the tree of the first `size` leaves, a multiple of 256, from tiles alone: where rows may be gone.
Result<crypto::MerkleFrontier> frontier_at(storage::Transaction& transaction, std::uint64_t size);

}  // namespace zhida::audit
