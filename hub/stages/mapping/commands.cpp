#include "stages/mapping/commands.h"

#include <algorithm>
#include <filesystem>
#include <istream>
#include <iterator>
#include <optional>
#include <ostream>
#include <set>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "stages/mapping/example_store.h"
#include "stages/mapping/mapping_file.h"
#include "stages/mapping/mapping_set.h"

namespace zhida::mapping {
namespace {

namespace fs = std::filesystem;

constexpr int kFine = 0, kFindings = 1, kUsage = 2;

struct Options {
  std::vector<std::string> paths;
  std::string input, mappings;
  bool json = false;
};

int usage(std::ostream& err) {
  err << "zhida mapping check <path...> [--json]\n"
         "zhida mapping test <path...> [--json]\n"
         "zhida mapping run <mapping.yaml> [-i in.json] [--mappings DIR] [--json]\n";
  return kUsage;
}

/// The folder of all mappings that a path belongs to: the nearest one upwards that has a fields.yaml.
std::optional<std::string> folder_of(const std::string& path) {
  std::error_code fault;
  fs::path here = fs::absolute(path, fault);
  if (here.filename().empty()) here = here.parent_path();
  for (; !here.empty() && here != here.root_path(); here = here.parent_path()) {
    if (fs::exists(here / "fields.yaml", fault)) return fs::relative(here, fault).string();
  }
  return std::nullopt;
}

bool concerns(const Finding& finding, const std::vector<std::string>& paths, const std::string& folder) {
  std::error_code fault;
  return std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
    const std::string wanted = fs::relative(path, fault).string();
    return wanted == folder || finding.file == wanted || finding.file.starts_with(wanted + "/");
  });
}

Json to_json(const Finding& finding) {
  return Json{{"file", finding.file},   {"line", finding.line},       {"column", finding.column},
              {"code", finding.code},   {"message", finding.message}, {"record", finding.record},
              {"field", finding.field}, {"value", finding.value}};
}

void print(std::ostream& out, const std::vector<Finding>& findings, const Options& options, Json extra) {
  if (options.json) {
    Json list = Json::array();
    for (const auto& finding : findings) list.push_back(to_json(finding));
    extra["findings"] = std::move(list);
    out << extra.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
    return;
  }
  for (const auto& finding : findings) out << to_text(finding) << "\n";
}

int check(const Options& options, std::ostream& out, std::ostream& err) {
  std::vector<Finding> findings;
  std::set<std::string> folders;
  for (const auto& path : options.paths) {
    const auto folder = folder_of(path);
    if (!folder) {
      err << path << ": there is no fields.yaml in this folder or above it.\n";
      return kUsage;
    }
    folders.insert(*folder);
  }
  for (const auto& folder : folders) {
    std::vector<Finding> all;
    (void)MappingSet::load(folder, all);
    for (auto& finding : all) {
      const bool general = finding.file.ends_with("fields.yaml") || finding.file.starts_with(folder + "/codes");
      if (general || concerns(finding, options.paths, folder)) findings.push_back(std::move(finding));
    }
  }
  print(out, findings, options, Json::object());
  if (!options.json && findings.empty()) err << "No findings.\n";
  return findings.empty() ? kFine : kFindings;
}

int test(const Options& options, std::ostream& out, std::ostream& err) {
  std::vector<Finding> findings;
  std::size_t examples = 0;
  std::size_t files = 0;
  for (const auto& path : options.paths) {
    const auto folder = folder_of(path);
    if (!folder) {
      err << path << ": there is no fields.yaml in this folder or above it.\n";
      return kUsage;
    }
    auto mappings = MappingSet::load(*folder, findings);
    if (!mappings) continue;
    std::error_code fault;
    const std::string wanted = fs::relative(path, fault).string();
    for (const auto& file : mapping_files(*folder)) {
      const std::string tests = file.substr(0, file.size() - 5) + ".test.yaml";
      const bool chosen = wanted == *folder || file == wanted || tests == wanted || file.starts_with(wanted + "/");
      if (!chosen) continue;
      if (!fs::exists(tests, fault)) {
        findings.push_back(
            Finding{file, 1, 1, "examples_missing", "There are no examples beside the mapping: " + tests, "", "", ""});
        continue;
      }
      ++files;
      auto report = run_examples(tests, mappings.value());
      examples += report.examples;
      std::move(report.findings.begin(), report.findings.end(), std::back_inserter(findings));
    }
  }
  print(out, findings, options,
        Json{{"examples", static_cast<std::int64_t>(examples)}, {"files", static_cast<std::int64_t>(files)}});
  if (!options.json) {
    err << examples << " examples in " << files << " files, " << findings.size() << " findings.\n";
  }
  return findings.empty() && files > 0 ? kFine : kFindings;
}

int run(const Options& options, std::istream& in, std::ostream& out, std::ostream& err) {
  if (options.paths.size() != 1) return usage(err);
  const std::string& path = options.paths.front();
  const auto folder = options.mappings.empty() ? folder_of(path) : std::optional(options.mappings);
  if (!folder) {
    err << path << ": there is no fields.yaml in this folder or above it; name the folder with --mappings.\n";
    return kUsage;
  }
  std::vector<Finding> findings;
  const auto mappings = MappingSet::load(*folder, findings);
  if (!mappings) {
    print(out, findings, options, Json::object());
    return kFindings;
  }
  const fs::path file(path);
  const std::string type = file.parent_path().filename().string() + "." + file.stem().string();
  std::string text;
  if (options.input.empty() || options.input == "-") {
    text.assign(std::istreambuf_iterator<char>(in), {});
  } else {
    const auto bytes = read_file(options.input);
    if (!bytes) {
      err << bytes.error().message << "\n";
      return kUsage;
    }
    text = bytes.value();
  }
  const auto object = parse_json(text);
  if (!object || !object.value().is_object()) {
    err << (object ? std::string("The input is no JSON object of columns.") : object.error().message) << "\n";
    return kUsage;
  }
  SourceRecord record;
  record.source = type.substr(0, type.find('.'));
  record.record_type = type;
  record.key = "input";
  for (const auto& [name, cell] : object.value().items()) {
    if (cell.is_null()) {
      record.columns[name] = std::nullopt;
    } else {
      record.columns[name] = cell.is_string() ? cell.get<std::string>() : cell.dump();
    }
  }
  const auto outcome = mappings.value().apply(record, Date::of(SystemClock().now()));
  if (outcome.kind == MappingOutcome::Kind::quarantined) {
    print(out, outcome.findings, options, Json::object());
    return kFindings;
  }
  if (options.json) {
    Json result = Json::object();
    for (const auto& [what, value] : describe(outcome)) result[what] = value;
    out << result.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    for (const auto& [what, value] : describe(outcome)) out << what << ": " << (value.empty() ? "—" : value) << "\n";
  }
  return kFine;
}

}  // namespace

int run_mapping_command(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out,
                        std::ostream& err) {
  if (arguments.empty()) return usage(err);
  if (arguments[0] == "--help" || arguments[0] == "-h") {
    (void)usage(out);
    return kFine;
  }
  Options options;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--json") {
      options.json = true;
    } else if ((argument == "-i" || argument == "--mappings") && i + 1 < arguments.size()) {
      (argument == "-i" ? options.input : options.mappings) = arguments[++i];
    } else if (argument.starts_with("-") && argument != "-") {
      return usage(err);
    } else {
      options.paths.push_back(argument);
    }
  }
  if (options.paths.empty()) return usage(err);
  const std::string& what = arguments.front();
  if (what == "check") return check(options, out, err);
  if (what == "test") return test(options, out, err);
  if (what == "run") return run(options, in, out, err);
  return usage(err);
}

}  // namespace zhida::mapping
