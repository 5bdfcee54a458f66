#include "platform/crypto/issuer.h"

#include <openssl/ec.h>
#include <openssl/pkcs12.h>

#include "platform/crypto/certificate_impl.h"
#include "platform/crypto/digest.h"

namespace zhida::crypto {
namespace {

Error failed(const std::string& what) {
  return refuse("issuing_failed", what + ": " + openssl_complaint() + ".");
}

KeyHandle new_key(Alg alg) {
  return KeyHandle(alg == Alg::sm2_sm3 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "SM2") : EVP_EC_gen("P-256"));
}

Result<Secret<Bytes>> to_pem(EVP_PKEY* key, const Secret<std::string>& passphrase) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  const Handle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> plain(EVP_PKEY2PKCS8(key));
  if (!bio || !plain) return failed("The private key cannot be written");
  if (passphrase.reveal().empty()) {
    if (PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio.get(), plain.get()) != 1)
      return failed("The private key cannot be written");
    return Secret<Bytes>(written_to(bio.get()));
  }
  Bytes salt = random_bytes(16);
  // scrypt instead of OpenSSL's default of 2048 rounds of PBKDF2, which a thief would try through quickly.
  X509_ALGOR* const how =
      PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), octets(salt), static_cast<int>(salt.size()), nullptr, 1u << 14, 8, 1);
  if (how == nullptr) return failed("The private key cannot be encrypted");
  const std::string& text = passphrase.reveal();
  const Handle<X509_SIG, X509_SIG_free> encrypted(
      PKCS8_set0_pbe(text.data(), static_cast<int>(text.size()), plain.get(), how));
  if (!encrypted || PEM_write_bio_PKCS8(bio.get(), encrypted.get()) != 1) {
    return failed("The private key cannot be encrypted");
  }
  return Secret<Bytes>(written_to(bio.get()));
}

bool add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Handle<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool add_name(X509_NAME* name, const char* kind, const std::string& text) {
  return text.empty() ||
         X509_NAME_add_entry_by_txt(name, kind, MBSTRING_UTF8, octets(text), static_cast<int>(text.size()), -1, 0) == 1;
}

bool set_time(ASN1_TIME* target, Instant moment) {
  return ASN1_TIME_set(target, std::chrono::floor<std::chrono::seconds>(moment).time_since_epoch().count()) != nullptr;
}

bool set_random_serial(ASN1_INTEGER* serial) {
  Bytes raw = random_bytes(16);
  raw[0] = static_cast<char>((static_cast<unsigned char>(raw[0]) & 0x3f) | 0x40);  // Positive, and always 16 octets.
  const Handle<BIGNUM, BN_free> number(BN_bin2bn(octets(raw), static_cast<int>(raw.size()), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), serial) != nullptr;
}

struct Extensions {
  const char* constraints;
  const char* key_usage;
  const char* extended_key_usage;  // Or nothing.
};

Extensions extensions_of(CertificateRole role) {
  switch (role) {
    case CertificateRole::root_authority:
      return {"critical,CA:TRUE", "critical,keyCertSign,cRLSign", nullptr};
    case CertificateRole::intermediate_authority:
      return {"critical,CA:TRUE,pathlen:0", "critical,keyCertSign,cRLSign", nullptr};
    case CertificateRole::tls:
      return {"critical,CA:FALSE", "critical,digitalSignature", "serverAuth,clientAuth"};
    case CertificateRole::timestamping:
      return {"critical,CA:FALSE", "critical,digitalSignature,nonRepudiation", "critical,timeStamping"};
    case CertificateRole::encryption_only:
      return {"critical,CA:FALSE", "critical,keyEncipherment", nullptr};
    case CertificateRole::seal:
      break;
  }
  return {"critical,CA:FALSE", "critical,digitalSignature,nonRepudiation", nullptr};
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : ",") + item;
  return text;
}

// issuer_certificate and issuer_key are null for a root, which signs itself.
Result<Certificate> make_certificate(const CertificateSpec& spec, EVP_PKEY* key, X509* issuer_certificate,
                                     EVP_PKEY* issuer_key, Alg alg) {
  if (spec.common_name.empty() || spec.valid_to <= spec.valid_from) {
    return refuse("certificate_spec_wrong",
                  "A certificate needs a common name and a validity that ends after it begins.");
  }
  const CertificateHandle certificate(X509_new());
  X509* const x509 = certificate.get();
  X509* const issuer = issuer_certificate != nullptr ? issuer_certificate : x509;
  X509_NAME* const subject = x509 != nullptr ? X509_get_subject_name(x509) : nullptr;
  const Extensions extensions = extensions_of(spec.role);
  const bool built =
      x509 != nullptr && X509_set_version(x509, X509_VERSION_3) == 1 &&
      set_random_serial(X509_get_serialNumber(x509)) && set_time(X509_getm_notBefore(x509), spec.valid_from) &&
      set_time(X509_getm_notAfter(x509), spec.valid_to) && add_name(subject, "C", "CN") &&
      add_name(subject, "O", spec.organisation) && add_name(subject, "CN", spec.common_name) &&
      X509_set_issuer_name(x509, X509_get_subject_name(issuer)) == 1 && X509_set_pubkey(x509, key) == 1 &&
      add_extension(x509, issuer, NID_subject_key_identifier, "hash") &&
      (issuer_certificate == nullptr || add_extension(x509, issuer, NID_authority_key_identifier, "keyid:always")) &&
      add_extension(x509, issuer, NID_basic_constraints, extensions.constraints) &&
      add_extension(x509, issuer, NID_key_usage, extensions.key_usage) &&
      (extensions.extended_key_usage == nullptr ||
       add_extension(x509, issuer, NID_ext_key_usage, extensions.extended_key_usage)) &&
      (spec.alternative_names.empty() ||
       add_extension(x509, issuer, NID_subject_alt_name, joined(spec.alternative_names)));
  if (!built) return failed("The certificate of " + spec.common_name + " cannot be built");
  const auto context = TRY(context_to_sign(issuer_key != nullptr ? issuer_key : key, alg));
  if (X509_sign_ctx(x509, context.digest_context.get()) <= 0) {
    return failed("The certificate of " + spec.common_name + " cannot be signed");
  }
  unsigned char* der = nullptr;
  const int size = i2d_X509(x509, &der);
  if (size <= 0) return failed("The certificate of " + spec.common_name + " cannot be encoded");
  const Bytes encoded(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return Certificate::parse(encoded);
}

}  // namespace

struct Issuer::Impl {
  KeyHandle key;
  Certificate certificate;
  Alg alg;
};

Issuer::Issuer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Issuer::~Issuer() = default;
Issuer::Issuer(Issuer&&) noexcept = default;

const Certificate& Issuer::certificate() const {
  return impl_->certificate;
}
Result<Secret<Bytes>> Issuer::key_pem() const {
  return to_pem(impl_->key.get(), {});
}

Result<Issuer> Issuer::create_root(Alg alg, const CertificateSpec& spec) {
  auto key = new_key(alg);
  if (!key) return failed("No key could be made");
  auto certificate = TRY(make_certificate(spec, key.get(), nullptr, nullptr, alg));
  return Issuer(std::make_unique<Impl>(Impl{std::move(key), std::move(certificate), alg}));
}

Result<Issuer> Issuer::load(ByteView key_pem, const Certificate& certificate, const Secret<std::string>& passphrase) {
  auto key = TRY(read_private_key(key_pem, passphrase));
  const auto alg = alg_of_key(key.get());
  if (!alg) return refuse("key_kind_unsupported", "The private key is neither SM2 nor ECDSA P-256.");
  if (X509_check_private_key(certificate.impl().handle.get(), key.get()) != 1) {
    ERR_clear_error();
    return refuse("certificate_not_of_key",
                  "The private key does not belong to the certificate of " + certificate.subject() + ".");
  }
  return Issuer(std::make_unique<Impl>(Impl{std::move(key), certificate, *alg}));
}

Result<KeyAndCertificate> Issuer::issue(const CertificateSpec& spec, const Secret<std::string>& passphrase) const {
  const auto key = new_key(impl_->alg);
  if (!key) return failed("No key could be made");
  auto certificate =
      TRY(make_certificate(spec, key.get(), impl_->certificate.impl().handle.get(), impl_->key.get(), impl_->alg));
  auto pem = TRY(to_pem(key.get(), passphrase));
  return KeyAndCertificate{std::move(pem), std::move(certificate)};
}

Result<Issuer> Issuer::issue_authority(const CertificateSpec& spec) const {
  auto key = new_key(impl_->alg);
  if (!key) return failed("No key could be made");
  auto certificate =
      TRY(make_certificate(spec, key.get(), impl_->certificate.impl().handle.get(), impl_->key.get(), impl_->alg));
  return Issuer(std::make_unique<Impl>(Impl{std::move(key), std::move(certificate), impl_->alg}));
}

Result<RevocationList> Issuer::revocation_list(const std::vector<Revocation>& revoked, Instant this_update,
                                               Instant next_update) const {
  const ListHandle list(X509_CRL_new());
  const TimeHandle time(ASN1_TIME_new());
  X509* const issuer = impl_->certificate.impl().handle.get();
  bool built = list && time && X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
               X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer)) == 1 &&
               set_time(time.get(), this_update) && X509_CRL_set1_lastUpdate(list.get(), time.get()) == 1 &&
               set_time(time.get(), next_update) && X509_CRL_set1_nextUpdate(list.get(), time.get()) == 1;
  for (const auto& one : revoked) {
    if (!built) break;
    Handle<X509_REVOKED, X509_REVOKED_free> entry(X509_REVOKED_new());
    built =
        entry &&
        X509_REVOKED_set_serialNumber(
            entry.get(), const_cast<ASN1_INTEGER*>(X509_get0_serialNumber(one.certificate.impl().handle.get()))) == 1 &&
        set_time(time.get(), one.since) && X509_REVOKED_set_revocationDate(entry.get(), time.get()) == 1 &&
        X509_CRL_add0_revoked(list.get(), entry.get()) == 1;
    if (built) entry.release();  // The list owns it now.
  }
  if (!built) return failed("The revocation list cannot be built");
  X509_CRL_sort(list.get());
  const auto context = TRY(context_to_sign(impl_->key.get(), impl_->alg));
  if (X509_CRL_sign_ctx(list.get(), context.digest_context.get()) <= 0)
    return failed("The revocation list cannot be signed");
  unsigned char* der = nullptr;
  const int size = i2d_X509_CRL(list.get(), &der);
  if (size <= 0) return failed("The revocation list cannot be encoded");
  const Bytes encoded(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return RevocationList::parse(encoded);
}

}  // namespace zhida::crypto
