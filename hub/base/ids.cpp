#include "base/ids.h"

#include <array>

#include <sys/random.h>

#include "base/assert.h"
#include "base/bytes.h"

namespace zhida {
namespace {

template <std::size_t N>
std::array<unsigned char, N> random_bytes() {
  std::array<unsigned char, N> out{};
  ZHIDA_ASSERT(::getrandom(out.data(), N, 0) == static_cast<ssize_t>(N));  // Up to 256 bytes never come short.
  return out;
}

template <std::size_t N>
ByteView view(const std::array<unsigned char, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}

}  // namespace

std::string new_ulid(Instant now) {
  static constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string out(26, '0');
  auto millis = static_cast<std::uint64_t>(to_millis(now));
  for (std::size_t i = 10; i-- > 0; millis >>= 5) out[i] = kAlphabet[millis & 31];
  const auto random = random_bytes<16>();
  for (std::size_t i = 0; i < 16; ++i) out[10 + i] = kAlphabet[random[i] & 31];
  return out;
}

TraceId new_trace_id() {
  return TraceId(to_hex(view(random_bytes<16>())));
}

std::string new_uuid() {
  auto random = random_bytes<16>();
  random[6] = static_cast<unsigned char>((random[6] & 0x0f) | 0x40);
  random[8] = static_cast<unsigned char>((random[8] & 0x3f) | 0x80);
  const std::string hex = to_hex(view(random));
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

}  // namespace zhida
