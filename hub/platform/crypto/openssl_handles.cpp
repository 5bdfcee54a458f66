#include <ctime>

#include "platform/crypto/openssl_handles_internal.h"

namespace zhida::crypto {
namespace {

const EVP_MD* md_of(Alg alg) {
  return alg == Alg::sm2_sm3 ? EVP_sm3() : EVP_sha256();
}

Result<SignatureContext> new_context(EVP_PKEY* key, Alg alg) {
  SignatureContext context;
  context.key_context.reset(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  context.digest_context.reset(EVP_MD_CTX_new());
  if (!context.key_context || !context.digest_context) {
    return refuse("signing_failed", "OpenSSL made no context: " + openssl_complaint() + ".");
  }
  if (alg == Alg::sm2_sm3 &&
      EVP_PKEY_CTX_set1_id(context.key_context.get(), kSignerId.data(), static_cast<int>(kSignerId.size())) <= 0) {
    return refuse("signing_failed", "OpenSSL did not take the SM2 signer id: " + openssl_complaint() + ".");
  }
  EVP_MD_CTX_set_pkey_ctx(context.digest_context.get(), context.key_context.get());
  return context;
}

struct PassphraseAnswer {
  const std::string& passphrase;
  bool asked = false;
};

int give_passphrase(char* buffer, int size, int, void* user) {
  auto* answer = static_cast<PassphraseAnswer*>(user);
  answer->asked = true;
  if (answer->passphrase.empty() || answer->passphrase.size() > static_cast<std::size_t>(size)) return -1;
  answer->passphrase.copy(buffer, answer->passphrase.size());
  return static_cast<int>(answer->passphrase.size());
}

}  // namespace

BioHandle reader_of(ByteView bytes) {
  // OpenSSL refuses a null pointer, which an empty view may carry.
  return BioHandle(BIO_new_mem_buf(bytes.empty() ? "" : bytes.data(), static_cast<int>(bytes.size())));
}

Bytes written_to(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? Bytes(data, static_cast<std::size_t>(size)) : Bytes();
}

std::string openssl_complaint() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

Result<Instant> to_instant(const ASN1_TIME* time) {
  std::tm fields{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &fields) != 1) {
    return refuse("time_malformed", "A time in a certificate or list cannot be read.");
  }
  return Instant(std::chrono::seconds(::timegm(&fields)));
}

std::optional<Alg> alg_of_key(const EVP_PKEY* key) {
  if (key == nullptr) return std::nullopt;
  if (EVP_PKEY_is_a(key, "SM2") == 1) return Alg::sm2_sm3;
  if (EVP_PKEY_is_a(key, "EC") == 1) {
    char group[64] = {};
    std::size_t length = 0;
    if (EVP_PKEY_get_group_name(key, group, sizeof group, &length) == 1 && std::string_view(group) == "prime256v1") {
      return Alg::ecdsa_p256_sha256;
    }
  }
  return std::nullopt;
}

Result<SignatureContext> context_to_sign(EVP_PKEY* key, Alg alg) {
  auto context = TRY(new_context(key, alg));
  if (EVP_DigestSignInit(context.digest_context.get(), nullptr, md_of(alg), nullptr, key) <= 0) {
    return refuse("signing_failed", "The key does not sign: " + openssl_complaint() + ".");
  }
  return context;
}

Result<SignatureContext> context_to_verify(EVP_PKEY* key, Alg alg) {
  auto context = TRY(new_context(key, alg));
  if (EVP_DigestVerifyInit(context.digest_context.get(), nullptr, md_of(alg), nullptr, key) <= 0) {
    return refuse("signing_failed", "The key does not verify: " + openssl_complaint() + ".");
  }
  return context;
}

bool verify_signature(EVP_PKEY* key, Alg alg, ByteView message, ByteView signature) {
  if (alg_of_key(key) != alg) return false;
  const auto context = context_to_verify(key, alg);
  const bool good = context.has_value() && EVP_DigestVerify(context.value().digest_context.get(), octets(signature),
                                                            signature.size(), octets(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

void set_signer_id(X509* certificate) {
  if (X509_get_signature_nid(certificate) != NID_SM2_with_SM3) return;
  ASN1_OCTET_STRING* id = ASN1_OCTET_STRING_new();
  if (id == nullptr) return;
  ASN1_OCTET_STRING_set(id, octets(kSignerId), static_cast<int>(kSignerId.size()));
  X509_set0_distinguishing_id(certificate, id);  // Takes ownership.
}

Result<KeyHandle> read_private_key(ByteView pem, const Secret<std::string>& passphrase) {
  const auto bio = reader_of(pem);
  PassphraseAnswer answer{passphrase.reveal()};
  KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &give_passphrase, &answer));
  if (!key) {
    const std::string complaint = openssl_complaint();
    if (answer.asked) {
      return refuse("key_passphrase_wrong",
                    "The private key is encrypted and the passphrase does not open it (" + complaint + ").");
    }
    return refuse("key_malformed", "This is not a private key in PKCS#8 PEM form (" + complaint + ").");
  }
  return key;
}

}  // namespace zhida::crypto
