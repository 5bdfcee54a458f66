#include "audit/merkle.h"

#include "platform/crypto/digest.h"

namespace zhida::audit {

Bytes leaf_hash(ByteView data) {
  return crypto::sm3(Bytes(1, '\0').append(data));
}

Bytes node_hash(ByteView left, ByteView right) {
  return crypto::sm3(Bytes(1, '\x01').append(left).append(right));
}

void TreeHasher::add(Bytes leaf_hash) {
  // Like adding one to a binary number: each carry joins two full subtrees of the same size.
  for (std::uint64_t carry = size_; (carry & 1) != 0; carry >>= 1) {
    leaf_hash = node_hash(subtrees_.back(), leaf_hash);
    subtrees_.pop_back();
  }
  subtrees_.push_back(std::move(leaf_hash));
  ++size_;
}

Bytes TreeHasher::root() const {
  if (subtrees_.empty()) return crypto::sm3({});
  Bytes root = subtrees_.back();
  for (std::size_t i = subtrees_.size() - 1; i-- > 0;) root = node_hash(subtrees_[i], root);
  return root;
}

}  // namespace zhida::audit
