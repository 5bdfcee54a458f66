#include <algorithm>
#include <filesystem>

#include "adapters/simulator_kit/scene.h"
#include "base/bytes.h"

namespace zhida::adapters::water {
namespace {

// Ten rows a file. A file once written stays as it is; what was taken away is not put there again.
class WaterScene final : public simulator::Scene {
 public:
  explicit WaterScene(std::string folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_ + "/inbox");
  }

  std::string settings() const override { return "folder: " + folder_ + "\nstable_for: 0ms\n"; }
  std::string record_type() const override { return "water.usage"; }

  void hold(int count) override {
    count_ = std::max(count_, count);
    if (spoilt_ != simulator::Spoil::nonsense) write_files();
  }
  bool can_be(simulator::Spoil how) const override {
    return how == simulator::Spoil::duplicate || how == simulator::Spoil::malformed_record ||
           how == simulator::Spoil::nonsense || how == simulator::Spoil::nothing;
  }
  void spoil(simulator::Spoil how) override {
    const bool was_nonsense = spoilt_ == simulator::Spoil::nonsense;
    spoilt_ = how;
    std::filesystem::remove_all(folder_ + "/inbox");
    std::filesystem::create_directories(folder_ + "/inbox");
    written_ = 0;
    if (how == simulator::Spoil::nonsense) {
      put("water_0.csv", "\x89PNG\r\n");
      return;
    }
    if (was_nonsense) std::filesystem::remove_all(folder_ + "/refused");
    write_files();
    if (how == simulator::Spoil::duplicate) put("water_again.csv", file(1, std::min(10, count_)));
  }

 private:
  std::string file(int from, int to) const {
    std::string text = "户号,统一社会信用代码,用水地址,月份,用水量,水费\n";
    for (int i = from; i <= to; ++i) {
      text += std::to_string(10000 + i) + ",91330500MA28C0001X,某某路1号,202509,120.5,\"1,234.50\"\n";
      if (spoilt_ == simulator::Spoil::malformed_record && i == 1) text += "too,short\n";
    }
    return text;
  }
  void write_files() {
    for (; written_ < count_; written_ = std::min(count_, written_ + 10)) {
      put("water_" + std::to_string(10000 + written_) + ".csv", file(written_ + 1, std::min(count_, written_ + 10)));
    }
  }
  void put(const std::string& name, const std::string& content) const {
    [[maybe_unused]] const auto written = write_file_atomically(folder_ + "/inbox/" + name, content);
  }

  const std::string folder_;
  int count_ = 0;
  int written_ = 0;
  simulator::Spoil spoilt_ = simulator::Spoil::nothing;
};

}  // namespace

std::unique_ptr<simulator::Scene> make_scene(const std::string& folder) {
  return std::make_unique<WaterScene>(folder + "/water");
}

}  // namespace zhida::adapters::water
