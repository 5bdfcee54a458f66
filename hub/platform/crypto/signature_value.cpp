#include "platform/crypto/signature_value.h"

#include <cstring>

namespace zhida::crypto {
namespace {

constexpr unsigned char kSequence = 0x30, kInteger = 0x02;
constexpr std::size_t kHalf = 32;

void append_integer(Bytes& out, const unsigned char* number) {
  std::size_t skip = 0;
  while (skip + 1 < kHalf && number[skip] == 0) ++skip;
  const bool pad = (number[skip] & 0x80) != 0;
  out += static_cast<char>(kInteger);
  out += static_cast<char>(kHalf - skip + (pad ? 1 : 0));
  if (pad) out += '\0';
  out.append(reinterpret_cast<const char*>(number + skip), kHalf - skip);
}

bool take_integer(ByteView& rest, unsigned char* number) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
  if (rest.size() < 3 || octet(0) != kInteger) return false;
  const std::size_t size = octet(1);
  if (size == 0 || size > kHalf + 1 || rest.size() < 2 + size) return false;
  if ((octet(2) & 0x80) != 0) return false;                               // Negative.
  if (size > 1 && octet(2) == 0 && (octet(3) & 0x80) == 0) return false;  // Not minimal.
  const std::size_t pad = size == kHalf + 1 ? 1 : 0;
  if (pad == 1 && octet(2) != 0) return false;
  std::memset(number, 0, kHalf);
  std::memcpy(number + kHalf - (size - pad), rest.data() + 2 + pad, size - pad);
  rest.remove_prefix(2 + size);
  return true;
}

}  // namespace

Bytes encode_signature(const RawSignature& raw) {
  Bytes inside;
  inside.reserve(72);
  inside.append(2, '\0');
  append_integer(inside, raw.data());
  append_integer(inside, raw.data() + kHalf);
  inside[0] = static_cast<char>(kSequence);
  inside[1] = static_cast<char>(inside.size() - 2);  // At most 70: the short form of a length.
  return inside;
}

std::optional<RawSignature> decode_signature(ByteView der) {
  if (der.size() < 2 || static_cast<unsigned char>(der[0]) != kSequence) return std::nullopt;
  const auto size = static_cast<unsigned char>(der[1]);
  if (size >= 0x80 || der.size() != 2u + size) return std::nullopt;
  der.remove_prefix(2);
  RawSignature raw;
  if (!take_integer(der, raw.data()) || !take_integer(der, raw.data() + kHalf) || !der.empty()) return std::nullopt;
  return raw;
}

}  // namespace zhida::crypto
