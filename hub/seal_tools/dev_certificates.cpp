#include "seal_tools/dev_certificates.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "platform/crypto/digest.h"
#include "platform/crypto/issuer.h"
#include "platform/crypto/signer.h"
#include "seal/commands.h"
#include "seal/seal.h"

namespace zhida::seal_tools {
namespace {

namespace fs = std::filesystem;
using crypto::Alg;
using crypto::CertificateRole;
using crypto::CertificateSpec;
using crypto::Issuer;

constexpr unsigned kKeyMode = 0600;
constexpr const char* kOrganisation = "Zhida development";

// Systems listen and connect; people and the clock only connect. Either way one certificate each, on any loopback name.
constexpr std::string_view kTlsNames[] = {"hub",
                                          "tax",
                                          "market_supervision",
                                          "social_security",
                                          "credit",
                                          "budget",
                                          "treasury",
                                          "department_lists",
                                          "sms_gateway",
                                          "reviewer",
                                          "finance",
                                          "portal",
                                          "operator",
                                          "clock"};

struct SealName {
  std::string_view name;
  std::string_view title;
};
constexpr SealName kSeals[] = {{"hub", "惠企资金直达系统"}, {"treasury", "国库支付中心"}, {"credit", "信用信息中心"}};
constexpr SealName kStranger = {"stranger", "无关单位"};

/// Writes below one folder and remembers what the two index files will say.
class Folder {
 public:
  explicit Folder(const DevCertificates& what) : what_(what) {}

  Result<void> make() {
    for (const char* part : {"tls", "seal"}) {
      std::error_code error;
      fs::create_directories(fs::path(what_.folder) / part, error);
      if (error) return refuse("folder_unusable", what_.folder + " cannot be made: " + error.message() + ".");
    }
    return ok();
  }
  std::string path(const std::string& name) const { return (fs::path(what_.folder) / name).string(); }
  Result<void> write(const std::string& name, ByteView content, unsigned mode = 0644) {
    return write_file_atomically(path(name), content, mode);
  }
  Result<void> write_pair(const std::string& stem, const Secret<Bytes>& key, const crypto::Certificate& certificate) {
    CHECK_OK(write(stem + ".key", key.reveal(), kKeyMode));
    return write(stem + ".crt", certificate.pem());
  }
  Result<void> write_authority(const std::string& stem, const Issuer& issuer) {
    return write_pair(stem, TRY(issuer.key_pem()), issuer.certificate());
  }
  Result<Issuer> load_authority(const std::string& stem) const {
    const auto certificate = TRY(crypto::Certificate::load(path(stem + ".crt")));
    const Secret<Bytes> key(TRY(read_file(path(stem + ".key"))));
    return Issuer::load(key.reveal(), certificate, {});
  }
  Result<Json> read_index(const std::string& name) const { return parse_json(TRY(read_file(path(name)))); }
  Result<void> write_index(const std::string& name, const Json& index) { return write(name, index.dump(2) + "\n"); }

 private:
  const DevCertificates& what_;
};

CertificateSpec spec_of(const DevCertificates& what, std::string common_name, CertificateRole role) {
  return CertificateSpec{.common_name = std::move(common_name),
                         .organisation = kOrganisation,
                         .role = role,
                         .valid_from = what.valid_from,
                         .valid_to = what.valid_to,
                         .alternative_names = {}};
}

Result<void> issue_tls(Folder& folder, const DevCertificates& what, const Issuer& authority, const std::string& name,
                       Json& index) {
  CertificateSpec spec = spec_of(what, name, CertificateRole::tls);
  spec.alternative_names = {"DNS:localhost", "IP:127.0.0.1", "IP:::1"};
  const auto made = TRY(authority.issue(spec));
  index[name] = made.certificate.fingerprint();
  return folder.write_pair("tls/" + name, made.key_pem, made.certificate);
}

std::string seal_id_of(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c == '_' ? '-' : static_cast<char>(std::toupper(c)); });
  return "ZHIDA-DEV-" + name + "-0001";
}

/// The key under a throw-away passphrase, in a file of its own beside the plain one: what a hub is given, while tests
/// and simulators read the plain one.
Result<void> write_locked(Folder& folder, const std::string& name, const Secret<Bytes>& key_pem) {
  const std::string stem = "secrets/" + name + "_seal_passphrase";
  std::error_code ignored;
  fs::create_directories(folder.path("secrets"), ignored);
  auto known = read_file(folder.path(stem), 4096);
  const Secret<std::string> passphrase(known ? std::move(known).value() : to_hex(crypto::random_bytes(24)));
  CHECK_OK(folder.write(stem, passphrase.reveal(), kKeyMode));
  const auto locked = TRY(crypto::lock_key_pem(key_pem.reveal(), {}, passphrase));
  return folder.write("seal/" + name + ".locked.key", locked.reveal(), kKeyMode);
}

Result<Bytes> seal_of(const DevCertificates& what, const crypto::Signer& maker, const SealName& seal_name,
                      std::vector<Bytes> signer_certificates) {
  seal::SealSpec spec;
  spec.es_id = seal_id_of(std::string(seal_name.name));
  spec.name = seal_name.title;
  spec.signer_certificates = std::move(signer_certificates);
  spec.valid_from = what.valid_from;
  spec.valid_to = what.valid_to;
  spec.picture =
      seal::Picture{.type = "SVG", .data = seal::default_picture(seal_name.title), .width_mm = 40, .height_mm = 40};
  // Made at the beginning of its validity, so that it also holds on a business clock that runs in the past.
  return seal::make_seal(spec, maker, what.valid_from);
}

Result<void> issue_seal(Folder& folder, const DevCertificates& what, const Issuer& authority,
                        const crypto::Signer& maker, const SealName& seal_name, Json& index) {
  const std::string name(seal_name.name);
  const auto made = TRY(authority.issue(spec_of(what, name + " seal", CertificateRole::seal)));
  CHECK_OK(folder.write_pair("seal/" + name, made.key_pem, made.certificate));
  CHECK_OK(write_locked(folder, name, made.key_pem));
  index[name] = seal_id_of(name);
  return folder.write("seal/" + name + ".esl", TRY(seal_of(what, maker, seal_name, {made.certificate.der()})));
}

Result<std::unique_ptr<crypto::FileSigner>> new_maker(Folder& folder, const DevCertificates& what,
                                                      const Issuer& authority, const std::string& stem) {
  const auto made = TRY(authority.issue(spec_of(what, "seal maker", CertificateRole::seal)));
  CHECK_OK(folder.write_pair(stem, made.key_pem, made.certificate));
  return crypto::FileSigner::create_from(made.key_pem.reveal(), made.certificate, {});
}

}  // namespace

bool is_complete(const std::string& folder) {
  std::error_code ignored;
  return fs::exists(fs::path(folder) / "fingerprints.json", ignored);
}

Result<void> issue_all(const DevCertificates& what) {
  Folder folder(what);
  CHECK_OK(folder.make());
  std::error_code ignored;
  fs::remove(folder.path("fingerprints.json"), ignored);  // Until the new set is whole, there is none.

  Json fingerprints = Json::object();
  const auto tls_ca = TRY(Issuer::create_root(
      Alg::ecdsa_p256_sha256, spec_of(what, "Zhida development TLS CA", CertificateRole::root_authority)));
  CHECK_OK(folder.write_authority("tls/ca", tls_ca));
  for (const auto name : kTlsNames) {
    CHECK_OK(issue_tls(folder, what, tls_ca, std::string(name), fingerprints));
  }

  Json seals = Json::object();
  const CertificateSpec root = spec_of(what, "Zhida development seal CA", CertificateRole::root_authority);
  const auto seal_ca = TRY(Issuer::create_root(Alg::sm2_sm3, root));
  CHECK_OK(folder.write_authority("seal/ca", seal_ca));
  CHECK_OK(folder.write("seal/ca.crl", TRY(seal_ca.revocation_list({}, what.valid_from, what.valid_to)).pem()));
  const auto maker = TRY(new_maker(folder, what, seal_ca, "seal/maker"));
  for (const auto& seal_name : kSeals) {
    CHECK_OK(issue_seal(folder, what, seal_ca, *maker, seal_name, seals));
  }

  // The stranger has an authority of the same name with another key: what must not be believed looks just like what is.
  const auto stranger_ca = TRY(Issuer::create_root(Alg::sm2_sm3, root));
  CHECK_OK(folder.write_authority("seal/stranger_ca", stranger_ca));
  CHECK_OK(
      folder.write("seal/stranger_ca.crl", TRY(stranger_ca.revocation_list({}, what.valid_from, what.valid_to)).pem()));
  const auto stranger_maker = TRY(new_maker(folder, what, stranger_ca, "seal/stranger_maker"));
  CHECK_OK(issue_seal(folder, what, stranger_ca, *stranger_maker, kStranger, seals));

  CHECK_OK(folder.write_index("seals.json", seals));
  return folder.write_index("fingerprints.json", fingerprints);
}

Result<void> add_tls(const DevCertificates& what, const std::string& name) {
  Folder folder(what);
  Json fingerprints = TRY(folder.read_index("fingerprints.json"));
  const auto authority = TRY(folder.load_authority("tls/ca"));
  CHECK_OK(issue_tls(folder, what, authority, name, fingerprints));
  return folder.write_index("fingerprints.json", fingerprints);
}

Result<void> add_seal(const DevCertificates& what, const std::string& name, const std::string& title) {
  Folder folder(what);
  Json seals = TRY(folder.read_index("seals.json"));
  const auto authority = TRY(folder.load_authority("seal/ca"));
  const auto maker = TRY(crypto::FileSigner::create(folder.path("seal/maker.key"), folder.path("seal/maker.crt"), {}));
  CHECK_OK(issue_seal(folder, what, authority, *maker, SealName{name, title.empty() ? name : title}, seals));
  return folder.write_index("seals.json", seals);
}

Result<void> renew_seal(const DevCertificates& what, const std::string& name) {
  Folder folder(what);
  const auto authority = TRY(folder.load_authority("seal/ca"));
  const auto maker = TRY(crypto::FileSigner::create(folder.path("seal/maker.key"), folder.path("seal/maker.crt"), {}));
  const std::string stem = "seal/" + name;
  const auto before = TRY(crypto::Certificate::load(folder.path(stem + ".crt")));
  SealName seal_name{name, name};
  for (const auto& known : kSeals) {
    if (known.name == name) seal_name = known;
  }
  const auto made = TRY(authority.issue(spec_of(what, name + " seal", CertificateRole::seal)));
  const Bytes seal = TRY(seal_of(what, *maker, seal_name, {before.der(), made.certificate.der()}));
  for (const char* ending : {".esl", ".crt", ".key", ".locked.key"}) {
    std::error_code ignored;
    fs::copy_file(folder.path(stem + ending), folder.path(stem + ".old" + ending), fs::copy_options::overwrite_existing,
                  ignored);
  }
  CHECK_OK(folder.write(stem + ".esl", seal));
  CHECK_OK(folder.write_pair(stem, made.key_pem, made.certificate));
  return write_locked(folder, name, made.key_pem);
}

}  // namespace zhida::seal_tools
