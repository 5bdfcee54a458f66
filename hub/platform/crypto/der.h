// Strict DER (ITU-T X.690) in and out. The reader hands out slices of the received octets, so that signatures are
// checked over exactly what came.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace zhida::crypto::der {

enum Tag : std::uint8_t {
  kBoolean = 0x01,
  kInteger = 0x02,
  kBitString = 0x03,
  kOctetString = 0x04,
  kNull = 0x05,
  kObjectId = 0x06,
  kUtf8String = 0x0c,
  kPrintableString = 0x13,
  kIa5String = 0x16,
  kUtcTime = 0x17,
  kGeneralizedTime = 0x18,
  kSequence = 0x30,
  kSet = 0x31,
  kExplicit0 = 0xa0,
};

inline constexpr int kDepthMax = 16;

/// How GeneralizedTime may be written: seals use whole seconds only; time-stamp tokens may have a fraction (RFC 3161).
enum class Times { whole_seconds, fractions_too };

/// Walks the whole text: definite and minimal lengths, one-octet tags, minimal integers, whole-octet bit strings, sound
/// object ids, GeneralizedTime `YYYYMMDDHHMMSSZ`, no constructed strings, nesting up to kDepthMax, nothing behind the
/// outer element. Error `der_malformed` names the offset.
Result<void> check_strict(ByteView text, Times times = Times::whole_seconds);

struct Element {
  std::uint8_t tag = 0;
  ByteView whole;  ///< Tag, length and content.
  ByteView content;
};

/// Reads the elements of one constructed content in turn. Use after check_strict(). Errors `der_malformed` name what
/// was wanted.
class Reader {
 public:
  explicit Reader(ByteView content) : rest_(content) {}
  bool at_end() const { return rest_.empty(); }
  std::uint8_t next_tag() const { return rest_.empty() ? 0 : static_cast<std::uint8_t>(rest_.front()); }
  Result<Element> any(std::string_view what);
  Result<Element> expect(Tag tag, std::string_view what);
  Result<std::int64_t> integer(std::string_view what);   ///< Fits 31 bits.
  Result<std::string> object_id(std::string_view what);  ///< Dotted.
  Result<std::string> ia5(std::string_view what);        ///< 7-bit octets only.
  Result<std::string> utf8(std::string_view what);       ///< Well-formed only.
  Result<ByteView> bits(std::string_view what);          ///< Whole octets, without the leading count.
  Result<ByteView> octet_string(std::string_view what);
  Result<Instant> time(std::string_view what);                ///< GeneralizedTime, whole seconds.
  Result<Instant> time_with_fraction(std::string_view what);  ///< Read down to milliseconds, the rest cut off.
  Result<void> end(std::string_view what);                    ///< Nothing more may follow.

 private:
  ByteView rest_;
};

Bytes write(std::uint8_t tag, ByteView content);
Bytes write_integer(std::int64_t value);  ///< value ≥ 0.
Bytes write_object_id(std::string_view dotted);
Bytes write_bits(ByteView octets);
Bytes write_time(Instant moment);  ///< Whole seconds.

}  // namespace zhida::crypto::der
