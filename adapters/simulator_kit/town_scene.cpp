#include "adapters/simulator_kit/town_scene.h"

#include <filesystem>

#include "base/bytes.h"
#include "base/time.h"
#include "platform/crypto/issuer.h"

namespace zhida::simulator {
namespace {

Result<void> make_certificates(const std::string& folder, const std::string& name) {
  std::filesystem::create_directories(folder);
  crypto::CertificateSpec spec;
  spec.common_name = "scene CA";
  spec.organisation = "Zhida tests";
  spec.role = crypto::CertificateRole::root_authority;
  spec.valid_from = parse_rfc3339("2025-01-01T00:00:00+08:00").value();
  spec.valid_to = parse_rfc3339("2045-01-01T00:00:00+08:00").value();
  const auto authority = TRY(crypto::Issuer::create_root(crypto::Alg::ecdsa_p256_sha256, spec));
  CHECK_OK(write_file_atomically(folder + "/ca.crt", authority.certificate().pem()));
  spec.common_name = name;
  spec.role = crypto::CertificateRole::tls;
  spec.alternative_names = {"DNS:localhost", "IP:127.0.0.1"};
  const auto made = TRY(authority.issue(spec));
  CHECK_OK(write_file_atomically(folder + "/" + name + ".crt", made.certificate.pem()));
  return write_file_atomically(folder + "/" + name + ".key", made.key_pem.reveal(), 0600);
}

}  // namespace

Result<TownScene> TownScene::make(const std::string& folder, const std::string& programs, const std::string& name,
                                  int enterprises, bool faults) {
  TownScene scene;
  scene.folder_ = folder;
  scene.programs_ = programs;
  scene.name_ = name;
  scene.faults_ = faults;
  std::filesystem::create_directories(folder + "/town");
  const auto code = TRY(run_program(
      programs + "/town_make", {"--seed", "7", "--enterprises", std::to_string(enterprises), "--start", "2025-11-03",
                                "--out", folder + "/town", "--faults", faults ? "demo" : "none"}));
  if (code != 0) return refuse("town_missing", "town_make ended with code " + std::to_string(code) + ".");
  CHECK_OK(make_certificates(folder + "/certs/tls", name));
  CHECK_OK(scene.set_clock("2025-11-03T09:00:00+08:00"));
  return scene;
}

Result<void> TownScene::set_clock(const std::string& rfc3339) {
  return write_file_atomically(folder_ + "/clock", rfc3339 + "\n");
}

Result<void> TownScene::set_mood(const std::string& words) {
  return write_file_atomically(state() + "/mood", words);
}

Result<void> TownScene::start(const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"--world",  world(),
                                     "--certs",  folder_ + "/certs",
                                     "--clock",  folder_ + "/clock",
                                     "--state",  state(),
                                     "--listen", "127.0.0.1:" + std::to_string(port_),
                                     "--faults", faults_ ? "demo" : "none"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  child_.reset();
  child_ = std::make_unique<Child>(TRY(Child::start(programs_ + "/sim_" + name_, arguments)));
  port_ = child_->port();
  return ok();
}

}  // namespace zhida::simulator
