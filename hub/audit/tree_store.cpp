#include "audit/tree_store.h"

#include <algorithm>
#include <bit>
#include <string>

namespace zhida::audit {
namespace {

constexpr std::int64_t kPageRows = 4096;
constexpr unsigned kTileHeight = 8;

Error incomplete(const std::string& what) {
  return refuse("log_tree_incomplete",
                "The log's tree lacks " + what + "; `zhida audit verify` says where it is damaged.");
}

std::int64_t number(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

Result<std::uint64_t> stored_tiles(storage::Transaction& transaction, unsigned level) {
  const auto rows = TRY(
      transaction.query("SELECT coalesce(max(place) + 1, 0) FROM audit_tile WHERE level = ?", {number(level)}, "i"));
  return static_cast<std::uint64_t>(rows.front().integer(0));
}

/// All hashes above a row of them that have two halves.
std::vector<std::vector<NodeHash>> heights_over(std::vector<NodeHash> hashes) {
  std::vector<std::vector<NodeHash>> heights{std::move(hashes)};
  while (heights.back().size() > 1) {
    const auto& below = heights.back();
    std::vector<NodeHash> above(below.size() / 2);
    for (std::size_t i = 0; i < above.size(); ++i)
      above[i] = crypto::node_hash(crypto::TreeHash::sm3, below[2 * i], below[2 * i + 1]);
    heights.push_back(std::move(above));
  }
  return heights;
}

Tile make_tile(unsigned level, std::uint64_t place, const std::vector<NodeHash>& hashes) {
  Tile tile{level, place, heights_over(hashes).back().front(), {}};
  tile.hashes.reserve(kTileHashes * hashes.front().size());
  for (const auto& hash : hashes) tile.hashes.append(crypto::octets_of(hash));
  return tile;
}

Result<std::vector<NodeHash>> split(ByteView hashes) {
  std::vector<NodeHash> result;
  for (std::size_t at = 0; at < hashes.size(); at += 32)
    result.push_back(TRY(crypto::to_node_hash(hashes.substr(at, 32))));
  return result;
}

}  // namespace

Result<NodeHash> TreeReader::node(unsigned level, std::uint64_t index) {
  const unsigned inside = level % kTileHeight;
  const std::uint64_t place = index >> (kTileHeight - inside);
  const auto* heights = TRY(tile(level / kTileHeight, place));
  const std::uint64_t at = index - (place << (kTileHeight - inside));
  if (inside >= heights->size() || at >= (*heights)[inside].size())
    return incomplete("the hash of subtree " + std::to_string(index) + " at height " + std::to_string(level));
  return (*heights)[inside][at];
}

Result<const TreeReader::Heights*> TreeReader::tile(unsigned level, std::uint64_t place) {
  const std::pair key{level, place};
  auto found = tiles_.find(key);
  if (found == tiles_.end()) found = tiles_.emplace(key, heights_over(TRY(entries(level, place)))).first;
  return &found->second;
}

Result<std::vector<NodeHash>> TreeReader::entries(unsigned level, std::uint64_t place) {
  const auto stored = TRY(transaction_.query("SELECT hashes FROM audit_tile WHERE level = ? AND place = ?",
                                             {number(level), number(place)}, "b"));
  if (!stored.empty()) return split(stored.front().blob(0));
  const auto first = number(place * kTileHashes);
  std::vector<NodeHash> hashes;
  // The last tile of a height is not full: at the bottom the rows have its hashes, above it the tiles below do.
  const auto rows =
      level == 0 ? TRY(transaction_.query(
                       "SELECT seq - 1, leaf_hash FROM audit_record WHERE seq > ? AND seq <= ? ORDER BY seq",
                       {first, first + number(kTileHashes)}, "ib"))
                 : TRY(transaction_.query(
                       "SELECT place, root FROM audit_tile WHERE level = ? AND place >= ? AND place < ? ORDER BY place",
                       {number(level - 1), first, first + number(kTileHashes)}, "ib"));
  for (const auto& row : rows) {
    if (row.integer(0) != first + std::ssize(hashes))
      return incomplete("entry " + std::to_string(first + std::ssize(hashes)));
    hashes.push_back(TRY(crypto::to_node_hash(row.blob(1))));
  }
  for (auto next = new_roots_.find({level, place * kTileHashes + hashes.size()});
       level > 0 && next != new_roots_.end() && hashes.size() < kTileHashes;
       next = new_roots_.find({level, place * kTileHashes + hashes.size()}))
    hashes.push_back(next->second);
  return hashes;
}

Result<std::vector<Tile>> TreeReader::full_leaf_tiles(std::uint64_t size) {
  std::vector<Tile> tiles;
  std::uint64_t place = TRY(stored_tiles(transaction_, 0));
  std::uint64_t next = place * kTileHashes;
  std::vector<NodeHash> hashes;
  while (next < size) {
    const auto rows = TRY(transaction_.query(
        "SELECT seq - 1, leaf_hash FROM audit_record WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
        {number(next), number(size), kPageRows}, "ib"));
    if (rows.empty()) return incomplete("record " + std::to_string(next + 1));
    for (const auto& row : rows) {
      if (row.integer(0) != number(next)) return incomplete("record " + std::to_string(next + 1));
      hashes.push_back(TRY(crypto::to_node_hash(row.blob(1))));
      ++next;
      if (hashes.size() < kTileHashes) continue;
      tiles.push_back(make_tile(0, place++, hashes));
      hashes.clear();
    }
  }
  tiles_[{0, place}] = heights_over(std::move(hashes));
  return tiles;
}

Result<std::vector<Tile>> TreeReader::full_tiles_above(unsigned level, std::uint64_t tiles_below,
                                                       const std::vector<Tile>& below) {
  std::vector<Tile> tiles;
  std::uint64_t place = TRY(stored_tiles(transaction_, level));
  if (tiles_below / kTileHashes <= place) return tiles;
  std::vector<NodeHash> hashes;
  for (const auto& row :
       TRY(transaction_.query("SELECT root FROM audit_tile WHERE level = ? AND place >= ? ORDER BY place",
                              {number(level - 1), number(place * kTileHashes)}, "b")))
    hashes.push_back(TRY(crypto::to_node_hash(row.blob(0))));
  for (const auto& tile : below) hashes.push_back(tile.root);
  for (std::size_t at = 0; at + kTileHashes <= hashes.size(); at += kTileHashes)
    tiles.push_back(make_tile(level, place++,
                              {hashes.begin() + static_cast<std::ptrdiff_t>(at),
                               hashes.begin() + static_cast<std::ptrdiff_t>(at + kTileHashes)}));
  return tiles;
}

Result<std::vector<Tile>> TreeReader::grow(std::uint64_t size) {
  std::vector<Tile> all;
  std::vector<Tile> below = TRY(full_leaf_tiles(size));
  std::uint64_t count = size / kTileHashes;
  for (unsigned level = 1;; ++level) {
    for (const auto& tile : below) new_roots_[{level, tile.place}] = tile.root;
    auto above = TRY(full_tiles_above(level, count, below));
    for (auto& tile : below) {
      tiles_[{tile.level, tile.place}] = heights_over(TRY(split(tile.hashes)));
      all.push_back(std::move(tile));
    }
    below = std::move(above);
    count /= kTileHashes;
    if (count == 0 && below.empty()) return all;
  }
}

Result<void> store_tiles(storage::Transaction& transaction, const std::vector<Tile>& tiles) {
  for (const auto& tile : tiles) {
    CHECK_OK(transaction.execute(
        "INSERT INTO audit_tile (level, place, root, hashes) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        {number(tile.level), number(tile.place), storage::Blob{Bytes(crypto::octets_of(tile.root))},
         storage::Blob{tile.hashes}}));
  }
  return ok();
}

Result<crypto::MerkleFrontier> frontier_at(storage::Transaction& transaction, std::uint64_t size) {
  TreeReader reader(transaction);
  std::vector<NodeHash> peaks;
  for (std::uint64_t rest = size, begin = 0; rest != 0;) {
    const auto level = static_cast<unsigned>(std::bit_width(rest) - 1);
    peaks.push_back(TRY(reader.node(level, begin >> level)));
    begin += std::uint64_t{1} << level;
    rest -= std::uint64_t{1} << level;
  }
  return crypto::MerkleFrontier::restore(crypto::TreeHash::sm3, size, std::move(peaks));
}

}  // namespace zhida::audit
