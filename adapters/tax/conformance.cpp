#include "adapters/simulator_kit/paged_scene.h"
#include "base/bytes.h"

namespace zhida::adapters::tax {

std::unique_ptr<simulator::Scene> make_scene(const std::string& folder) {
  const auto secret = folder + "/secret";
  [[maybe_unused]] const auto written = write_file_atomically(secret, "conformance", 0600);
  simulator::PagedSceneOptions options;
  options.record_type = "tax.arrears";
  options.path = "/gateway/arrears";
  options.page_parameter = "PAGE";
  options.size_parameter = "PAGENUM";
  options.row = [](int number) {
    return R"({"djxh":"1011920000000)" + std::to_string(1000000 + number) +
           R"(","tax_no":"913305000000000000","cumu_own_amt":"1,234.50","own_tax_type":"增值税","tjrq":"2025-10-)" +
           std::to_string(10 + number % 20) + R"("})";
  };
  options.settings = [secret](const std::string& address) {
    return "endpoint: " + address + "/gateway\nsecret: file:" + secret +
           "\npage_size: 10\nattempts: 3\ntimeout: 500ms\n";
  };
  return std::make_unique<simulator::PagedScene>(std::move(options));
}

}  // namespace zhida::adapters::tax
