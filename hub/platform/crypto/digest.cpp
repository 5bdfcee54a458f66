#include "platform/crypto/digest.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "base/assert.h"
#include "platform/crypto/openssl_handles_internal.h"

namespace zhida::crypto {
namespace {

constexpr std::size_t kDigestBytes = 32;

// Fetched once: looking an algorithm up by name costs about as much as hashing a short record.
const EVP_MD* fetched_sm3() {
  static EVP_MD* const md = EVP_MD_fetch(nullptr, "SM3", nullptr);
  return md;
}
const EVP_MD* fetched_sha256() {
  static EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return md;
}

// Contexts are reused too, one a thread and a hash: a context that stays with its hash is only reset.
void digest_with(EVP_MD_CTX* context, const EVP_MD* md, ByteView data, unsigned char* out) {
  unsigned length = 0;
  const bool done = md != nullptr && EVP_DigestInit_ex2(context, md, nullptr) == 1 &&
                    EVP_DigestUpdate(context, data.data(), data.size()) == 1 &&
                    EVP_DigestFinal_ex(context, out, &length) == 1 && length == kDigestBytes;
  ZHIDA_ASSERT(done);  // Only a machine without memory, or an OpenSSL without SM3, comes here.
}

struct ScryptCost {
  std::uint64_t n = 1u << 15;
  std::uint32_t r = 8;
  std::uint32_t p = 1;
};
constexpr std::size_t kSaltBytes = 16;

std::optional<Bytes> scrypt(std::string_view password, ByteView salt, ScryptCost cost) {
  const Handle<EVP_KDF, EVP_KDF_free> kdf(EVP_KDF_fetch(nullptr, "SCRYPT", nullptr));
  if (!kdf) return std::nullopt;
  const Handle<EVP_KDF_CTX, EVP_KDF_CTX_free> context(EVP_KDF_CTX_new(kdf.get()));
  if (!context) return std::nullopt;
  // OpenSSL's own limit is just below what N=2^15, r=8 needs.
  std::uint64_t memory_limit = 64u << 20;
  static char empty[] = "";
  char* const password_data = password.empty() ? empty : const_cast<char*>(password.data());
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, password_data, password.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, const_cast<char*>(salt.data()), salt.size()),
      OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &cost.n),
      OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &cost.r),
      OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &cost.p),
      OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory_limit),
      OSSL_PARAM_construct_end(),
  };
  Bytes out(kDigestBytes, '\0');
  if (EVP_KDF_derive(context.get(), octets(out), out.size(), params) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  return out;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_number(std::string_view& text, unsigned& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

void hash_into(HashKind kind, ByteView data, char* out32) {
  thread_local const DigestContext for_sm3(EVP_MD_CTX_new()), for_sha256(EVP_MD_CTX_new());
  auto* const out = reinterpret_cast<unsigned char*>(out32);
  if (kind == HashKind::sm3) {
    digest_with(for_sm3.get(), fetched_sm3(), data, out);
  } else {
    digest_with(for_sha256.get(), fetched_sha256(), data, out);
  }
}

Bytes sm3(ByteView data) {
  Bytes out(kDigestBytes, '\0');
  hash_into(HashKind::sm3, data, out.data());
  return out;
}

Bytes sha256(ByteView data) {
  Bytes out(kDigestBytes, '\0');
  hash_into(HashKind::sha256, data, out.data());
  return out;
}

Bytes hmac_sha256(ByteView key, ByteView data) {
  Bytes out(kDigestBytes, '\0');
  unsigned length = 0;
  const unsigned char* done =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets(data), data.size(), octets(out), &length);
  ZHIDA_ASSERT(done != nullptr && length == kDigestBytes);
  return out;
}

struct Sm3Stream::Context {
  DigestContext handle{EVP_MD_CTX_new()};
  void begin() { ZHIDA_ASSERT(EVP_DigestInit_ex2(handle.get(), fetched_sm3(), nullptr) == 1); }
};

Sm3Stream::Sm3Stream() : context_(std::make_unique<Context>()) {
  context_->begin();
}
Sm3Stream::~Sm3Stream() = default;
Sm3Stream::Sm3Stream(Sm3Stream&&) noexcept = default;
Sm3Stream& Sm3Stream::operator=(Sm3Stream&&) noexcept = default;

void Sm3Stream::update(ByteView data) {
  ZHIDA_ASSERT(EVP_DigestUpdate(context_->handle.get(), data.data(), data.size()) == 1);
}

Bytes Sm3Stream::finish() {
  Bytes out(kDigestBytes, '\0');
  unsigned length = 0;
  ZHIDA_ASSERT(EVP_DigestFinal_ex(context_->handle.get(), octets(out), &length) == 1 && length == kDigestBytes);
  context_->begin();
  return out;
}

bool constant_time_equal(ByteView left, ByteView right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

Bytes random_bytes(std::size_t count) {
  Bytes out(count, '\0');
  ZHIDA_ASSERT(RAND_bytes_ex(nullptr, octets(out), count, 0) == 1);
  return out;
}

std::string hash_password(std::string_view password) {
  const Bytes salt = random_bytes(kSaltBytes);
  const auto hash = scrypt(password, salt, ScryptCost{});
  ZHIDA_ASSERT(hash.has_value());
  return "$scrypt$ln=15,r=8,p=1$" + to_base64(salt) + "$" + to_base64(*hash);
}

bool verify_password(std::string_view password, std::string_view encoded) {
  unsigned log_n = 0, r = 0, p = 0;
  if (!take(encoded, "$scrypt$ln=") || !take_number(encoded, log_n) || !take(encoded, ",r=") ||
      !take_number(encoded, r) || !take(encoded, ",p=") || !take_number(encoded, p) || !take(encoded, "$")) {
    return false;
  }
  // A stored text must not be able to ask for more memory or time than our own hashes do.
  if (log_n < 10 || log_n > 15 || r == 0 || r > 8 || p == 0 || p > 4) return false;
  const std::size_t end_of_salt = encoded.find('$');
  if (end_of_salt == std::string_view::npos) return false;
  const auto salt = from_base64(encoded.substr(0, end_of_salt));
  const auto expected = from_base64(encoded.substr(end_of_salt + 1));
  if (!salt || !expected || expected.value().size() != kDigestBytes) return false;
  const auto actual = scrypt(password, salt.value(), ScryptCost{std::uint64_t{1} << log_n, r, p});
  return actual.has_value() && constant_time_equal(*actual, expected.value());
}

}  // namespace zhida::crypto
