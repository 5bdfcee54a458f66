#include "platform/crypto/merkle_tree.h"

#include <boost/test/unit_test.hpp>
#include <map>

#include "platform/crypto/digest.h"

using namespace zhida;
using namespace zhida::crypto;

namespace {

// RFC 9162 section 2.1.1 word for word: MTH of a list.
NodeHash plain_root(TreeHash kind, const std::vector<NodeHash>& leaves) {
  if (leaves.empty()) return empty_root(kind);
  if (leaves.size() == 1) return leaves[0];
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  const auto middle = leaves.begin() + static_cast<std::ptrdiff_t>(k);
  return node_hash(kind, plain_root(kind, {leaves.begin(), middle}), plain_root(kind, {middle, leaves.end()}));
}

std::vector<NodeHash> some_leaves(TreeHash kind, std::size_t count) {
  std::vector<NodeHash> leaves;
  for (std::size_t i = 0; i < count; ++i) leaves.push_back(leaf_hash(kind, "leaf " + std::to_string(i)));
  return leaves;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(merkle_trees)

BOOST_AUTO_TEST_CASE(hashes_have_the_prefixes_of_the_standard) {
  BOOST_TEST(to_hex(octets_of(empty_root(TreeHash::sha256))) ==
             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(
      to_hex(octets_of(leaf_hash(TreeHash::sha256, ""))) ==
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");  // A known answer of RFC 6962's tests.
  BOOST_TEST(octets_of(leaf_hash(TreeHash::sm3, "abc")) == sm3(Bytes(1, '\0') + "abc"));
  const auto many = leaf_hashes(TreeHash::sm3, {"abc", "", Bytes(1000, 'x')});
  BOOST_TEST((many[0] == leaf_hash(TreeHash::sm3, "abc")));
  BOOST_TEST((many[1] == leaf_hash(TreeHash::sm3, "")));
  BOOST_TEST((many[2] == leaf_hash(TreeHash::sm3, Bytes(1000, 'x'))));
  const Bytes long_leaf(1000, 'x');
  BOOST_TEST(octets_of(leaf_hash(TreeHash::sm3, long_leaf)) == sm3(Bytes(1, '\0') + long_leaf));
  for (const std::size_t size : {0u, 1u, 255u, 256u, 257u}) {
    const Bytes leaf(size, 'y');
    BOOST_TEST(octets_of(leaf_hash(TreeHash::sha256, leaf)) == sha256(Bytes(1, '\0') + leaf));
  }
  BOOST_TEST(!to_node_hash("short").has_value());
  BOOST_TEST(!node_hash_of_hex(std::string(64, 'A')).has_value());
  BOOST_TEST(node_hash_of_hex(std::string(64, 'a')).has_value());
}

BOOST_AUTO_TEST_CASE(every_leaf_of_every_tree_has_one_path_and_no_other_leaf_fits_it) {
  for (const TreeHash kind : {TreeHash::sm3, TreeHash::sha256}) {
    const auto leaves = some_leaves(kind, 70);
    MerkleTree tree(kind);
    MerkleFrontier frontier(kind);
    for (std::size_t size = 1; size <= leaves.size(); ++size) {
      tree.append(leaves[size - 1]);
      frontier.append(leaves[size - 1]);
      const NodeHash root = plain_root(kind, {leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(size)});
      BOOST_REQUIRE(tree.root() == root);
      BOOST_REQUIRE(frontier.root() == root);
      const auto whole = MerkleTree::of(kind, {leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(size)});
      BOOST_REQUIRE(whole.root() == root);
      BOOST_REQUIRE(whole.inclusion_path(size / 2, size) == tree.inclusion_path(size / 2, size));
      BOOST_REQUIRE(MerkleFrontier::restore(kind, size, frontier.peaks()).value().root() == root);
      for (std::size_t index = 0; index < size; ++index) {
        const auto path = tree.inclusion_path(index, size);
        BOOST_REQUIRE(verify_inclusion(kind, leaves[index], index, size, path, root));
        // Wrong leaf, wrong index, wrong size, a path too short, too long or changed.
        BOOST_REQUIRE(!verify_inclusion(kind, leaf_hash(kind, "?"), index, size, path, root));
        BOOST_REQUIRE(!verify_inclusion(kind, leaves[index], size, size, path, root));
        if (size > 1) {
          BOOST_REQUIRE(!verify_inclusion(kind, leaves[index], (index + 1) % size, size, path, root));
          BOOST_REQUIRE(!verify_inclusion(kind, leaves[index], index, size, {}, root));
          auto changed = path;
          changed.back()[7] = static_cast<char>(changed.back()[7] ^ 1);
          BOOST_REQUIRE(!verify_inclusion(kind, leaves[index], index, size, changed, root));
          BOOST_REQUIRE(!verify_inclusion(kind, leaves[index], index, size, {path.begin(), path.end() - 1}, root));
        }
        auto longer = path;
        longer.push_back(root);
        BOOST_REQUIRE(!verify_inclusion(kind, leaves[index], index, size, longer, root));
      }
    }
    BOOST_TEST(tree.root_at(0) == empty_root(kind));
  }
  BOOST_TEST(!MerkleFrontier::restore(TreeHash::sm3, 3, {empty_root(TreeHash::sm3)}).has_value());
}

BOOST_AUTO_TEST_CASE(a_tree_continues_every_smaller_one_and_a_fork_is_found) {
  const TreeHash kind = TreeHash::sm3;
  const auto leaves = some_leaves(kind, 40);
  MerkleTree tree(kind), forked(kind);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    tree.append(leaves[i]);
    forked.append(i == 5 ? leaf_hash(kind, "rewritten") : leaves[i]);
  }
  for (std::uint64_t new_size = 1; new_size <= tree.size(); ++new_size) {
    for (std::uint64_t old_size = 1; old_size <= new_size; ++old_size) {
      const auto proof = tree.consistency_proof(old_size, new_size);
      const NodeHash old_root = tree.root_at(old_size), new_root = tree.root_at(new_size);
      BOOST_REQUIRE(verify_consistency(kind, old_size, old_root, new_size, new_root, proof));
      if (new_size > 5) {
        BOOST_REQUIRE(!verify_consistency(kind, old_size, old_root, new_size, forked.root_at(new_size),
                                          forked.consistency_proof(old_size, new_size)) ||
                      old_size <= 5);
        BOOST_REQUIRE(!verify_consistency(kind, old_size, old_root, new_size, forked.root_at(new_size), proof));
      }
      BOOST_REQUIRE(!verify_consistency(kind, new_size + 1, old_root, new_size, new_root, proof));
      if (old_size < new_size) {
        BOOST_REQUIRE(!verify_consistency(kind, old_size, new_root, new_size, new_root, proof));
        auto longer = proof;
        longer.push_back(old_root);
        BOOST_REQUIRE(!verify_consistency(kind, old_size, old_root, new_size, new_root, longer));
        if (!proof.empty()) {
          BOOST_REQUIRE(
              !verify_consistency(kind, old_size, old_root, new_size, new_root, {proof.begin(), proof.end() - 1}));
        }
      }
    }
  }
  BOOST_TEST(verify_consistency(kind, 0, empty_root(kind), 7, tree.root_at(7), {}));
  BOOST_TEST(!verify_consistency(kind, 0, tree.root_at(1), 7, tree.root_at(7), {}));
}

BOOST_AUTO_TEST_CASE(nodes_that_lie_elsewhere_answer_as_the_tree_does) {
  const TreeHash kind = TreeHash::sm3;
  const auto leaves = some_leaves(kind, 33);
  MerkleTree tree(kind);
  MerkleFrontier frontier(kind);
  std::map<std::pair<unsigned, std::uint64_t>, NodeHash> kept;
  for (const auto& leaf : leaves) {
    tree.append(leaf);
    frontier.append(leaf, [&](unsigned level, std::uint64_t index, const NodeHash& hash) {
      BOOST_REQUIRE(kept.emplace(std::pair(level, index), hash).second);
    });
  }
  const NodeSource source = [&](unsigned level, std::uint64_t index) -> Result<NodeHash> {
    const auto it = kept.find({level, index});
    if (it == kept.end()) return refuse("node_missing", "It is not there.");
    return it->second;
  };
  for (std::uint64_t size = 1; size <= leaves.size(); ++size) {
    BOOST_TEST((root_from(kind, size, source).value() == tree.root_at(size)));
    BOOST_TEST((inclusion_path_from(kind, size / 2, size, source).value() == tree.inclusion_path(size / 2, size)));
    BOOST_TEST((consistency_proof_from(kind, (size + 1) / 2, size, source).value() ==
                tree.consistency_proof((size + 1) / 2, size)));
  }
  BOOST_TEST(root_from(kind, 34, source).error().code == "node_missing");
  BOOST_TEST(inclusion_path_from(kind, 3, 3, source).error().code == "tree_question_wrong");
  BOOST_TEST(consistency_proof_from(kind, 0, 3, source).error().code == "tree_question_wrong");
}

BOOST_AUTO_TEST_SUITE_END()
