// Reads the table of layers in hub/CMakeLists.txt and checks every #include of the hub and of the adapters against it.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

struct Layer {
  std::string folder;  // Below hub/.
  std::set<std::string> uses;
};

std::string read(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::map<std::string, Layer> read_table() {
  std::map<std::string, Layer> table;
  const std::string text = read(fs::path(ZHIDA_SOURCE_DIR) / "hub/CMakeLists.txt");
  const std::regex line(R"(hub_library\(([a-z_]+)([^)]*)\))");
  for (std::sregex_iterator it(text.begin(), text.end(), line), end; it != end; ++it) {
    Layer layer{(*it)[1], {}};
    std::istringstream words((*it)[2].str());
    std::string word, mode;
    while (words >> word) {
      if (word == "DIR" || word == "USES" || word == "LINKS" || word == "SOURCES") {
        mode = word;
      } else if (mode == "DIR") {
        layer.folder = word;
      } else if (mode == "USES") {
        layer.uses.insert(word);
      }
    }
    table[(*it)[1]] = layer;
  }
  return table;
}

std::set<std::string> closure(const std::map<std::string, Layer>& table, const std::string& name) {
  std::set<std::string> all{name};
  std::vector<std::string> open{name};
  while (!open.empty()) {
    const std::string current = open.back();
    open.pop_back();
    for (const auto& used : table.at(current).uses)
      if (table.contains(used) && all.insert(used).second) open.push_back(used);
  }
  return all;
}

/// The layer that owns a path below hub/: the longest folder that is a prefix.
std::string owner(const std::map<std::string, Layer>& table, const std::string& path) {
  std::string best;
  std::size_t length = 0;
  for (const auto& [name, layer] : table)
    if (path.starts_with(layer.folder + "/") && layer.folder.size() > length) {
      best = name;
      length = layer.folder.size();
    }
  return best;
}

std::vector<std::string> includes(const fs::path& file) {
  static const std::regex pattern("#include \"([^\"]+)\"");
  const std::string text = read(file);
  std::vector<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) found.push_back((*it)[1]);
  return found;
}

std::vector<fs::path> sources(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".h" || entry.path().extension() == ".cpp") found.push_back(entry.path());
  return found;
}

}  // namespace

BOOST_AUTO_TEST_CASE(includes_point_down_as_the_table_of_layers_says) {
  const auto table = read_table();
  BOOST_REQUIRE_GT(table.size(), 15u);
  const fs::path hub = fs::path(ZHIDA_SOURCE_DIR) / "hub";
  int checked = 0;
  for (const auto& file : sources(hub)) {
    const std::string path = fs::relative(file, hub).string();
    const std::string from = owner(table, path);
    if (from.empty()) continue;  // main.cpp and the other composition roots know everyone.
    const auto allowed = closure(table, from);
    for (const auto& include : includes(file)) {
      const std::string to = owner(table, include);
      if (to.empty()) continue;  // A generated header of the same folder.
      ++checked;
      BOOST_CHECK_MESSAGE(
          allowed.contains(to),
          "hub/" << path << " includes \"" << include << "\", but the layer `" << from << "` does not stand on `" << to
                 << "` (hub/CMakeLists.txt). Arrows point down, so that a room can be read, tested and "
                    "changed without the rooms above it. Move the code to the layer that knows both, or "
                    "hand the value in from there.");
    }
  }
  BOOST_CHECK_GT(checked, 100);
}

BOOST_AUTO_TEST_CASE(no_layer_uses_a_layer_that_stands_above_it) {
  const std::string text = read(fs::path(ZHIDA_SOURCE_DIR) / "hub/CMakeLists.txt");
  const auto table = read_table();
  for (const auto& [name, layer] : table)
    for (const auto& used : layer.uses) {
      const auto here = text.find("hub_library(" + name + " ");
      const auto there = std::min(text.find("hub_library(" + used + " "), text.find("hub_library(" + used + ")"));
      BOOST_CHECK_MESSAGE(there < here,
                          "`" << name << "` uses `" << used
                              << "`, which stands below it in the table: the table lists the lowest first.");
    }
}

BOOST_AUTO_TEST_CASE(thinking_in_a_stage_does_no_io) {
  const fs::path stages = fs::path(ZHIDA_SOURCE_DIR) / "hub/stages";
  for (const auto& file : sources(stages)) {
    const std::string stem = file.stem().string();
    if (stem.ends_with("_stage") || stem.ends_with("_store") || stem == "commands") continue;
    for (const auto& include : includes(file)) {
      // Reading YAML, text forms and XML are pure functions of their input: thinking may use them.
      const bool pure_platform = include.starts_with("platform/text/") || include.starts_with("platform/config/") ||
                                 include == "platform/crypto/digest.h";
      const bool touches = include.starts_with("platform/") || include.starts_with("ledger/") ||
                           include.starts_with("audit/") || include.starts_with("seal/") ||
                           include.starts_with("adapter_api/");
      BOOST_CHECK_MESSAGE(
          !touches || pure_platform,
          fs::relative(file, stages).string()
              << " includes \"" << include
              << "\". Only files ending in _stage or _store touch storage, messages and seals; everything "
                 "else in a stage is a function of its arguments, so that it can be tested as a table.");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_stage_never_meets_another_stage) {
  const fs::path stages = fs::path(ZHIDA_SOURCE_DIR) / "hub/stages";
  for (const auto& file : sources(stages)) {
    const std::string own = fs::relative(file, stages).begin()->string();
    for (const auto& include : includes(file))
      BOOST_CHECK_MESSAGE(!include.starts_with("stages/") || include.starts_with("stages/" + own + "/"),
                          fs::relative(file, stages).string()
                              << " includes \"" << include << "\": the flow calls the stages in turn (hub/flow).");
  }
}

BOOST_AUTO_TEST_CASE(technology_stays_out_of_our_own_headers) {
  static const std::regex pattern(
      R"(#include <(proton/|Poco/|soci/|openssl/|yaml-cpp/|curl/|libpq|sqlite3|pugixml|unicode/))");
  for (const char* part : {"hub", "adapters"})
    for (const auto& file : sources(fs::path(ZHIDA_SOURCE_DIR) / part)) {
      if (file.extension() != ".h" || file.stem().string().ends_with("_internal")) continue;
      const std::string text = read(file);
      std::smatch found;
      const bool brings = std::regex_search(text, found, pattern);
      const std::string what = brings ? found.str(1) : "";
      BOOST_CHECK_MESSAGE(!brings, fs::relative(file, ZHIDA_SOURCE_DIR).string()
                                       << " brings in " << what
                                       << "… Whoever includes it then compiles that library's headers too. "
                                          "Forward-declare, or name the file …_internal.h and include it only from "
                                          ".cpp files of its own folder.");
    }
}

BOOST_AUTO_TEST_CASE(an_adapter_never_meets_another_adapter) {
  const fs::path adapters = fs::path(ZHIDA_SOURCE_DIR) / "adapters";
  for (const auto& file : sources(adapters)) {
    const std::string own = fs::relative(file, adapters).begin()->string();
    const bool simulated = file.stem() == "simulator" || file.filename().string().find("simulat") != std::string::npos;
    for (const auto& include : includes(file)) {
      if (!include.starts_with("adapters/")) continue;
      const bool own_folder = include.starts_with("adapters/" + own + "/");
      const bool stage_set = include.starts_with("adapters/town/") || include.starts_with("adapters/simulator_kit/");
      // Programs and scenes that play the outside; none of them is linked into the hub.
      const bool outside_hub = simulated || own == "town" || own == "townspeople" || own == "simulator_kit" ||
                               file.stem() == "conformance" || file.stem().string().ends_with("_test");
      BOOST_CHECK_MESSAGE(
          own_folder || (stage_set && outside_hub),
          fs::relative(file, adapters).string()
              << " includes \"" << include
              << "\": an adapter knows its own folder and hub/adapter_api; the town belongs to the simulators.");
    }
  }
}
