#include "conformance/fixtures.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/bytes.h"
#include "conformance/recording_context.h"

namespace zhida::conformance {

namespace fs = std::filesystem;

std::vector<std::string> adapter_roots() {
  std::vector<std::string> roots{std::string(ZHIDA_SOURCE_DIR) + "/adapters"};
  if (const char* more = std::getenv("ZHIDA_CONFORMANCE_ROOTS"); more != nullptr && *more != '\0')
    roots.emplace_back(more);
  return roots;
}

std::vector<Fixture> fixtures_of(const std::string& adapter, const std::vector<std::string>& roots) {
  std::vector<Fixture> fixtures;
  for (const auto& root : roots) {
    const fs::path folder = fs::path(root) / adapter / "fixtures";
    if (!fs::is_directory(folder)) continue;
    for (const auto& entry : fs::directory_iterator(folder)) {
      const auto name = entry.path().filename().string();
      const auto place = name.find(".in.");
      if (place == std::string::npos) continue;
      fixtures.push_back(
          {adapter, name, entry.path().string(), (folder / (name.substr(0, place) + ".out.json")).string()});
    }
  }
  std::sort(fixtures.begin(), fixtures.end(),
            [](const Fixture& left, const Fixture& right) { return left.name < right.name; });
  return fixtures;
}

std::string decoded_text(const AdapterSpec& spec, const Fixture& fixture) {
  const auto content = read_file(fixture.path);
  if (!content) return content.error().message;
  const auto batch = spec.decode(fixture.name, content.value());
  const auto json = batch ? to_json(batch.value())
                          : Json{{"error",
                                  {{"code", batch.error().code},
                                   {"message", batch.error().message},
                                   {"fate", batch.error().fate == Fate::retry ? "retry" : "refuse"}}}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace zhida::conformance
