// The hash tree of RFC 9162 section 2.1 with SM3 in the place of SHA-256.
#pragma once
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace zhida::audit {

Bytes leaf_hash(ByteView data);                  ///< SM3(0x00 || data)
Bytes node_hash(ByteView left, ByteView right);  ///< SM3(0x01 || left || right)

/// Grows leaf by leaf; keeps only the roots of the full subtrees (log2 n of them).
class TreeHasher {
 public:
  void add(Bytes leaf_hash);
  std::uint64_t size() const { return size_; }
  Bytes root() const;  ///< Of no leaves: SM3 of nothing.

 private:
  std::vector<Bytes> subtrees_;  // Largest first; one for each 1 bit of size_.
  std::uint64_t size_ = 0;
};

}  // namespace zhida::audit
