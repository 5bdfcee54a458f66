#include <filesystem>

#include "adapters/simulator_kit/scene.h"
#include "base/bytes.h"

namespace zhida::adapters::social_security {
namespace {

namespace fs = std::filesystem;
using simulator::Spoil;

/// An exchange folder. It is never slow and never hangs; it can be gone.
class ExchangeFolder final : public simulator::Scene {
 public:
  explicit ExchangeFolder(const std::string& folder) : folder_(folder + "/exchange") {
    fs::create_directories(folder_ + "/inbox");
  }

  std::string settings() const override { return "folder: " + folder_ + "\nstable_for: 0s\npull_interval: 1s\n"; }
  std::string record_type() const override { return "social_security.payment"; }

  void hold(int count) override {
    while (held_ < count) {
      const int from = held_;
      held_ = std::min(count, held_ + 10);
      put("P" + std::to_string(++packages_), from, held_);
    }
  }

  void spoil(Spoil how) override {
    if (how == Spoil::nothing && fs::exists(folder_ + ".away")) {
      fs::remove(folder_);
      fs::rename(folder_ + ".away", folder_);
    }
    if (how == Spoil::lost_connection) {
      // A share that is not mounted: something is there, but no folder.
      fs::rename(folder_, folder_ + ".away");
      (void)write_file_atomically(folder_, "not mounted");
    }
    if (how == Spoil::duplicate) put("P1", 0, std::min(10, held_), "_again");
    if (how == Spoil::malformed_record) put("PX", 0, 0, "", "    <RECORD><AAB001>U1</AAB001></RECORD>\n");
    if (how == Spoil::nonsense) (void)write_file_atomically(folder_ + "/inbox/noise.xml", "\x01\x02 no package");
  }

  bool can_be(Spoil how) const override { return how != Spoil::slow && how != Spoil::hanging; }

  OutgoingMessage outgoing() override {
    OutgoingMessage message;
    message.message_id = "decision-1";
    message.subject = "decision/1";
    message.content_type = "application/json";
    message.body = R"({"kind":"benefit_decision"})";
    message.seal = "seal";
    return message;
  }
  int taken() const override { return fs::exists(folder_ + "/decisions/decision-1.json") ? 1 : 0; }

 private:
  void put(const std::string& number, int from, int to, const std::string& suffix = "", const std::string& extra = "") {
    std::string rows = extra;
    for (int i = from + 1; i <= to; ++i)
      rows += "    <RECORD><AAZ083>Z" + std::to_string(i) +
              "</AAZ083><AAB001>U1</AAB001><AAB998>91330100716105852F</AAB998><AAE140>210</AAE140>" +
              "<AAE003>202510</AAE003><AAB119>5</AAB119><AAE080>10.00</AAE080></RECORD>\n";
    const int records = to - from + (extra.empty() ? 0 : 1);
    (void)write_file_atomically(folder_ + "/inbox/" + number + suffix + ".xml",
                                "<?xml version=\"1.0\" encoding=\"GB18030\"?>\n<SJB>\n  <HEAD><SJBBH>" + number +
                                    "</SJBBH><JLS>" + std::to_string(records) +
                                    "</JLS><SCRQ>20251103</SCRQ></HEAD>\n  <JFXX101>\n" + rows +
                                    "  </JFXX101>\n</SJB>\n");
  }

  const std::string folder_;
  int held_ = 0;
  int packages_ = 0;
};

}  // namespace

std::unique_ptr<simulator::Scene> make_scene(const std::string& folder) {
  return std::make_unique<ExchangeFolder>(folder);
}

}  // namespace zhida::adapters::social_security
