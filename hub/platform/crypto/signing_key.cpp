#include "platform/crypto/signing_key.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/pkcs12.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "platform/crypto/certificate_impl.h"
#include "platform/crypto/digest.h"
#include "platform/crypto/openssl_handles_internal.h"
#include "platform/crypto/sm2_key.h"

namespace zhida::crypto {
namespace {

constexpr std::size_t kKeyBytesMax = 64u << 10;

/// x || y of a key that OpenSSL holds; empty where it has none.
Bytes point_of(const EVP_PKEY* key) {
  Bytes both;
  for (const char* name : {OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y}) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return {};
    const Handle<BIGNUM, BN_free> number(raw);
    Bytes half(32, '\0');
    if (BN_bn2binpad(number.get(), octets(half), 32) != 32) return {};
    both += half;
  }
  return both;
}

class Sm2Key final : public SigningKey {
 public:
  explicit Sm2Key(Sm2PrivateKey key) : key_(std::move(key)) {}
  Alg alg() const override { return Alg::sm2_sm3; }
  const Bytes& public_point() const override { return key_.public_key().point(); }
  Result<RawSignature> sign_e(ByteView e) const override { return key_.sign_e(e); }

 private:
  Sm2PrivateKey key_;
};

/// P-256 stays with OpenSSL, whose arithmetic for that curve is as good as it gets.
class P256Key final : public SigningKey {
 public:
  P256Key(KeyHandle key, Bytes point) : key_(std::move(key)), point_(std::move(point)) {}
  Alg alg() const override { return Alg::ecdsa_p256_sha256; }
  const Bytes& public_point() const override { return point_; }
  Result<RawSignature> sign_e(ByteView e) const override {
    const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
    Bytes value(80, '\0');
    std::size_t size = value.size();
    if (!context || EVP_PKEY_sign_init(context.get()) != 1 ||
        EVP_PKEY_sign(context.get(), octets(value), &size, octets(e), e.size()) != 1) {
      return refuse("signing_failed", "The key did not sign: " + openssl_complaint() + ".");
    }
    const auto raw = decode_signature(ByteView(value).substr(0, size));
    if (!raw) return refuse("signing_failed", "The key gave a signature value that is none.");
    return *raw;
  }

 private:
  const KeyHandle key_;
  const Bytes point_;
};

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

Result<SecureBytes> read_guarded(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) {
    if (errno == ENOENT) return refuse("file_missing", path + " is not there.");
    return refuse("file_unreadable", path + " cannot be opened: " + std::strerror(errno) + ".");
  }
  struct stat status {};
  if (::fstat(file.number, &status) != 0 || !S_ISREG(status.st_mode)) {
    return refuse("file_unreadable", path + " is no ordinary file.");
  }
  if ((status.st_mode & 077) != 0) {
    return refuse("key_file_open_to_others",
                  path + " holds a private key and can be touched by others: chmod 600 " + path);
  }
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    return refuse("key_file_open_to_others", path + " holds a private key and belongs to another user: chown it.");
  }
  if (static_cast<std::size_t>(status.st_size) > kKeyBytesMax) {
    return refuse("file_too_large", path + " is too large for a private key.");
  }
  SecureBytes content(static_cast<std::size_t>(status.st_size));
  std::size_t have = 0;
  while (have < content.size()) {
    const ssize_t got = ::read(file.number, content.data() + have, content.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse("file_unreadable", path + " cannot be read: " + std::strerror(errno) + ".");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  content.shrink(have);
  return content;
}

}  // namespace

Result<std::unique_ptr<SigningKey>> key_from_pem(ByteView pem, const Secret<std::string>& passphrase) {
  (void)SecureBytes(1);  // The arena must be there before OpenSSL makes numbers of the key.
  auto key = TRY(read_private_key(pem, passphrase));
  const auto alg = alg_of_key(key.get());
  if (!alg) return refuse("key_kind_unsupported", "The private key is neither SM2 nor ECDSA P-256.");
  if (*alg == Alg::ecdsa_p256_sha256) {
    Bytes point = point_of(key.get());
    if (point.empty()) return refuse("key_malformed", "The private key has no public part.");
    return std::unique_ptr<SigningKey>(std::make_unique<P256Key>(std::move(key), std::move(point)));
  }
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, &raw) != 1) {
    return refuse("key_malformed", "The private key cannot be read: " + openssl_complaint() + ".");
  }
  const Handle<BIGNUM, BN_clear_free> number(raw);
  SecureBytes d(32);
  if (BN_bn2binpad(number.get(), d.data(), 32) != 32) return refuse("key_malformed", "The private key is too large.");
  auto own = Sm2PrivateKey::from_octets(d.view());
  if (!own) return refuse("key_malformed", "The private key is outside 1 … n - 2.");
  return std::unique_ptr<SigningKey>(std::make_unique<Sm2Key>(*std::move(own)));
}

Result<std::unique_ptr<SigningKey>> key_from_file(const std::string& path, const Secret<std::string>& passphrase) {
  const auto pem = TRY(read_guarded(path));
  auto key = key_from_pem(pem.view(), passphrase);
  if (!key) return refuse(key.error().code, path + ": " + key.error().message);
  if (pem.view().find("BEGIN ENCRYPTED PRIVATE KEY") == ByteView::npos) {
    Log("keys").warning("A private key file is not encrypted: fit for development only.", {{"file", path}});
  }
  return key;
}

Result<Secret<Bytes>> lock_key_pem(ByteView pem, const Secret<std::string>& from, const Secret<std::string>& to) {
  const auto key = TRY(read_private_key(pem, from));
  const std::string& text = to.reveal();
  if (text.empty()) return refuse("key_unwritable", "A key is encrypted under a passphrase, not under nothing.");
  Bytes salt = random_bytes(16);
  const Handle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> plain(EVP_PKEY2PKCS8(key.get()));
  // N = 2^14, r = 8: 16 MiB a guess, and still within what OpenSSL lets a reader use.
  X509_ALGOR* const how =
      PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), octets(salt), static_cast<int>(salt.size()), nullptr, 1u << 14, 8, 1);
  const Handle<X509_SIG, X509_SIG_free> encrypted(
      plain && how != nullptr ? PKCS8_set0_pbe(text.data(), static_cast<int>(text.size()), plain.get(), how) : nullptr);
  const BioHandle bio(BIO_new(BIO_s_mem()));
  if (!encrypted || !bio || PEM_write_bio_PKCS8(bio.get(), encrypted.get()) != 1) {
    return refuse("key_unwritable", "The private key cannot be encrypted: " + openssl_complaint() + ".");
  }
  return Secret<Bytes>(written_to(bio.get()));
}

Bytes public_point_of(const Certificate& certificate) {
  const EVP_PKEY* const key = X509_get0_pubkey(certificate.impl().handle.get());
  return alg_of_key(key) ? point_of(key) : Bytes();
}

Bytes digest_to_sign(Alg alg, ByteView public_point, ByteView message) {
  if (alg == Alg::ecdsa_p256_sha256) return sha256(message);
  const auto key = Sm2PublicKey::from_point(public_point);
  if (!key) return {};
  const auto e = key->digest(message);
  return {reinterpret_cast<const char*>(e.data()), e.size()};
}

}  // namespace zhida::crypto
