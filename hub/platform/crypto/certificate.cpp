#include "platform/crypto/certificate.h"

#include "platform/crypto/certificate_impl.h"
#include "platform/crypto/der.h"
#include "platform/crypto/digest.h"

namespace zhida::crypto {
namespace {

constexpr std::size_t kCertificateBytesMax = 64u << 10;
constexpr std::size_t kListBytesMax = 16u << 20;

Error malformed(const std::string& why) {
  return refuse("certificate_malformed", "The certificate cannot be used: " + why);
}
Error list_malformed(const std::string& why) {
  return refuse("crl_malformed", "The revocation list cannot be used: " + why);
}

bool looks_like_pem(ByteView text) {
  return text.find("-----BEGIN ") != ByteView::npos;
}

std::string name_text(const X509_NAME* name) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  // RFC 2253, but Chinese names stay readable instead of being escaped octet by octet.
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  return written_to(bio.get());
}

std::string common_name_of(const X509_NAME* name) {
  std::string text;
  for (int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1); at >= 0;
       at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) {
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (size >= 0) text.assign(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size));
    OPENSSL_free(utf8);
  }
  return text;
}

std::string serial_text(const ASN1_INTEGER* serial) {
  const Handle<BIGNUM, BN_free> number(ASN1_INTEGER_to_BN(serial, nullptr));
  if (!number) return {};
  Bytes raw(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), octets(raw));
  return raw.empty() ? "00" : to_hex(raw);
}

Result<Bytes> pem_to_der(BIO* bio, const char* kind, const char* code) {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  Bytes der;
  bool found = false;
  while (!found && PEM_read_bio(bio, &name, &header, &data, &size) == 1) {
    found = std::string_view(name) == kind;
    if (found) der.assign(reinterpret_cast<char*>(data), static_cast<std::size_t>(size));
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
  }
  ERR_clear_error();
  if (!found) return refuse(code, std::string("The text holds no (further) block \"BEGIN ") + kind + "\".");
  return der;
}

Result<std::shared_ptr<const Certificate::Impl>> parse_certificate(ByteView der) {
  if (der.size() > kCertificateBytesMax) return malformed("it is larger than 64 KiB.");
  const auto strict = der::check_strict(der);
  if (!strict) return malformed(strict.error().message);
  auto impl = std::make_shared<Certificate::Impl>();
  impl->der = Bytes(der);
  const unsigned char* at = octets(impl->der);
  impl->handle.reset(d2i_X509(nullptr, &at, static_cast<long>(impl->der.size())));
  if (!impl->handle || at != octets(impl->der) + impl->der.size()) {
    return malformed("it is not an X.509 certificate (" + openssl_complaint() + ").");
  }
  X509* const x509 = impl->handle.get();
  set_signer_id(x509);
  const auto not_before = to_instant(X509_get0_notBefore(x509));
  const auto not_after = to_instant(X509_get0_notAfter(x509));
  if (!not_before || !not_after) return malformed("its validity cannot be read.");
  impl->not_before = not_before.value();
  impl->not_after = not_after.value();
  impl->fingerprint = to_hex(sha256(impl->der));
  impl->subject = name_text(X509_get_subject_name(x509));
  impl->issuer = name_text(X509_get_issuer_name(x509));
  impl->common_name = common_name_of(X509_get_subject_name(x509));
  impl->serial = serial_text(X509_get0_serialNumber(x509));
  impl->key_alg = alg_of_key(X509_get0_pubkey(x509));
  if (impl->key_alg == Alg::sm2_sm3) {
    const ASN1_BIT_STRING* const bits = X509_get0_pubkey_bitstr(x509);
    impl->sm2_key =
        Sm2PublicKey::from_point({reinterpret_cast<const char*>(bits->data), static_cast<std::size_t>(bits->length)});
  }
  // Lets OpenSSL read the extensions now, so that later uses from many threads only read.
  X509_check_purpose(x509, -1, 0);
  ERR_clear_error();
  return std::shared_ptr<const Certificate::Impl>(std::move(impl));
}

// Fills in tbs and signature as slices of the received octets.
Result<void> slice_list(RevocationList::Impl& list) {
  der::Reader outer(list.der);
  der::Reader fields(TRY(outer.expect(der::kSequence, "CertificateList")).content);
  list.tbs = TRY(fields.expect(der::kSequence, "tbsCertList")).whole;
  der::Reader algorithm(TRY(fields.expect(der::kSequence, "signatureAlgorithm")).content);
  list.alg = alg_of_signature_oid(TRY(algorithm.object_id("signatureAlgorithm")));
  list.signature = TRY(fields.bits("signatureValue"));
  return fields.end("CertificateList");
}

}  // namespace

Result<Certificate> Certificate::parse(ByteView der_or_pem) {
  if (!looks_like_pem(der_or_pem)) return Certificate(TRY(parse_certificate(der_or_pem)));
  const auto bio = reader_of(der_or_pem);
  const Bytes der = TRY(pem_to_der(bio.get(), "CERTIFICATE", "certificate_malformed"));
  return Certificate(TRY(parse_certificate(der)));
}

Result<Certificate> Certificate::load(const std::string& path) {
  const Bytes content = TRY(read_file(path, kCertificateBytesMax * 2));
  auto certificate = parse(content);
  if (!certificate) return refuse(certificate.error().code, path + ": " + certificate.error().message);
  return certificate;
}

Result<std::vector<Certificate>> Certificate::parse_all(ByteView der_or_pem) {
  std::vector<Certificate> all;
  if (!looks_like_pem(der_or_pem)) {
    all.push_back(TRY(parse(der_or_pem)));
    return all;
  }
  const auto bio = reader_of(der_or_pem);
  while (true) {
    const auto der = pem_to_der(bio.get(), "CERTIFICATE", "certificate_malformed");
    if (!der && !all.empty()) return all;
    const Bytes octets_of_one = TRY(der);
    all.push_back(Certificate(TRY(parse_certificate(octets_of_one))));
  }
}

const Bytes& Certificate::der() const {
  return impl_->der;
}

std::string Certificate::pem() const {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio(bio.get(), "CERTIFICATE", "", octets(impl_->der), static_cast<long>(impl_->der.size()));
  return written_to(bio.get());
}

const std::string& Certificate::fingerprint() const {
  return impl_->fingerprint;
}
const std::string& Certificate::subject() const {
  return impl_->subject;
}
const std::string& Certificate::issuer() const {
  return impl_->issuer;
}
const std::string& Certificate::common_name() const {
  return impl_->common_name;
}
const std::string& Certificate::serial() const {
  return impl_->serial;
}
Instant Certificate::not_before() const {
  return impl_->not_before;
}
Instant Certificate::not_after() const {
  return impl_->not_after;
}

PublicKeyKind Certificate::key_kind() const {
  if (!impl_->key_alg) return PublicKeyKind::other;
  return *impl_->key_alg == Alg::sm2_sm3 ? PublicKeyKind::sm2 : PublicKeyKind::p256;
}

bool Certificate::may_sign_seals() const {
  const std::uint32_t usage = X509_get_key_usage(impl_->handle.get());
  constexpr std::uint32_t kNeeded = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION;
  return usage != UINT32_MAX && (usage & kNeeded) == kNeeded;  // UINT32_MAX: the extension is absent.
}

bool Certificate::may_stamp_time() const {
  return X509_check_purpose(impl_->handle.get(), X509_PURPOSE_TIMESTAMP_SIGN, 0) == 1;
}

bool Certificate::verifies(Alg alg, ByteView message, ByteView signature) const {
  if (impl_->sm2_key && alg == Alg::sm2_sm3) return impl_->sm2_key->verifies(message, signature);
  return verify_signature(X509_get0_pubkey(impl_->handle.get()), alg, message, signature);
}

Result<RevocationList> RevocationList::parse(ByteView der_or_pem) {
  auto impl = std::make_shared<Impl>();
  if (looks_like_pem(der_or_pem)) {
    const auto bio = reader_of(der_or_pem);
    impl->der = TRY(pem_to_der(bio.get(), "X509 CRL", "crl_malformed"));
  } else {
    impl->der = Bytes(der_or_pem);
  }
  if (impl->der.size() > kListBytesMax) return list_malformed("it is larger than 16 MiB.");
  const auto strict = der::check_strict(impl->der);
  if (!strict) return list_malformed(strict.error().message);
  const auto sliced = slice_list(*impl);
  if (!sliced) return list_malformed(sliced.error().message);
  const unsigned char* at = octets(impl->der);
  impl->handle.reset(d2i_X509_CRL(nullptr, &at, static_cast<long>(impl->der.size())));
  if (!impl->handle) return list_malformed("it is not an X.509 revocation list (" + openssl_complaint() + ").");
  impl->usable = true;
  const auto this_update = to_instant(X509_CRL_get0_lastUpdate(impl->handle.get()));
  const auto next_update = to_instant(X509_CRL_get0_nextUpdate(impl->handle.get()));
  if (!this_update) {
    return list_malformed("its thisUpdate cannot be read.");
  } else if (!next_update) {
    impl->usable = false;
    impl->unusable_because = "it does not say when the next one comes";
  } else {
    impl->this_update = this_update.value();
    impl->next_update = next_update.value();
  }
  if (X509_CRL_get_ext_by_critical(impl->handle.get(), 1, -1) >= 0) {
    impl->usable = false;  // A delta list, or one for a part of the certificates only.
    impl->unusable_because = "it has a critical extension";
  }
  ERR_clear_error();
  return RevocationList(std::shared_ptr<const Impl>(std::move(impl)));
}

Result<RevocationList> RevocationList::load(const std::string& path) {
  const Bytes content = TRY(read_file(path, kListBytesMax * 2));
  auto list = parse(content);
  if (!list) return refuse(list.error().code, path + ": " + list.error().message);
  return list;
}

const Bytes& RevocationList::der() const {
  return impl_->der;
}

std::string RevocationList::pem() const {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio(bio.get(), "X509 CRL", "", octets(impl_->der), static_cast<long>(impl_->der.size()));
  return written_to(bio.get());
}

}  // namespace zhida::crypto
