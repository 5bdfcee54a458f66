// The console before a real hub: SQLite, the repository's mappings and policies, throw-away certificates.
#pragma once
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "console/app.h"
#include "console/routes.h"
#include "support/temp_folder.h"

namespace zhida::test {

using console::Answer;
using console::App;

template <class T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().code + ": " + result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

inline constexpr const char* kFirm = "91330502MA2B4D5E6F";
extern const Json kPayee;

/// Keys take seconds to make: one set for all tests of the program. The folder.
const std::string& certificates();
/// Of the local account's password, `correct horse`.
const std::string& password_hash();

class Scene {
 public:
  explicit Scene(const std::function<void(flow::HubConfig&)>& change = {});

  /// Another hub on the same store and files.
  void restart();
  void set_clock(const std::string& time) { folder_.write("clock", time + "\n"); }
  /// A firm that meets IN-001 and was told so.
  CaseId notified_case(const std::string& division = "330502", const std::string& firm = kFirm);
  void check_payee(const CaseId& id);
  /// What a source said of a firm of 330502, as of 2025-10-31.
  void tell(const std::string& firm, const std::string& name, std::vector<FieldChange> changes);

  /// As the person `who` would with a certificate; empty: nobody.
  Answer ask(const std::string& method, const std::string& path, const std::string& who, const Bytes& body = {},
             http::Headers headers = {});
  Answer get(const std::string& path, const std::string& who) { return ask("GET", path, who); }
  Answer post(const std::string& path, const std::string& who, const Json& body, const std::string& key);
  Answer form(const std::string& path, const std::string& cookie,
              const std::vector<std::pair<std::string, std::string>>& fields, http::Headers more = {});
  /// The form of a page, by somebody with a certificate.
  Answer submit(const std::string& path, const std::string& who,
                std::vector<std::pair<std::string, std::string>> fields);
  /// How often the trail tells of this.
  std::int64_t audited(const std::string& kind);

 private:
  static std::string people();

  TempFolder folder_;
  flow::HubConfig config_;

 public:
  std::unique_ptr<flow::Hub> hub;
  std::unique_ptr<App> app;
};

Json json_of(const Answer& answer);
std::string code_of(const Answer& answer);
std::string header_of(const Answer& answer, const std::string& name);

}  // namespace zhida::test
