#include "platform/crypto/key_source.h"

#include <filesystem>

namespace zhida::crypto {

Result<std::unique_ptr<SigningKey>> open_key(const KeySource& source) {
  if (const auto* file = std::get_if<KeyFile>(&source)) return key_from_file(file->path, file->passphrase);
  if (const auto* agent = std::get_if<KeyAgentOptions>(&source)) return connect_key_agent(*agent);
  return open_pkcs11_key(std::get<Pkcs11Options>(source));
}

Result<std::unique_ptr<Signer>> open_signer(const KeySource& source, const std::string& certificate_file) {
  const auto certificate = TRY(Certificate::load(certificate_file));
  auto signer = KeySigner::create(TRY(open_key(source)), certificate);
  if (!signer) return refuse(signer.error().code, certificate_file + ": " + signer.error().message);
  return std::unique_ptr<Signer>(std::move(signer).value());
}

std::string key_agent_program() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto beside = (error ? std::filesystem::path("/usr/bin") : self.parent_path()) / "zhida-keyd";
  if (std::filesystem::exists(beside, error)) return beside;
  const auto built =
      beside.parent_path().parent_path() / "bin" / "zhida-keyd";  // A test or benchmark of a build folder.
  return std::filesystem::exists(built, error) ? built : beside;
}

}  // namespace zhida::crypto
