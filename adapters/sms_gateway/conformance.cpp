#include <algorithm>
#include <mutex>
#include <set>

#include "adapters/simulator_kit/gateway.h"
#include "adapters/simulator_kit/paged_scene.h"
#include "base/bytes.h"

namespace zhida::adapters::sms_gateway {
namespace {

class SmsScene final : public simulator::PagedScene {
 public:
  using PagedScene::PagedScene;

  void hold(int count) override {
    reports_ = count;
    PagedScene::hold(count);
  }
  OutgoingMessage outgoing() override {
    OutgoingMessage message;
    message.message_id = "N1";
    message.subject = "notice/1";
    message.content_type = "application/json";
    message.body = R"({"id":"N1","to":"13800000000","text":"您好"})";
    return message;
  }
  int taken() const override {
    const Lock lock(mutex_);
    return static_cast<int>(ids_.size());
  }

 protected:
  std::optional<http::HttpResponse> special(const http::HttpRequest& request) override {
    http::HttpResponse response;
    if (request.path == "/messages") {
      const auto json = parse_json(request.body);
      const Lock lock(mutex_);
      ids_.insert(json.value().value("id", ""));
      response.body = R"({"accepted":true})";
      return response;
    }
    if (request.path != "/reports") return std::nullopt;
    // Ten reports an answer. A gateway that repeats itself gives the last report of the answer before once more.
    auto from = static_cast<int>(simulator::number_parameter(request, "after", 0));
    const int next = std::min(from + 10, reports_.load());
    if (spoilt() == simulator::Spoil::duplicate && from > 0 && from < reports_) --from;
    std::string list;
    for (int i = from + 1; i <= next; ++i) {
      if (!list.empty()) list += ',';
      list +=
          R"({"id":"R)" + std::to_string(i) + R"(","notice_id":"N","state":"delivered","reason":"","at":"2025-11-03"})";
      if (spoilt() == simulator::Spoil::malformed_record && i == 1) list += R"(,"noise")";
    }
    response.body = R"({"reports":[)" + list + R"(],"next":")" + std::to_string(next) + "\"}";
    return response;
  }

 private:
  std::atomic<int> reports_{0};
  mutable Mutex mutex_;
  std::set<std::string> ids_ GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<simulator::Scene> make_scene(const std::string& folder) {
  const auto secret = folder + "/secret";
  [[maybe_unused]] const auto written = write_file_atomically(secret, "conformance", 0600);
  simulator::PagedSceneOptions options;
  options.record_type = "sms_gateway.report";
  options.path = "/unused";
  options.settings = [secret](const std::string& address) {
    return "endpoint: " + address + "\nsecret: file:" + secret + "\nattempts: 3\ntimeout: 500ms\n";
  };
  return std::make_unique<SmsScene>(std::move(options));
}

}  // namespace zhida::adapters::sms_gateway
