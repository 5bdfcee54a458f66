#include "stages/matching/command_context.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "stages/matching/engine/parallel.h"
#include "stages/matching/profile_line.h"
#include "stages/matching/progress.h"

namespace zhida::matching {
namespace {

constexpr std::string_view kUsageText =
    "usage: zhida policy check PATH… [--text] | test PATH… | show --policies DIR [--policy ID] |\n"
    "       match --policies DIR --profiles FILE.jsonl [--all] [--at DATE] [--threads N] |\n"
    "       explain --policies DIR [--policy ID] [--profiles FILE.jsonl --uscc CODE] [--at DATE] |\n"
    "       explain --decision CASE|REQUEST|USCC/ITEM|NUMBER [--config FILE] |\n"
    "       simulate (--policies DIR --policy ID | --draft FILE [--policies DIR])\n"
    "                (--profiles FILE.jsonl | --config FILE) [--budget 500万元 [--per-day N]] [--curve CLAUSE] [--at "
    "DATE] |\n"
    "       export-sql --policies DIR [--policy ID] [--table NAME] [--profiles FILE.jsonl] [--at DATE]\n"
    "       every form takes [--fields FILE] and [--json]\n";

}  // namespace

Result<CommandArguments> parse_arguments(const std::vector<std::string>& arguments) {
  static const std::set<std::string> kOptions = {"--policies", "--profiles", "--at",     "--fields",  "--policy",
                                                 "--uscc",     "--draft",    "--budget", "--per-day", "--curve",
                                                 "--table",    "--config",   "--threads"};
  static const std::set<std::string> kFlags = {"--json", "--all", "--text"};
  CommandArguments out;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const auto& argument = arguments[i];
    if (kFlags.contains(argument)) {
      out.flags.insert(argument);
    } else if (kOptions.contains(argument)) {
      if (++i == arguments.size()) return refuse("usage", argument + " needs a value.");
      out.options[argument] = arguments[i];
    } else if (argument.starts_with("--")) {
      return refuse("usage", "There is no option " + argument + ".");
    } else {
      out.paths.push_back(argument);
    }
  }
  return out;
}

/// Some lines of the file, and what was made of them.
struct CommandContext::Portion {
  std::int64_t first_line = 0;
  std::vector<std::string> lines;
  std::vector<EnterpriseProfile> profiles;
  std::string out, errors;

  bool read(std::istream& file, std::int64_t& line_number, std::uint64_t& octets) {
    constexpr std::size_t kLines = 1024;
    first_line = line_number + 1;
    lines.clear();
    for (std::string line; lines.size() < kLines && std::getline(file, line); ++line_number) {
      octets += line.size() + 1;
      lines.push_back(std::move(line));
    }
    return !lines.empty();
  }
  void parse(const std::string& path, const FieldCatalogue& catalogue, Date at) {
    profiles.clear();
    errors.clear();
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (lines[i].find_first_not_of(" \t\r") == std::string::npos) continue;
      auto profile = parse_profile_line(lines[i], catalogue, at);
      // The other lines still say what they have to say; the exit code tells that one did not.
      if (profile)
        profiles.push_back(std::move(profile.value()));
      else
        errors += path + ":" + std::to_string(first_line + static_cast<std::int64_t>(i)) +
                  ":1: " + profile.error().code + " " + profile.error().message + "\n";
    }
  }
};

std::optional<std::string> CommandContext::option(const std::string& name) const {
  const auto found = arguments_.options.find(name);
  if (found == arguments_.options.end()) return std::nullopt;
  return found->second;
}

int CommandContext::usage(const std::string& sentence) {
  err << sentence << "\n" << kUsageText;
  return kUsage;
}

bool CommandContext::read_day() {
  day = SystemClock().today();
  if (const auto at = option("--at")) {
    const auto parsed = Date::parse(*at);
    if (!parsed) {
      code = usage(parsed.error().message);
      return false;
    }
    day = parsed.value();
  }
  return true;
}

void CommandContext::add_error(const std::string& file, std::string code_of_it, std::string message) {
  Finding finding;
  finding.file = file;
  finding.line = finding.column = 1;
  finding.code = std::move(code_of_it);
  finding.message = std::move(message);
  findings.errors.push_back(std::move(finding));
}

void CommandContext::add(const PolicySource& source, bool error, std::string code_of_it, std::string message) {
  add_error(source.path, std::move(code_of_it), std::move(message));
  if (error) return;
  findings.notes.push_back(std::move(findings.errors.back()));
  findings.errors.pop_back();
}

std::string CommandContext::fields_path(const std::string& policies_path) const {
  namespace fs = std::filesystem;
  if (const auto named = option("--fields")) return *named;
  std::error_code fault;
  const fs::path start = fs::absolute(policies_path, fault).lexically_normal();
  auto folder = fs::is_directory(start, fault) ? start : start.parent_path();
  if (!folder.has_filename()) folder = folder.parent_path();
  for (const auto& candidate : {folder / "fields.yaml", folder.parent_path() / "fields.yaml"})
    if (fs::exists(candidate, fault)) return candidate.string();
  return (folder.parent_path() / "fields.yaml").string();
}

bool CommandContext::load(const std::vector<std::string>& paths) {
  if (paths.empty()) {
    code = usage("Which policies? Name files or folders.");
    return false;
  }
  for (const auto& path : paths) {
    std::error_code fault;
    if (std::filesystem::exists(path, fault)) continue;
    code = usage("There is no file or folder " + path + ".");
    return false;
  }
  const auto fail = [&](const Error& error) {
    for (const auto& finding : findings.errors) err << zhida::to_text(finding) << "\n";
    err << error.message << "\n";
    code = kFindings;
    return false;
  };
  // A draft that is read after a folder of items stands on the same fields.
  const auto path = fields_path_.empty() ? fields_path(paths.front()) : fields_path_;
  fields_path_ = path;
  fields_folder_ = std::filesystem::path(path).parent_path().string();
  auto catalogue = load_fields_(path, findings.errors);
  if (!catalogue) return fail(catalogue.error());
  auto loaded = load_policies(paths, catalogue.value(), findings, option("--policies").value_or(""));
  if (!loaded) return fail(loaded.error());
  policies = std::move(loaded.value());
  fields = extended(catalogue.value(), policies);
  return true;
}

const CodeNames* CommandContext::names() {
  if (!names_) {
    auto read = CodeNames::load(fields_folder_ + "/codes");
    if (read) names_ = std::move(read).value();
  }
  return names_ ? &*names_ : nullptr;
}

bool CommandContext::load_flawless(const std::vector<std::string>& paths) {
  if (!load(paths)) return false;
  if (findings.errors.empty()) return true;
  for (const auto& finding : findings.errors) err << zhida::to_text(finding) << "\n";
  code = kFindings;
  return false;
}

bool CommandContext::choose_policy() {
  const auto wanted = option("--policy");
  if (!wanted) return true;
  std::erase_if(policies, [&](const PolicySource& source) { return source.policy.id.str() != *wanted; });
  if (!policies.empty()) return true;
  code = usage("There is no item " + *wanted + ".");
  return false;
}

int CommandContext::for_each_profile(const std::function<void(const EnterpriseProfile&)>& visit) {
  if (const auto config = option("--config"); config && !option("--profiles")) {
    if (!read_store_) return usage("There is no store to read here; name --profiles.");
    const auto done = read_store_(*config, day, visit);
    if (done) return kFine;
    err << done.error().message << "\n";
    return kFindings;
  }
  return for_each_portion([](unsigned, Portion&) {},
                          [&](const Portion& portion) {
                            for (const auto& profile : portion.profiles) visit(profile);
                          });
}

int CommandContext::for_each_portion(const PortionWork& work) {
  return for_each_portion([&](unsigned thread, Portion& portion) { portion.out = work(thread, portion.profiles); },
                          [&](const Portion& portion) { out << portion.out; });
}

bool CommandContext::read_threads() {
  threads_ = std::max(1u, std::thread::hardware_concurrency());
  const auto given = option("--threads");
  if (!given) return true;
  const auto [end, fault] = std::from_chars(given->data(), given->data() + given->size(), threads_);
  if (fault == std::errc() && end == given->data() + given->size() && threads_ >= 1 && threads_ <= 256) return true;
  code = usage("--threads is a whole number from 1 to 256.");
  return false;
}

int CommandContext::for_each_portion(const std::function<void(unsigned thread, Portion&)>& work,
                                     const std::function<void(Portion&)>& written) {
  const auto path = option("--profiles");
  if (!path) return usage("Whose profiles? Name --profiles FILE.jsonl.");
  std::ifstream file(*path, std::ios::binary);
  if (!file) return usage("The profiles cannot be read: " + *path + ".");
  std::error_code no_regular_file;
  const auto size = std::filesystem::file_size(*path, no_regular_file);
  Progress progress(err, no_regular_file ? 0 : size);
  std::vector<Portion> portions(threads_);
  std::int64_t lines = 0, firms = 0;
  std::uint64_t octets = 0;
  auto result = kFine;
  for (bool more = true; more;) {
    unsigned filled = 0;
    while (more && filled < threads_) {
      more = portions[filled].read(file, lines, octets);
      if (more) ++filled;
    }
    if (filled == 0) break;
    engine::in_parallel(filled, [&](unsigned thread) {
      portions[thread].parse(*path, fields, day);
      work(thread, portions[thread]);
    });
    for (unsigned i = 0; i < filled; ++i) {
      if (!portions[i].errors.empty()) {
        progress.clear();
        err << portions[i].errors;
        result = kFindings;
      }
      written(portions[i]);
      firms += static_cast<std::int64_t>(portions[i].profiles.size());
    }
    progress.tell(octets, firms);
  }
  return result;
}

int run_policy_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
                       const LoadFields& load_fields, const ReadStore& read_store) {
  const auto parsed = parse_arguments(arguments);
  const CommandArguments none;
  CommandContext context(parsed ? parsed.value() : none, out, err, load_fields, read_store);
  if (!parsed) return context.usage(parsed.error().message);
  if (!context.read_threads()) return context.code;
  if (arguments.empty()) return context.usage("What shall be done?");
  if (arguments[0] == "--help" || arguments[0] == "-h") {
    out << kUsageText;
    return kFine;
  }
  if (arguments[0] == "check") return check_command(context);
  if (arguments[0] == "test") return test_command(context);
  if (arguments[0] == "match") return match_command(context);
  if (arguments[0] == "explain" || arguments[0] == "show") return explain_command(context);
  if (arguments[0] == "simulate") return simulate_command(context);
  if (arguments[0] == "export-sql") return export_sql_command(context);
  return context.usage("There is no command \"policy " + arguments[0] + "\".");
}

}  // namespace zhida::matching
