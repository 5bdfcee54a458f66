// SM3 over many messages at once: 16 or 8 lanes side by side where the processor has them, one after another elsewhere.
#pragma once
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace zhida::crypto {

using Sm3Digest = std::array<unsigned char, 32>;

/// One digest a message, in order; the same as sm3() of each. Worth it from about four messages on, most where their
/// lengths are alike. Any thread.
void sm3_many(std::span<const ByteView> messages, std::span<Sm3Digest> digests);
std::vector<Bytes> sm3_many(std::span<const ByteView> messages);

/// How wide sm3_many() may work; `best` is what the processor can do. For tests and measurements.
enum class Sm3Lanes { one, eight, sixteen, best };
bool sm3_lanes_available(Sm3Lanes lanes);
/// As sm3_many(), with a width that is available.
void sm3_many_with(Sm3Lanes lanes, std::span<const ByteView> messages, std::span<Sm3Digest> digests);
std::string_view sm3_many_kind();  ///< `avx512`, `avx2` or `plain`

}  // namespace zhida::crypto
