#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace zhida {

/// Octets exactly as received or as sealed. A std::string, because every library here speaks it; never re-encoded.
using Bytes = std::string;
using ByteView = std::string_view;

std::string to_hex(ByteView bytes);            ///< Lower case.
Result<Bytes> from_hex(std::string_view hex);  ///< Error `hex_malformed`.
std::string to_base64(ByteView bytes);         ///< RFC 4648 section 4, with padding.
Result<Bytes> from_base64(
    std::string_view base64);  ///< Strict: padding needed, no white space. Error `base64_malformed`.

/// Reads a whole file. Errors `file_missing`, `file_unreadable`, `file_too_large` (over limit_bytes), each with the
/// path.
Result<Bytes> read_file(const std::string& path, std::size_t limit_bytes = 64u << 20);
/// Writes beside the target, flushes to disk and renames: readers see the old file or the whole new one.
/// mode is the file's permission bits, e.g. 0600 for keys.
Result<void> write_file_atomically(const std::string& path, ByteView content, unsigned mode = 0644);

}  // namespace zhida
