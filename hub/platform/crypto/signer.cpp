#include "platform/crypto/signer.h"

#include "platform/crypto/digest.h"
#include "platform/crypto/sm2_key.h"

namespace zhida::crypto {

struct KeySigner::Impl {
  std::unique_ptr<SigningKey> key;
  Certificate certificate;
  std::optional<Sm2PublicKey> sm2;  // For e; nothing for P-256.
};

KeySigner::KeySigner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KeySigner::~KeySigner() = default;

Result<std::unique_ptr<KeySigner::Impl>> KeySigner::make(std::unique_ptr<SigningKey> key,
                                                         const Certificate& certificate) {
  if (public_point_of(certificate) != key->public_point() ||
      (certificate.key_kind() == PublicKeyKind::sm2) != (key->alg() == Alg::sm2_sm3)) {
    return refuse("certificate_not_of_key",
                  "The private key does not belong to the certificate of " + certificate.subject() + ".");
  }
  std::optional<Sm2PublicKey> sm2;
  if (key->alg() == Alg::sm2_sm3) {
    sm2 = Sm2PublicKey::from_point(key->public_point());
    if (!sm2) return refuse("key_kind_unsupported", "The public key is no point of the SM2 curve.");
  }
  return std::make_unique<Impl>(Impl{std::move(key), certificate, std::move(sm2)});
}

Result<std::unique_ptr<KeySigner>> KeySigner::create(std::unique_ptr<SigningKey> key, const Certificate& certificate) {
  auto impl = TRY(make(std::move(key), certificate));
  return std::unique_ptr<KeySigner>(new KeySigner(std::move(impl)));
}

Alg KeySigner::alg() const {
  return impl_->key->alg();
}
const Certificate& KeySigner::certificate() const {
  return impl_->certificate;
}

Result<Bytes> KeySigner::sign(ByteView tbs) const {
  if (impl_->sm2) {
    const auto e = impl_->sm2->digest(tbs);
    return encode_signature(TRY(impl_->key->sign_e({reinterpret_cast<const char*>(e.data()), e.size()})));
  }
  return encode_signature(TRY(impl_->key->sign_e(sha256(tbs))));
}

FileSigner::FileSigner(std::unique_ptr<Impl> impl) : KeySigner(std::move(impl)) {}

Result<std::unique_ptr<FileSigner>> FileSigner::create(const std::string& key_file, const std::string& certificate_file,
                                                       const Secret<std::string>& passphrase) {
  auto key = TRY(key_from_file(key_file, passphrase));
  auto impl = make(std::move(key), TRY(Certificate::load(certificate_file)));
  if (!impl) return refuse(impl.error().code, key_file + ": " + impl.error().message);
  return std::unique_ptr<FileSigner>(new FileSigner(std::move(impl).value()));
}

Result<std::unique_ptr<FileSigner>> FileSigner::create_from(ByteView key_pem, const Certificate& certificate,
                                                            const Secret<std::string>& passphrase) {
  auto key = TRY(key_from_pem(key_pem, passphrase));
  auto impl = TRY(make(std::move(key), certificate));
  return std::unique_ptr<FileSigner>(new FileSigner(std::move(impl)));
}

}  // namespace zhida::crypto
