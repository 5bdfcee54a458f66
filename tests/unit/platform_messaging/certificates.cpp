#include "certificates.h"

#include <cstdio>
#include <memory>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"

namespace zhida::messaging::testing {
namespace {

void need(bool done) {
  if (!done) throw std::runtime_error("A test certificate could not be made.");
}

X509* make(EVP_PKEY* key, const std::string& name, X509* issuer, EVP_PKEY* issuer_key) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  unsigned char serial[8];
  RAND_bytes(serial, sizeof serial);
  serial[0] = 1;
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate, issuer == nullptr ? subject : X509_get_subject_name(issuer));
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer == nullptr ? certificate : issuer, certificate, nullptr, nullptr, 0);
  const auto extend = [&](int kind, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
    need(extension != nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  };
  extend(NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
  if (issuer != nullptr) extend(NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
  need(X509_sign(certificate, issuer_key, EVP_sha256()) != 0);
  return certificate;
}

void write_files(const std::string& stem, X509* certificate, EVP_PKEY* key) {
  FILE* file = std::fopen((stem + ".crt").c_str(), "w");
  need(file != nullptr && PEM_write_X509(file, certificate) == 1);
  std::fclose(file);
  if (key == nullptr) return;
  file = std::fopen((stem + ".key").c_str(), "w");
  need(file != nullptr && PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  std::fclose(file);
}

}  // namespace

struct TestAuthority::Keys {
  EVP_PKEY* key;
  X509* certificate;
};

TestAuthority::TestAuthority(std::string folder, const std::string& name)
    : folder_(std::move(folder)), ca_file_(folder_ + "/" + name + ".crt"), keys_(new Keys{}) {
  keys_->key = EVP_EC_gen("P-256");
  keys_->certificate = make(keys_->key, name, nullptr, keys_->key);
  write_files(folder_ + "/" + name, keys_->certificate, nullptr);
}

TestAuthority::~TestAuthority() {
  X509_free(keys_->certificate);
  EVP_PKEY_free(keys_->key);
  delete keys_;
}

TlsFiles TestAuthority::issue(const std::string& name) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = make(key, name, keys_->certificate, keys_->key);
  const std::string stem = folder_ + "/" + name;
  write_files(stem, certificate, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {stem + ".crt", stem + ".key", ca_file_, {}};
}

std::string TestAuthority::fingerprint(const std::string& certificate_file) {
  FILE* file = std::fopen(certificate_file.c_str(), "r");
  need(file != nullptr);
  X509* certificate = PEM_read_X509(file, nullptr, nullptr, nullptr);
  std::fclose(file);
  need(certificate != nullptr);
  unsigned char digest[32];
  X509_digest(certificate, EVP_sha256(), digest, nullptr);
  X509_free(certificate);
  return to_hex(ByteView(reinterpret_cast<const char*>(digest), sizeof digest));
}

}  // namespace zhida::messaging::testing
