#pragma once
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include <stdlib.h>

namespace zhida::test {

/// A folder of its own, removed with all that is in it.
class TempFolder {
 public:
  TempFolder() {
    auto pattern = (std::filesystem::temp_directory_path() / "zhida_test_XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("No temporary folder can be made: " + pattern);
    path_ = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// The name of a file in the folder, whether it exists or not.
  std::string file(std::string_view name) const { return (path_ / name).string(); }
  /// Writes a file, with the folders above it; gives its name.
  std::string write(std::string_view name, std::string_view content) const {
    const auto where = path_ / name;
    std::filesystem::create_directories(where.parent_path());
    std::ofstream(where, std::ios::binary) << content;
    return where.string();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace zhida::test
