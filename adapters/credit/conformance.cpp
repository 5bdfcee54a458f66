#include <algorithm>

#include "adapters/simulator_kit/scene.h"

namespace zhida::adapters::credit {
namespace {

using simulator::Spoil;

/// Messages as the door hands them in: peer known, seal verified. The line itself is tested with the node.
class Messages final : public simulator::Scene {
 public:
  std::string settings() const override { return "enabled: true\n"; }
  std::string record_type() const override { return "credit.rating"; }
  void hold(int count) override {
    // A message that was sent never changes; what is new comes in new ones.
    while (held_ < count) {
      const int from = held_;
      held_ = std::min(count, held_ + 10);
      sent_.push_back(message(from, held_));
    }
  }
  void spoil(Spoil how) override { spoilt_ = how; }
  bool can_be(Spoil how) const override {
    return how == Spoil::nothing || how == Spoil::duplicate || how == Spoil::malformed_record || how == Spoil::nonsense;
  }

  std::vector<PushedMessage> pushed() override {
    auto messages = sent_;
    if (spoilt_ == Spoil::duplicate && !messages.empty()) messages.push_back(messages.front());
    if (spoilt_ == Spoil::malformed_record) {
      auto broken = message(0, 0);
      broken.message_id = "C-broken";
      broken.body = R"({"records":[{"type":"rating","cred_scard":"80"}]})";
      messages.push_back(std::move(broken));
    }
    if (spoilt_ == Spoil::nonsense) {
      auto noise = message(0, 0);
      noise.message_id = "C-noise";
      noise.body = "<html>no message</html>";
      messages.push_back(std::move(noise));
    }
    return messages;
  }

 private:
  static PushedMessage message(int from, int to) {
    PushedMessage message;
    message.peer = "credit";
    message.address = "credit.records";
    message.message_id = "C" + std::to_string(from);
    message.content_type = "application/json";
    message.received_at = Date::from_ymd(2025, 11, 3).value().begins();
    std::string rows;
    for (int i = from + 1; i <= to; ++i)
      rows +=
          (rows.empty() ? "" : ",") + std::string(R"({"type":"rating","id":"R)") + std::to_string(i) +
          R"(","uni_social_crd_cd":"91330100716105852F","cred_scard":"80.5","evalu_dt":"2025-10-1","credit_level":"优"})";
    message.body = R"({"records":[)" + rows + "]}";
    return message;
  }

  std::vector<PushedMessage> sent_;
  int held_ = 0;
  Spoil spoilt_ = Spoil::nothing;
};

}  // namespace

std::unique_ptr<simulator::Scene> make_scene(const std::string&) {
  return std::make_unique<Messages>();
}

}  // namespace zhida::adapters::credit
