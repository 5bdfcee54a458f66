#include "platform/crypto/pkcs11_key.h"

#include <cstdio>
#include <cstring>

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>

#include "base/mutex.h"

namespace zhida::crypto {
namespace {

// 1.2.840.10045.3.1.7 in DER.
constexpr std::string_view kP256("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10);

std::string code_of(CK_RV outcome) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%lx", static_cast<unsigned long>(outcome));
  return text;
}

std::string label_of(const unsigned char* padded, std::size_t size) {
  std::string label(reinterpret_cast<const char*>(padded), size);
  while (!label.empty() && label.back() == ' ') label.pop_back();
  return label;
}

class Pkcs11Key final : public SigningKey {
 public:
  explicit Pkcs11Key(Pkcs11Options options) : options_(std::move(options)) {}
  ~Pkcs11Key() override {
    const Lock lock(mutex_);
    if (session_ != CK_INVALID_HANDLE) functions_->C_CloseSession(session_);
    // The library stays loaded and initialised: another key of this process may use it.
  }

  Result<void> begin() {
    const Lock lock(mutex_);
    void* const library = ::dlopen(options_.module.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      const char* const why = ::dlerror();
      return refuse("pkcs11_module_unusable",
                    options_.module + " cannot be loaded: " + (why != nullptr ? why : "?") + ".");
    }
    const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
    if (get == nullptr || get(&functions_) != CKR_OK || functions_ == nullptr) {
      return refuse("pkcs11_module_unusable", options_.module + " is no PKCS#11 module.");
    }
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;
    const CK_RV begun = functions_->C_Initialize(&arguments);
    if (begun != CKR_OK && begun != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
      return refuse("pkcs11_module_unusable", options_.module + " does not begin: " + code_of(begun) + ".");
    }
    CHECK_OK(open());
    return read_public();
  }

  Alg alg() const override { return Alg::ecdsa_p256_sha256; }
  const Bytes& public_point() const override { return point_; }

  Result<RawSignature> sign_e(ByteView e) const override {
    if (e.size() != 32) return refuse("signing_failed", "A digest has 32 octets.");
    const Lock lock(mutex_);
    CK_RV outcome = CKR_SESSION_HANDLE_INVALID;
    for (int attempt = 0; attempt < 2; ++attempt) {
      RawSignature raw{};
      outcome = sign_once(e, raw);
      if (outcome == CKR_OK) return raw;
      if (const auto again = open(); !again) return retry("key_away", again.error().message);
    }
    return refuse("signing_failed", "The token did not sign: " + code_of(outcome) + ".");
  }

 private:
  CK_RV sign_once(ByteView e, RawSignature& raw) const REQUIRES(mutex_) {
    if (session_ == CK_INVALID_HANDLE) return CKR_SESSION_HANDLE_INVALID;
    CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
    const CK_RV begun = functions_->C_SignInit(session_, &mechanism, private_key_);
    if (begun != CKR_OK) return begun;
    unsigned char digest[32];
    std::memcpy(digest, e.data(), sizeof digest);
    CK_ULONG size = raw.size();
    const CK_RV outcome = functions_->C_Sign(session_, digest, sizeof digest, raw.data(), &size);
    return outcome == CKR_OK && size != raw.size() ? CKR_GENERAL_ERROR : outcome;
  }

  Result<CK_SLOT_ID> find_token() const REQUIRES(mutex_) {
    CK_SLOT_ID slots[64];
    CK_ULONG count = 64;
    if (functions_->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK) count = 0;
    for (CK_ULONG i = 0; i < count; ++i) {
      CK_TOKEN_INFO info{};
      if (functions_->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
          label_of(info.label, sizeof info.label) == options_.token) {
        return slots[i];
      }
    }
    return retry("pkcs11_token_missing", "There is no token \"" + options_.token + "\" in " + options_.module + ".");
  }

  Result<void> open() const REQUIRES(mutex_) {
    if (session_ != CK_INVALID_HANDLE) functions_->C_CloseSession(session_);
    session_ = CK_INVALID_HANDLE;
    const CK_SLOT_ID slot = TRY(find_token());
    if (const CK_RV outcome = functions_->C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session_);
        outcome != CKR_OK) {
      session_ = CK_INVALID_HANDLE;
      return retry("pkcs11_token_missing", "The token opens no session: " + code_of(outcome) + ".");
    }
    std::string pin = options_.pin.reveal();
    const CK_RV login =
        functions_->C_Login(session_, CKU_USER, reinterpret_cast<unsigned char*>(pin.data()), pin.size());
    pin.assign(pin.size(), '\0');
    if (login != CKR_OK && login != CKR_USER_ALREADY_LOGGED_IN) {
      return refuse("pkcs11_pin_wrong", "The token does not take the PIN: " + code_of(login) + ".");
    }
    private_key_ = TRY(find(CKO_PRIVATE_KEY));
    return ok();
  }

  Result<CK_OBJECT_HANDLE> find(CK_OBJECT_CLASS wanted) const REQUIRES(mutex_) {
    CK_KEY_TYPE type = CKK_EC;
    std::string label = options_.key;
    CK_ATTRIBUTE pattern[] = {{CKA_CLASS, &wanted, sizeof wanted},
                              {CKA_KEY_TYPE, &type, sizeof type},
                              {CKA_LABEL, label.data(), label.size()}};
    CK_OBJECT_HANDLE found[2] = {};
    CK_ULONG count = 0;
    if (functions_->C_FindObjectsInit(session_, pattern, 3) == CKR_OK) {
      if (functions_->C_FindObjects(session_, found, 2, &count) != CKR_OK) count = 0;
      functions_->C_FindObjectsFinal(session_);
    }
    if (count == 1) return found[0];
    return refuse("pkcs11_key_missing", "The token has " + std::string(count == 0 ? "no" : "more than one") +
                                            " elliptic key \"" + options_.key + "\" of the kind needed.");
  }

  Result<void> read_public() REQUIRES(mutex_) {
    const CK_OBJECT_HANDLE key = TRY(find(CKO_PUBLIC_KEY));
    unsigned char parameters[64], point[128];
    CK_ATTRIBUTE wanted[] = {{CKA_EC_PARAMS, parameters, sizeof parameters}, {CKA_EC_POINT, point, sizeof point}};
    if (functions_->C_GetAttributeValue(session_, key, wanted, 2) != CKR_OK) {
      return refuse("pkcs11_key_missing", "The token does not tell the public key of \"" + options_.key + "\".");
    }
    const ByteView curve(reinterpret_cast<const char*>(parameters), wanted[0].ulValueLen);
    ByteView octets(reinterpret_cast<const char*>(point), wanted[1].ulValueLen);
    // An OCTET STRING around 04 || x || y; some tokens leave it out.
    if (octets.size() == 67 && octets.starts_with(ByteView("\x04\x41", 2))) octets.remove_prefix(2);
    if (curve != kP256 || octets.size() != 65 || octets[0] != '\x04') {
      return refuse("key_kind_unsupported", "The key \"" + options_.key + "\" of the token is not on P-256.");
    }
    point_ = Bytes(octets.substr(1));
    return ok();
  }

  const Pkcs11Options options_;
  Bytes point_;
  mutable Mutex mutex_;
  CK_FUNCTION_LIST_PTR functions_ = nullptr;
  mutable CK_SESSION_HANDLE session_ GUARDED_BY(mutex_) = CK_INVALID_HANDLE;
  mutable CK_OBJECT_HANDLE private_key_ GUARDED_BY(mutex_) = CK_INVALID_HANDLE;
};

}  // namespace

Result<std::unique_ptr<SigningKey>> open_pkcs11_key(const Pkcs11Options& options) {
  auto key = std::make_unique<Pkcs11Key>(options);
  CHECK_OK(key->begin());
  return std::unique_ptr<SigningKey>(std::move(key));
}

}  // namespace zhida::crypto
