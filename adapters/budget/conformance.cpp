#include "adapters/simulator_kit/paged_scene.h"
#include "base/bytes.h"

namespace zhida::adapters::budget {

std::unique_ptr<simulator::Scene> make_scene(const std::string& folder) {
  const auto secret = folder + "/secret";
  [[maybe_unused]] const auto written = write_file_atomically(secret, "conformance", 0600);
  simulator::PagedSceneOptions options;
  options.record_type = "budget.payment";
  options.path = "/budget/payments";
  options.page_parameter = "page";
  options.size_parameter = "size";
  options.row = [](int number) {
    return R"({"PAY_APP_NO":"PA2025)" + std::to_string(100000 + number) +
           R"(","BGT_ID":"B1","MOF_DIV_CODE":"330500","PAY_APP_AMT":1000.50,"AMT_UNIT":"元","BUSINESS_NO":"",)"
           R"("PAYEE_ACCT_NAME":"某某公司","USE_DES":"奖补","IS_DELETED":2,"UPDATE_TIME":"2025-11-01 02:00:00"})";
  };
  options.settings = [secret](const std::string& address) {
    return "endpoint: " + address + "/budget\nsecret: file:" + secret +
           "\npage_size: 10\nattempts: 3\ntimeout: 500ms\n";
  };
  return std::make_unique<simulator::PagedScene>(std::move(options));
}

}  // namespace zhida::adapters::budget
