#include "platform/crypto/secure_memory.h"

#include <cstdlib>
#include <cstring>
#include <utility>

#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/assert.h"

namespace zhida::crypto {
namespace {

// OpenSSL keeps the numbers of private keys in the same arena once it is there. 128 KiB stay below what an ordinary
// user may lock.
bool arena_is_there() {
  constexpr std::size_t kArenaBytes = 128u << 10;
  constexpr std::size_t kSmallestBytes = 32;
  static const bool there =
      CRYPTO_secure_malloc_initialized() == 1 || CRYPTO_secure_malloc_init(kArenaBytes, kSmallestBytes) != 0;
  return there;
}

}  // namespace

void wipe(void* at, std::size_t size) {
  OPENSSL_cleanse(at, size);
}

void wipe(Bytes& bytes) {
  OPENSSL_cleanse(bytes.data(), bytes.size());
  bytes.clear();
}

SecureBytes::SecureBytes(std::size_t size) : size_(size), taken_(size) {
  if (size == 0) return;
  // Where the arena is missing or full, OpenSSL takes ordinary memory; it is wiped all the same.
  data_ = static_cast<unsigned char*>(arena_is_there() ? OPENSSL_secure_zalloc(size) : nullptr);
  if (data_ == nullptr) data_ = static_cast<unsigned char*>(OPENSSL_zalloc(size));
  ZHIDA_ASSERT(data_ != nullptr);
}

SecureBytes SecureBytes::of(ByteView content) {
  SecureBytes bytes(content.size());
  if (!content.empty()) std::memcpy(bytes.data_, content.data(), content.size());
  return bytes;
}

SecureBytes::~SecureBytes() {
  if (data_ != nullptr) OPENSSL_secure_clear_free(data_, taken_);
}

SecureBytes::SecureBytes(SecureBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      taken_(std::exchange(other.taken_, 0)) {}

SecureBytes& SecureBytes::operator=(SecureBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(taken_, other.taken_);
  return *this;
}

void SecureBytes::shrink(std::size_t size) {
  if (size >= size_) return;
  wipe(data_ + size, size_ - size);
  size_ = size;
}

bool forbid_looking_in() {
  // A service manager may forbid changing limits; a process that is not dumpable leaves no core file either way.
  const rlimit none{0, 0};
  (void)::setrlimit(RLIMIT_CORE, &none);
  return ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

}  // namespace zhida::crypto
