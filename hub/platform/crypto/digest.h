// Hashes, message authentication, passwords and randomness. Any thread; no errors but those of the machine itself.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace zhida::crypto {

Bytes sm3(ByteView data);     ///< GB/T 32905, 32 octets.
Bytes sha256(ByteView data);  ///< FIPS 180-4, 32 octets.
/// The same into 32 octets of the caller's, without an allocation: for hash trees.
enum class HashKind { sm3, sha256 };
void hash_into(HashKind kind, ByteView data, char* out32);
Bytes hmac_sha256(ByteView key, ByteView data);  ///< RFC 2104, 32 octets.

/// SM3 over data that comes in pieces. After finish() the object is ready for another message.
class Sm3Stream {
 public:
  Sm3Stream();
  ~Sm3Stream();
  Sm3Stream(Sm3Stream&&) noexcept;
  Sm3Stream& operator=(Sm3Stream&&) noexcept;
  void update(ByteView data);
  Bytes finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// Takes the same time wherever the first difference is. Lengths are not secret.
bool constant_time_equal(ByteView left, ByteView right);

/// From the operating system's generator; fit for keys, nonces and session ids.
Bytes random_bytes(std::size_t count);

/// scrypt (RFC 7914, N=2^15, r=8, p=1, 32 MiB) with a fresh salt: `$scrypt$ln=15,r=8,p=1$<salt>$<hash>`, base64.
std::string hash_password(std::string_view password);
/// False for a wrong password and for text that hash_password() did not make. About 0.1 s on purpose.
bool verify_password(std::string_view password, std::string_view encoded);

}  // namespace zhida::crypto
