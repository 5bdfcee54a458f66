// The map and the land: every folder of the house is named in docs/ARCHITECTURE.md, and every folder named there
// exists.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

const fs::path kRoot = ZHIDA_SOURCE_DIR;

}  // namespace

BOOST_AUTO_TEST_CASE(every_folder_is_on_the_map) {
  const std::string map = read(kRoot / "docs/ARCHITECTURE.md");
  for (const char* top : {"hub", "adapters"})
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
      if (!entry.is_directory()) continue;
      const std::string path = fs::relative(entry.path(), kRoot).string();
      if (path.find("/migrations") != std::string::npos || path.find("/fixtures") != std::string::npos ||
          path.find("/cmake") != std::string::npos || path.find("/pages") != std::string::npos ||
          fs::is_empty(entry.path()))
        continue;
      BOOST_CHECK_MESSAGE(
          map.find("`" + path + "`") != std::string::npos,
          "docs/ARCHITECTURE.md has no paragraph on `" << path << "`. Say what it is for and what always holds there.");
    }
}

BOOST_AUTO_TEST_CASE(every_folder_on_the_map_exists) {
  const std::string map = read(kRoot / "docs/ARCHITECTURE.md");
  static const std::regex folder("`((?:hub|adapters|mappings|certs|deploy|tests|docs)(?:/[a-z_]+)*)`");
  for (std::sregex_iterator it(map.begin(), map.end(), folder), end; it != end; ++it)
    BOOST_CHECK_MESSAGE(fs::exists(kRoot / (*it)[1].str()),
                        "docs/ARCHITECTURE.md speaks of `" << (*it)[1].str() << "`, which is not there.");
}

BOOST_AUTO_TEST_CASE(every_document_that_a_document_links_to_exists) {
  static const std::regex link(R"(\]\(([^)#:]+)(?:#[^)]*)?\))");
  for (const auto& entry : fs::recursive_directory_iterator(kRoot)) {
    const std::string path = fs::relative(entry.path(), kRoot).string();
    if (path.starts_with("build") || path.starts_with(".git") || entry.path().extension() != ".md") continue;
    const std::string text = read(entry.path());
    for (std::sregex_iterator it(text.begin(), text.end(), link), end; it != end; ++it)
      BOOST_CHECK_MESSAGE(fs::exists(entry.path().parent_path() / (*it)[1].str()),
                          path << " links to " << (*it)[1].str() << ", which is not there.");
  }
}
