#include <filesystem>

#include "adapters/simulator_kit/scene.h"
#include "base/bytes.h"

namespace zhida::adapters::department_lists {
namespace {

namespace fs = std::filesystem;
using simulator::Spoil;

/// A folder into which one department puts its list. It is never slow and never hangs; it can be gone.
class ListFolder final : public simulator::Scene {
 public:
  explicit ListFolder(const std::string& folder) : folder_(folder + "/exchange") {
    fs::create_directories(folder_ + "/inbox");
  }

  std::string settings() const override { return "folder: " + folder_ + "\nstable_for: 0s\npull_interval: 1s\n"; }
  std::string record_type() const override { return "department_lists.patents"; }

  void hold(int count) override {
    held_ = count;
    put("");
  }

  void spoil(Spoil how) override {
    if (how == Spoil::nothing && fs::exists(folder_ + ".away")) {
      fs::remove(folder_);
      fs::rename(folder_ + ".away", folder_);
    }
    if (how == Spoil::lost_connection) {
      fs::rename(folder_, folder_ + ".away");
      (void)write_file_atomically(folder_, "not mounted");
    }
    if (how == Spoil::duplicate) put("");
    if (how == Spoil::malformed_record) put("one field too few,91330100716105852F\r\n");
    if (how == Spoil::nonsense)
      (void)write_file_atomically(folder_ + "/inbox/patents_20251104.csv", "\x01\x02 no list");
  }

  bool can_be(Spoil how) const override { return how != Spoil::slow && how != Spoil::hanging; }

 private:
  void put(const std::string& extra) {
    std::string lines = "企业名称,统一社会信用代码,专利号,国家,授权日期\r\n";
    for (int i = 1; i <= held_; ++i)
      lines += "样例有限公司,91330100716105852F,US" + std::to_string(i) + ",美国,2025-1-2\r\n";
    (void)write_file_atomically(folder_ + "/inbox/patents_20251103_" + std::to_string(++files_) + ".csv",
                                lines + extra);
  }

  const std::string folder_;
  int held_ = 0;
  int files_ = 0;
};

}  // namespace

std::unique_ptr<simulator::Scene> make_scene(const std::string& folder) {
  return std::make_unique<ListFolder>(folder);
}

}  // namespace zhida::adapters::department_lists
