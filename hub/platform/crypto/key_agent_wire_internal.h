// What zhida-keyd and its clients say to each other. One operation: a digest in, a signature out.
//
//   on connecting, from the agent:  "ZHKEYD1\n", one octet of algorithm (1 SM2, 2 P-256), 64 octets x || y
//   request:                        4 octets of number, 32 of e
//   answer:                         4 octets of number, 1 of outcome (0 done), 64 of r || s
//
// Requests may follow each other without waiting; answers come in any order. For the sources of this folder only.
#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

#include "platform/crypto/algorithm.h"
#include "platform/crypto/signature_value.h"

namespace zhida::crypto::agent_wire {

inline constexpr std::string_view kMagic = "ZHKEYD1\n";
inline constexpr std::size_t kGreetingBytes = 8 + 1 + 64;
inline constexpr std::size_t kRequestBytes = 4 + 32;
inline constexpr std::size_t kAnswerBytes = 4 + 1 + 64;

inline char octet_of(Alg alg) {
  return alg == Alg::sm2_sm3 ? '\1' : '\2';
}
inline void append_number(Bytes& out, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift);
}
inline std::uint32_t read_number(ByteView text) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = (number << 8) | static_cast<unsigned char>(text[i]);
  return number;
}

}  // namespace zhida::crypto::agent_wire
