// Signature values: the pair r, s as 64 raw octets (what keys and hardware give) and as DER (what travels).
#pragma once
#include <array>
#include <optional>

#include "base/bytes.h"

namespace zhida::crypto {

/// r, then s; 32 octets each, big-endian.
using RawSignature = std::array<unsigned char, 64>;

/// DER SEQUENCE { r INTEGER, s INTEGER }.
Bytes encode_signature(const RawSignature& raw);
/// Strict: minimal lengths and integers, positive, at most 32 octets each, nothing behind; otherwise nothing.
std::optional<RawSignature> decode_signature(ByteView der);

}  // namespace zhida::crypto
