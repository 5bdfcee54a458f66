// The archive that an evidence pack is: a ZIP (APPNOTE 6.3.3) of stored members and nothing else, written in one way
// only, so that every octet of it is either a member's, or has the one value it may have.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace zhida::seal {

struct PackMember {
  std::string name;
  Bytes data;
};

inline constexpr std::size_t kPackMembersMax = 4096;
inline constexpr std::size_t kPackBytesMax = std::size_t{256} << 20;

/// Names are ASCII letters, digits, `.`, `_` and `-` in segments parted by `/`, at most 120 octets; no segment is `.`
/// or `..`, none is empty.
bool is_pack_name(std::string_view name);

/// Members in the order given, each name once. Errors `pack_name_wrong`, `pack_too_large`.
Result<Bytes> write_pack(const std::vector<PackMember>& members);

/// What is wrong with an archive, and where.
struct PackFault {
  std::string member;    ///< Whose header or octets; empty for the archive's own directory.
  std::string detail;    ///< One sentence.
  bool content = false;  ///< The octets of the member differ from their check sum; else a header is wrong.
};

/// What could be read. With faults the members are those that could be told, for a report: nothing in them may be
/// believed before it was verified.
struct PackReading {
  std::vector<PackMember> members;
  std::vector<PackFault> faults;
};

/// Reads only what write_pack() writes: no compression, no ZIP64, no data descriptors, no comments, no extra fields, no
/// octet before, between or behind. Never fails: what is wrong are faults.
PackReading read_pack(ByteView archive);

}  // namespace zhida::seal
