// Character sets and normal forms. Inside the hub all text is UTF-8; what a counterpart sends or wants in GB18030 or
// GBK is converted here, strictly: a byte sequence that does not exist, or a character that the target lacks, is an
// error that says where it stands. Nothing is ever replaced by a question mark.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace zhida::text {

/// Errors `encoding_malformed` with the byte offset (from 0).
Result<std::string> gb18030_to_utf8(ByteView bytes);
Result<std::string> gbk_to_utf8(ByteView bytes);
/// Refuses what is not UTF-8 (RFC 3629: no surrogates, no over-long forms). Error `encoding_malformed`.
Result<void> check_utf8(ByteView bytes);

/// Every character has a place in GB18030. Error `encoding_malformed` where the input is not UTF-8.
Result<Bytes> utf8_to_gb18030(std::string_view utf8);
/// Error `char_not_in_gbk` names the first character that GBK lacks: `㐀 (U+3400) at character 3` (from 1). Private use
/// characters and the euro sign of code page 936 are no part of GBK.
Result<Bytes> utf8_to_gbk(std::string_view utf8);

enum class Encoding { utf8, gb18030, gbk };
const char* to_text(Encoding encoding);

/// Text as UTF-8 together with the octets it was decoded from, so that a piece of the text can be traced back to the
/// octets as received.
class DecodedText {
 public:
  /// A byte order mark means UTF-8; else UTF-8 where that is valid; else GB18030. Error `encoding_unknown` (neither).
  static Result<DecodedText> detect(Bytes bytes);
  /// With the encoding known beforehand. Error `encoding_malformed`.
  static Result<DecodedText> decode(Bytes bytes, Encoding encoding);

  const std::string& utf8() const { return utf8_; }  ///< Without the byte order mark.
  Encoding encoding() const { return encoding_; }
  bool had_byte_order_mark() const { return prefix_ != 0; }
  const Bytes& original() const { return original_; }
  /// Where the UTF-8 offset lies in the original octets.
  std::size_t original_offset(std::size_t utf8_offset) const;
  /// The original octets of utf8()[begin, end).
  ByteView original_slice(std::size_t begin, std::size_t end) const;

 private:
  struct Mark {
    std::size_t utf8, original;
  };
  Bytes original_;
  std::string utf8_;
  Encoding encoding_ = Encoding::utf8;
  std::size_t prefix_ = 0;   // Length of the byte order mark.
  std::vector<Mark> marks_;  // Every few thousand octets, both offsets.
};

/// Full-width ASCII (U+FF01..U+FF5E) and the ideographic space become half-width; all else stays.
std::string half_width(std::string_view utf8);
/// White space at both ends goes: ASCII, U+00A0, U+2000..U+200B, U+3000, U+FEFF.
std::string_view trim(std::string_view utf8);
/// Zero-width characters (U+200B..U+200D, U+2060, U+FEFF) go wherever they stand.
std::string without_zero_width(std::string_view utf8);
/// trim + half-width + without zero-width: the form in which codes, numbers and dates are read.
std::string plain(std::string_view utf8);
/// Unicode NFKC: for free text that is compared. Changes what it is given (㈱ → (株)); never used on names to be
/// stored.
std::string nfkc(std::string_view utf8);
/// The form in which names of firms are compared: NFKC, all kinds of brackets as (), no white space, upper case.
std::string name_key(std::string_view utf8);
/// The form in which names are stored: trimmed, zero-width removed, half-width brackets as full-width （）, inner runs
/// of white space as one blank.
std::string tidy_name(std::string_view utf8);
/// Words that mean "nothing here": empty, 无, 暂无, 空, 未知, NULL, N/A, -, --, —, /, \N, a literal \n …
bool is_null_word(std::string_view utf8);
/// Number of characters (code points); malformed octets count one each.
std::size_t characters(std::string_view utf8);

}  // namespace zhida::text
