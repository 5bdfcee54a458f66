#include "platform/crypto/merkle_tree.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/assert.h"
#include "platform/crypto/digest.h"
#include "platform/crypto/sm3_many.h"

namespace zhida::crypto {
namespace {

constexpr std::size_t kHashBytes = 32;

NodeHash hash_of(TreeHash kind, ByteView data) {
  NodeHash out;
  hash_into(kind == TreeHash::sm3 ? HashKind::sm3 : HashKind::sha256, data, out.data());
  return out;
}

// Many at once; SM3 side by side where the processor can.
std::vector<NodeHash> hashes_of(TreeHash kind, const std::vector<ByteView>& data) {
  std::vector<NodeHash> out(data.size());
  if (kind == TreeHash::sm3) {
    std::vector<Sm3Digest> digests(data.size());
    sm3_many(data, digests);
    for (std::size_t i = 0; i < data.size(); ++i) std::memcpy(out[i].data(), digests[i].data(), kHashBytes);
    return out;
  }
  for (std::size_t i = 0; i < data.size(); ++i) out[i] = hash_of(kind, data[i]);
  return out;
}

// The largest power of two below count, which is at least 2: where RFC 9162 cuts a tree.
std::uint64_t left_part(std::uint64_t count) {
  return std::bit_floor(count - 1);
}

/// Answers about ranges of leaves. A range always begins at a multiple of its left part, as RFC 9162's cuts do, so that
/// whatever is a power of two in size is a node of the source.
class Ranges {
 public:
  Ranges(TreeHash kind, const NodeSource& source) : kind_(kind), source_(source) {}

  Result<NodeHash> root(std::uint64_t begin, std::uint64_t end) const {
    const std::uint64_t count = end - begin;
    if (std::has_single_bit(count)) {
      const auto level = static_cast<unsigned>(std::countr_zero(count));
      return source_(level, begin >> level);
    }
    const std::uint64_t middle = begin + left_part(count);
    const NodeHash left = TRY(root(begin, middle));
    const NodeHash right = TRY(root(middle, end));
    return node_hash(kind_, left, right);
  }

  // PATH of section 2.1.3.1.
  Result<void> path(std::uint64_t index, std::uint64_t begin, std::uint64_t end, std::vector<NodeHash>& out) const {
    if (end - begin == 1) return ok();
    const std::uint64_t middle = begin + left_part(end - begin);
    if (index < middle) {
      CHECK_OK(path(index, begin, middle, out));
      out.push_back(TRY(root(middle, end)));
    } else {
      CHECK_OK(path(index, middle, end, out));
      out.push_back(TRY(root(begin, middle)));
    }
    return ok();
  }

  // SUBPROOF of section 2.1.4.1; `whole` says that the old tree's root is known to the verifier.
  Result<void> proof(std::uint64_t old_end, std::uint64_t begin, std::uint64_t end, bool whole,
                     std::vector<NodeHash>& out) const {
    if (old_end == end) {
      if (!whole) out.push_back(TRY(root(begin, end)));
      return ok();
    }
    const std::uint64_t middle = begin + left_part(end - begin);
    if (old_end <= middle) {
      CHECK_OK(proof(old_end, begin, middle, whole, out));
      out.push_back(TRY(root(middle, end)));
    } else {
      CHECK_OK(proof(old_end, middle, end, false, out));
      out.push_back(TRY(root(begin, middle)));
    }
    return ok();
  }

 private:
  TreeHash kind_;
  const NodeSource& source_;
};

Error wrong_question(std::string message) {
  return refuse("tree_question_wrong", std::move(message));
}

}  // namespace

Result<NodeHash> to_node_hash(ByteView octets) {
  if (octets.size() != kHashBytes) {
    return refuse("hash_malformed", "A hash of " + std::to_string(octets.size()) + " octets in the place of 32.");
  }
  NodeHash hash;
  std::copy(octets.begin(), octets.end(), hash.begin());
  return hash;
}

Result<NodeHash> node_hash_of_hex(ByteView digits) {
  const bool plain = digits.size() == 2 * kHashBytes && std::all_of(digits.begin(), digits.end(), [](char c) {
                       return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                     });
  if (!plain) return refuse("hash_malformed", "A hash is written as 64 lower-case hexadecimal digits.");
  return to_node_hash(TRY(from_hex(digits)));
}

NodeHash leaf_hash(TreeHash kind, ByteView data) {
  constexpr std::size_t kShort = 256;  // Most leaves are short: they need no copy on the heap.
  if (data.size() < kShort) {
    std::array<char, kShort> buffer;
    buffer[0] = '\0';
    std::copy(data.begin(), data.end(), buffer.begin() + 1);
    return hash_of(kind, ByteView(buffer.data(), data.size() + 1));
  }
  return hash_of(kind, Bytes(1, '\0').append(data));
}

NodeHash node_hash(TreeHash kind, const NodeHash& left, const NodeHash& right) {
  std::array<char, 1 + 2 * kHashBytes> buffer;
  buffer[0] = '\x01';
  std::copy(left.begin(), left.end(), buffer.begin() + 1);
  std::copy(right.begin(), right.end(), buffer.begin() + 1 + kHashBytes);
  return hash_of(kind, ByteView(buffer.data(), buffer.size()));
}

std::vector<NodeHash> leaf_hashes(TreeHash kind, const std::vector<Bytes>& data) {
  std::size_t size = 0;
  for (const Bytes& one : data) size += one.size() + 1;
  Bytes prefixed;
  prefixed.reserve(size);  // The views below point into it.
  std::vector<ByteView> views;
  views.reserve(data.size());
  for (const Bytes& one : data) {
    const std::size_t at = prefixed.size();
    prefixed += '\0';
    prefixed += one;
    views.push_back(ByteView(prefixed.data() + at, one.size() + 1));
  }
  return hashes_of(kind, views);
}

NodeHash empty_root(TreeHash kind) {
  return hash_of(kind, {});
}

Result<MerkleFrontier> MerkleFrontier::restore(TreeHash kind, std::uint64_t size, std::vector<NodeHash> peaks) {
  if (peaks.size() != static_cast<std::size_t>(std::popcount(size))) {
    return refuse("tree_malformed", "A tree of " + std::to_string(size) + " leaves has " +
                                        std::to_string(std::popcount(size)) + " peaks, not " +
                                        std::to_string(peaks.size()) + ".");
  }
  MerkleFrontier frontier(kind);
  frontier.peaks_ = std::move(peaks);
  frontier.size_ = size;
  return frontier;
}

void MerkleFrontier::append(const NodeHash& leaf, const NodeListener& listener) {
  NodeHash hash = leaf;
  unsigned level = 0;
  if (listener) listener(level, size_, hash);
  // Like adding one to a binary number: each carry joins two full subtrees of the same size.
  for (std::uint64_t carry = size_; (carry & 1) != 0; carry >>= 1) {
    hash = node_hash(kind_, peaks_.back(), hash);
    peaks_.pop_back();
    ++level;
    if (listener) listener(level, size_ >> level, hash);
  }
  peaks_.push_back(hash);
  ++size_;
}

NodeHash MerkleFrontier::root() const {
  if (peaks_.empty()) return empty_root(kind_);
  NodeHash root = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i-- > 0;) root = node_hash(kind_, peaks_[i], root);
  return root;
}

void MerkleTree::append(const NodeHash& leaf) {
  NodeHash hash = leaf;
  for (std::size_t level = 0;; ++level) {
    if (level == levels_.size()) levels_.emplace_back();
    auto& row = levels_[level];
    row.push_back(hash);
    if (row.size() % 2 != 0) return;
    hash = node_hash(kind_, row[row.size() - 2], row.back());
  }
}

MerkleTree MerkleTree::of(TreeHash kind, std::vector<NodeHash> leaves) {
  constexpr std::size_t kNodeBytes = 1 + 2 * kHashBytes;
  MerkleTree tree(kind);
  if (leaves.empty()) return tree;
  tree.levels_.push_back(std::move(leaves));
  while (tree.levels_.back().size() >= 2) {
    const auto& below = tree.levels_.back();
    const std::size_t pairs = below.size() / 2;
    Bytes octets(pairs * kNodeBytes, '\x01');
    std::vector<ByteView> views;
    views.reserve(pairs);
    for (std::size_t i = 0; i < pairs; ++i) {
      char* const node = octets.data() + i * kNodeBytes;
      std::memcpy(node + 1, below[2 * i].data(), kHashBytes);
      std::memcpy(node + 1 + kHashBytes, below[2 * i + 1].data(), kHashBytes);
      views.push_back(ByteView(node, kNodeBytes));
    }
    tree.levels_.push_back(hashes_of(kind, views));
  }
  return tree;
}

NodeSource MerkleTree::source() const {
  return [this](unsigned level, std::uint64_t index) -> Result<NodeHash> {
    if (level >= levels_.size() || index >= levels_[level].size()) return wrong_question("The tree has no such node.");
    return levels_[level][static_cast<std::size_t>(index)];
  };
}

NodeHash MerkleTree::root_at(std::uint64_t size) const {
  ZHIDA_ASSERT(size <= this->size());
  return root_from(kind_, size, source()).value();
}

std::vector<NodeHash> MerkleTree::inclusion_path(std::uint64_t index, std::uint64_t size) const {
  ZHIDA_ASSERT(index < size && size <= this->size());
  return inclusion_path_from(kind_, index, size, source()).value();
}

std::vector<NodeHash> MerkleTree::consistency_proof(std::uint64_t old_size, std::uint64_t new_size) const {
  ZHIDA_ASSERT(old_size > 0 && old_size <= new_size && new_size <= size());
  return consistency_proof_from(kind_, old_size, new_size, source()).value();
}

Result<NodeHash> root_from(TreeHash kind, std::uint64_t size, const NodeSource& source) {
  if (size == 0) return empty_root(kind);
  return Ranges(kind, source).root(0, size);
}

Result<std::vector<NodeHash>> inclusion_path_from(TreeHash kind, std::uint64_t index, std::uint64_t size,
                                                  const NodeSource& source) {
  if (index >= size) {
    return wrong_question("Leaf " + std::to_string(index) + " is not in a tree of " + std::to_string(size) +
                          " leaves.");
  }
  std::vector<NodeHash> path;
  CHECK_OK(Ranges(kind, source).path(index, 0, size, path));
  return path;
}

Result<std::vector<NodeHash>> consistency_proof_from(TreeHash kind, std::uint64_t old_size, std::uint64_t new_size,
                                                     const NodeSource& source) {
  if (old_size == 0 || old_size > new_size) {
    return wrong_question("A tree of " + std::to_string(new_size) + " leaves does not continue one of " +
                          std::to_string(old_size) + ".");
  }
  std::vector<NodeHash> proof;
  CHECK_OK(Ranges(kind, source).proof(old_size, 0, new_size, true, proof));
  return proof;
}

bool verify_inclusion(TreeHash kind, const NodeHash& leaf, std::uint64_t index, std::uint64_t size,
                      const std::vector<NodeHash>& path, const NodeHash& root) {
  if (index >= size) return false;
  std::uint64_t at = index, last = size - 1;
  NodeHash hash = leaf;
  for (const NodeHash& beside : path) {
    if (last == 0) return false;  // A longer path than the tree is high.
    if ((at & 1) != 0 || at == last) {
      hash = node_hash(kind, beside, hash);
      while ((at & 1) == 0 && at != 0) {  // A node without a sibling moves up unchanged.
        at >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(kind, hash, beside);
    }
    at >>= 1;
    last >>= 1;
  }
  return last == 0 && constant_time_equal(octets_of(hash), octets_of(root));
}

bool verify_consistency(TreeHash kind, std::uint64_t old_size, const NodeHash& old_root, std::uint64_t new_size,
                        const NodeHash& new_root, const std::vector<NodeHash>& proof) {
  if (old_size > new_size) return false;
  if (old_size == 0) return proof.empty() && old_root == empty_root(kind);
  if (old_size == new_size) return proof.empty() && old_root == new_root;
  auto next = proof.begin();
  NodeHash seed;
  if (std::has_single_bit(old_size)) {
    seed = old_root;  // A full tree is a node of the new one; its hash is known and not repeated in the proof.
  } else {
    if (next == proof.end()) return false;
    seed = *next++;
  }
  std::uint64_t at = old_size - 1, last = new_size - 1;
  for (; (at & 1) != 0; at >>= 1) last >>= 1;
  NodeHash old_hash = seed, new_hash = seed;
  for (; next != proof.end(); ++next) {
    if (last == 0) return false;
    if ((at & 1) != 0 || at == last) {
      old_hash = node_hash(kind, *next, old_hash);
      new_hash = node_hash(kind, *next, new_hash);
      while ((at & 1) == 0 && at != 0) {
        at >>= 1;
        last >>= 1;
      }
    } else {
      new_hash = node_hash(kind, new_hash, *next);
    }
    at >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == old_root && new_hash == new_root;
}

}  // namespace zhida::crypto
