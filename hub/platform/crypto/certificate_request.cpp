#include "platform/crypto/certificate_request.h"

#include <openssl/ec.h>

#include "platform/crypto/certificate_impl.h"
#include "platform/crypto/signing_key.h"

namespace zhida::crypto {

Result<KeyAndRequest> renew_request(const Certificate& before, const Secret<std::string>& passphrase) {
  const auto alg = before.impl().key_alg;
  if (!alg) return refuse("key_kind_unsupported", "The certificate's key is neither SM2 nor ECDSA P-256.");
  const KeyHandle key(*alg == Alg::sm2_sm3 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "SM2") : EVP_EC_gen("P-256"));
  const Handle<X509_REQ, X509_REQ_free> request(X509_REQ_new());
  if (!key || !request || X509_REQ_set_version(request.get(), 0) != 1 ||
      X509_REQ_set_subject_name(request.get(), X509_get_subject_name(before.impl().handle.get())) != 1 ||
      X509_REQ_set_pubkey(request.get(), key.get()) != 1) {
    return refuse("issuing_failed", "The request cannot be built: " + openssl_complaint() + ".");
  }
  const auto context = TRY(context_to_sign(key.get(), *alg));
  const BioHandle text(BIO_new(BIO_s_mem()));
  if (X509_REQ_sign_ctx(request.get(), context.digest_context.get()) <= 0 || !text ||
      PEM_write_bio_X509_REQ(text.get(), request.get()) != 1) {
    return refuse("issuing_failed", "The request cannot be signed: " + openssl_complaint() + ".");
  }
  const BioHandle plain(BIO_new(BIO_s_secmem()));
  if (!plain || PEM_write_bio_PKCS8PrivateKey(plain.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return refuse("key_unwritable", "The new key cannot be written: " + openssl_complaint() + ".");
  }
  Bytes pem = written_to(plain.get());
  auto locked = lock_key_pem(pem, {}, passphrase);
  wipe(pem);
  return KeyAndRequest{TRY(std::move(locked)), written_to(text.get())};
}

}  // namespace zhida::crypto
