// The hash tree of RFC 9162 section 2.1 with SM3 or SHA-256: for the audit log and for seals over batches. Pure; any
// thread.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace zhida::crypto {

enum class TreeHash { sm3, sha256 };

/// The value of a leaf or node. An array, so that a million of them cost no allocation each.
using NodeHash = std::array<char, 32>;
inline ByteView octets_of(const NodeHash& hash) {
  return {hash.data(), hash.size()};
}
Result<NodeHash> to_node_hash(ByteView octets);      ///< Error `hash_malformed` where they are not 32.
Result<NodeHash> node_hash_of_hex(ByteView digits);  ///< 64 lower-case digits only. Error `hash_malformed`.

NodeHash leaf_hash(TreeHash kind, ByteView data);                                  ///< H(0x00 || data)
std::vector<NodeHash> leaf_hashes(TreeHash kind, const std::vector<Bytes>& data);  ///< The same of many.
NodeHash node_hash(TreeHash kind, const NodeHash& left, const NodeHash& right);    ///< H(0x01 || left || right)
NodeHash empty_root(TreeHash kind);                                                ///< H of nothing.

/// Hears of each node of a full subtree when it comes to be, leaves (level 0) included: the node covers the leaves
/// [index·2^level, (index+1)·2^level). Who keeps them all can answer every question about the tree.
using NodeListener = std::function<void(unsigned level, std::uint64_t index, const NodeHash& hash)>;
/// Gives such a node back. An error goes through to whoever asked.
using NodeSource = std::function<Result<NodeHash>(unsigned level, std::uint64_t index)>;

/// Grows leaf by leaf and keeps only the roots of the full subtrees (one for each 1 bit of the size).
class MerkleFrontier {
 public:
  explicit MerkleFrontier(TreeHash kind = TreeHash::sm3) : kind_(kind) {}
  /// Continues a tree whose frontier was kept: the peaks, largest subtree first. Error `tree_malformed`.
  static Result<MerkleFrontier> restore(TreeHash kind, std::uint64_t size, std::vector<NodeHash> peaks);

  void append(const NodeHash& leaf, const NodeListener& listener = {});
  std::uint64_t size() const { return size_; }
  NodeHash root() const;
  const std::vector<NodeHash>& peaks() const { return peaks_; }

 private:
  TreeHash kind_;
  std::vector<NodeHash> peaks_;
  std::uint64_t size_ = 0;
};

/// A whole tree in memory: about 64 octets a leaf.
class MerkleTree {
 public:
  explicit MerkleTree(TreeHash kind = TreeHash::sm3) : kind_(kind) {}
  /// The tree over leaves that are all there already: hashed side by side, several times faster than one after another.
  static MerkleTree of(TreeHash kind, std::vector<NodeHash> leaves);
  void append(const NodeHash& leaf);
  std::uint64_t size() const { return levels_.empty() ? 0 : levels_[0].size(); }
  NodeHash root() const { return root_at(size()); }
  NodeHash root_at(std::uint64_t size) const;  ///< size ≤ size().
  /// index < size ≤ size().
  std::vector<NodeHash> inclusion_path(std::uint64_t index, std::uint64_t size) const;
  /// 0 < old_size ≤ new_size ≤ size().
  std::vector<NodeHash> consistency_proof(std::uint64_t old_size, std::uint64_t new_size) const;
  NodeSource source() const;  ///< Valid while the tree lives.

 private:
  TreeHash kind_;
  std::vector<std::vector<NodeHash>> levels_;
};

// The same over nodes that lie elsewhere, e.g. in a database. Errors: those of the source, and `tree_question_wrong`
// for an index or size that cannot be.
Result<NodeHash> root_from(TreeHash kind, std::uint64_t size, const NodeSource& source);
Result<std::vector<NodeHash>> inclusion_path_from(TreeHash kind, std::uint64_t index, std::uint64_t size,
                                                  const NodeSource& source);
Result<std::vector<NodeHash>> consistency_proof_from(TreeHash kind, std::uint64_t old_size, std::uint64_t new_size,
                                                     const NodeSource& source);

/// RFC 9162 section 2.1.3.2.
bool verify_inclusion(TreeHash kind, const NodeHash& leaf, std::uint64_t index, std::uint64_t size,
                      const std::vector<NodeHash>& path, const NodeHash& root);
/// RFC 9162 section 2.1.4.2; a tree of no leaves is the beginning of every tree (with an empty proof).
bool verify_consistency(TreeHash kind, std::uint64_t old_size, const NodeHash& old_root, std::uint64_t new_size,
                        const NodeHash& new_root, const std::vector<NodeHash>& proof);

}  // namespace zhida::crypto
