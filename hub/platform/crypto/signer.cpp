#include "platform/crypto/signer.h"

#include <sys/stat.h>

#include "platform/crypto/certificate_impl.h"
#include "platform/crypto/openssl_handles_internal.h"

namespace zhida::crypto {

struct FileSigner::Impl {
  KeyHandle key;
  Certificate certificate;
  Alg alg;
};

FileSigner::FileSigner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FileSigner::~FileSigner() = default;

Result<std::unique_ptr<FileSigner>> FileSigner::create(const std::string& key_file, const std::string& certificate_file,
                                                       const Secret<std::string>& passphrase) {
  constexpr std::size_t kKeyBytesMax = 64u << 10;
  const Secret<Bytes> key_pem(TRY(read_file(key_file, kKeyBytesMax)));
  struct stat status {};
  if (::stat(key_file.c_str(), &status) == 0 && (status.st_mode & 0137) != 0) {
    return refuse(
        "key_file_open_to_others",
        key_file + " can be read or changed by others; let only its owner (and at most its group) read it: chmod 600.");
  }
  const auto certificate = TRY(Certificate::load(certificate_file));
  auto signer = create_from(key_pem.reveal(), certificate, passphrase);
  if (!signer) return refuse(signer.error().code, key_file + ": " + signer.error().message);
  return signer;
}

Result<std::unique_ptr<FileSigner>> FileSigner::create_from(ByteView key_pem, const Certificate& certificate,
                                                            const Secret<std::string>& passphrase) {
  auto key = TRY(read_private_key(key_pem, passphrase));
  const auto alg = alg_of_key(key.get());
  if (!alg) return refuse("key_kind_unsupported", "The private key is neither SM2 nor ECDSA P-256.");
  if (X509_check_private_key(certificate.impl().handle.get(), key.get()) != 1) {
    ERR_clear_error();
    return refuse("certificate_not_of_key",
                  "The private key does not belong to the certificate of " + certificate.subject() + ".");
  }
  return std::unique_ptr<FileSigner>(new FileSigner(std::make_unique<Impl>(Impl{std::move(key), certificate, *alg})));
}

Alg FileSigner::alg() const {
  return impl_->alg;
}
const Certificate& FileSigner::certificate() const {
  return impl_->certificate;
}

Result<Bytes> FileSigner::sign(ByteView tbs) const {
  const auto context = TRY(context_to_sign(impl_->key.get(), impl_->alg));
  Bytes value(static_cast<std::size_t>(EVP_PKEY_get_size(impl_->key.get())), '\0');
  std::size_t size = value.size();
  if (EVP_DigestSign(context.digest_context.get(), octets(value), &size, octets(tbs), tbs.size()) != 1) {
    return refuse("signing_failed",
                  "The key of " + impl_->certificate.subject() + " did not sign: " + openssl_complaint() + ".");
  }
  value.resize(size);
  return value;
}

}  // namespace zhida::crypto
