// Owners of OpenSSL's objects. For the sources of this folder only; no public header includes it.
#pragma once
#include <memory>
#include <string>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "platform/crypto/algorithm.h"

namespace zhida::crypto {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, Freer<Free>>;

using KeyHandle = Handle<EVP_PKEY, EVP_PKEY_free>;
using KeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using DigestContext = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using CertificateHandle = Handle<X509, X509_free>;
using ListHandle = Handle<X509_CRL, X509_CRL_free>;
using BioHandle = Handle<BIO, BIO_free_all>;
using TimeHandle = Handle<ASN1_TIME, ASN1_TIME_free>;

inline const unsigned char* octets(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* octets(Bytes& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

/// A BIO that reads from memory that the caller keeps.
BioHandle reader_of(ByteView bytes);
/// What was written into a memory BIO.
Bytes written_to(BIO* bio);
/// OpenSSL's newest complaint in words; empties its queue.
std::string openssl_complaint();
/// The Instant of an ASN1_TIME; nothing for a malformed one.
Result<Instant> to_instant(const ASN1_TIME* time);
/// The family of a key; nothing for keys that seals cannot use.
std::optional<Alg> alg_of_key(const EVP_PKEY* key);

/// A digest-sign or digest-verify context for the family. SM2 needs the signer id set before use: OpenSSL's default is
/// an empty id, which makes signatures that nobody else accepts.
struct SignatureContext {
  KeyContext key_context;  // Must outlive the digest context, which does not own it.
  DigestContext digest_context;
};
Result<SignatureContext> context_to_sign(EVP_PKEY* key, Alg alg);
Result<SignatureContext> context_to_verify(EVP_PKEY* key, Alg alg);
bool verify_signature(EVP_PKEY* key, Alg alg, ByteView message, ByteView signature);

/// The signer id of GB/T 35276, used everywhere.
inline constexpr std::string_view kSignerId = "1234567812345678";

/// Sets the signer id on an SM2-signed certificate: X509_verify_cert needs it on every certificate of a chain, and
/// fails on an ECDSA certificate that has one.
void set_signer_id(X509* certificate);

Result<KeyHandle> read_private_key(ByteView pem, const Secret<std::string>& passphrase);

}  // namespace zhida::crypto
