#include "stages/matching/commands.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <ostream>
#include <set>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "stages/matching/evaluate.h"
#include "stages/matching/example_file.h"
#include "stages/matching/explain.h"
#include "stages/matching/policy_file.h"
#include "stages/matching/profile_line.h"

namespace zhida::matching {
namespace {

constexpr int kFine = 0, kFindings = 1, kUsage = 2;

constexpr std::string_view kUsageText =
    "usage: zhida policy check PATH… | test PATH… | match --policies DIR --profiles FILE.jsonl [--all] [--at DATE] |\n"
    "       explain --policies DIR [--policy ID] [--profiles FILE.jsonl --uscc CODE] [--at DATE]\n"
    "       every form takes [--fields FILE] and [--json]\n";

struct Arguments {
  std::vector<std::string> paths;
  std::map<std::string, std::string> options;  // --policies, --profiles, --at, --fields, --policy, --uscc
  std::set<std::string> flags;                 // --json, --all
};

Result<Arguments> parse_arguments(const std::vector<std::string>& arguments) {
  static const std::set<std::string> kOptions = {"--policies", "--profiles", "--at", "--fields", "--policy", "--uscc"};
  static const std::set<std::string> kFlags = {"--json", "--all"};
  Arguments out;
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

class Command {
 public:
  Command(const Arguments& arguments, std::ostream& out, std::ostream& err, const LoadFields& load_fields)
      : arguments_(arguments), out_(out), err_(err), load_fields_(load_fields) {}

  int check() {
    if (!load(arguments_.paths)) return code_;
    report();
    return findings_.errors.empty() ? kFine : kFindings;
  }

  int test() {
    if (!load(arguments_.paths)) return code_;
    std::int64_t passed = 0, failed = 0;
    for (const auto& source : policies_) {
      const auto path = example_path_of(source.path);
      const auto text = read_file(path);
      if (!text) {
        add_error(source.path, "examples_missing", "There are no examples beside it: " + path + ".");
        continue;
      }
      for (const auto& example : parse_examples(text.value(), path, source.policy, fields_, findings_.errors)) {
        const auto differences = run_example(source.policy, example);
        ++(differences.empty() ? passed : failed);
        for (const auto& difference : differences)
          failures_.push_back(example.place + ": example_failed " + example.name + ": " + difference);
      }
    }
    if (json()) {
      out_ << Json{{"passed", passed}, {"failed", failed}, {"failures", failures_}, {"errors", texts(findings_.errors)}}
                  .dump()
           << "\n";
    } else {
      for (const auto& finding : findings_.errors) out_ << zhida::to_text(finding) << "\n";
      for (const auto& failure : failures_) out_ << failure << "\n";
      out_ << passed << " examples passed, " << failed << " failed\n";
    }
    return failed == 0 && findings_.errors.empty() ? kFine : kFindings;
  }

  int match() {
    if (!option("--policies") || !option("--profiles")) return usage("match needs --policies and --profiles.");
    if (!day() || !load({*option("--policies")})) return code_;
    if (!findings_.errors.empty()) {
      for (const auto& finding : findings_.errors) err_ << zhida::to_text(finding) << "\n";
      return kFindings;
    }
    return for_each_profile([&](const EnterpriseProfile& profile) {
      for (const auto& source : policies_) {
        const auto entitlement = evaluate(source.policy, profile, day_);
        if (entitlement.verdict == Verdict::not_met && !arguments_.flags.contains("--all")) continue;
        json() ? print_line(entitlement) : print_row(entitlement);
      }
    });
  }

  int explain() {
    if (!option("--policies")) return usage("explain needs --policies.");
    if (!day() || !load({*option("--policies")})) return code_;
    if (const auto wanted = option("--policy")) {
      std::erase_if(policies_, [&](const PolicySource& source) { return source.policy.id.str() != *wanted; });
      if (policies_.empty()) return usage("There is no item " + *wanted + ".");
    }
    if (!option("--profiles")) {
      for (const auto& source : policies_)
        out_ << (json() ? to_json(source.policy).dump() + "\n" : render(source.policy) + "\n");
      return findings_.errors.empty() ? kFine : kFindings;
    }
    bool found = false;
    const auto code = for_each_profile([&](const EnterpriseProfile& profile) {
      if (const auto uscc = option("--uscc"); uscc && *uscc != profile.uscc) return;
      found = true;
      for (const auto& source : policies_) {
        const auto entitlement = evaluate(source.policy, profile, day_);
        json() ? print_line(entitlement) : void(out_ << matching::explain(source.policy, entitlement));
      }
    });
    if (code == kFine && !found) return usage("No profile has that code.");
    return code;
  }

  int usage(const std::string& sentence) {
    err_ << sentence << "\n" << kUsageText;
    return kUsage;
  }

 private:
  bool json() const { return arguments_.flags.contains("--json"); }

  std::optional<std::string> option(const std::string& name) const {
    const auto found = arguments_.options.find(name);
    if (found == arguments_.options.end()) return std::nullopt;
    return found->second;
  }

  bool day() {
    day_ = SystemClock().today();
    if (const auto at = option("--at")) {
      const auto parsed = Date::parse(*at);
      if (!parsed) {
        code_ = usage(parsed.error().message);
        return false;
      }
      day_ = parsed.value();
    }
    return true;
  }

  void add_error(const std::string& file, std::string code, std::string message) {
    Finding finding;
    finding.file = file;
    finding.line = finding.column = 1;
    finding.code = std::move(code);
    finding.message = std::move(message);
    findings_.errors.push_back(std::move(finding));
  }

  std::string fields_path(const std::string& policies) const {
    namespace fs = std::filesystem;
    if (const auto named = option("--fields")) return *named;
    std::error_code fault;
    const fs::path start = fs::absolute(policies, fault).lexically_normal();
    auto folder = fs::is_directory(start, fault) ? start : start.parent_path();
    if (!folder.has_filename()) folder = folder.parent_path();
    for (const auto& candidate : {folder / "fields.yaml", folder.parent_path() / "fields.yaml"})
      if (fs::exists(candidate, fault)) return candidate.string();
    return (folder.parent_path() / "fields.yaml").string();
  }

  bool load(const std::vector<std::string>& paths) {
    if (paths.empty()) {
      code_ = usage("Which policies? Name files or folders.");
      return false;
    }
    for (const auto& path : paths) {
      std::error_code fault;
      if (std::filesystem::exists(path, fault)) continue;
      code_ = usage("There is no file or folder " + path + ".");
      return false;
    }
    const auto fail = [&](const Error& error) {
      for (const auto& finding : findings_.errors) err_ << zhida::to_text(finding) << "\n";
      err_ << error.message << "\n";
      code_ = kFindings;
      return false;
    };
    auto fields = load_fields_(fields_path(paths.front()), findings_.errors);
    if (!fields) return fail(fields.error());
    fields_ = std::move(fields.value());
    auto policies = load_policies(paths, fields_, findings_);
    if (!policies) return fail(policies.error());
    policies_ = std::move(policies.value());
    return true;
  }

  static std::vector<std::string> texts(const std::vector<Finding>& findings) {
    std::vector<std::string> out;
    for (const auto& finding : findings) out.push_back(zhida::to_text(finding));
    return out;
  }

  void report() {
    if (json()) {
      Json ids = Json::object();
      for (const auto& source : policies_) ids[source.policy.id.str()] = source.policy.version;
      out_ << Json{{"policies", ids}, {"errors", texts(findings_.errors)}, {"notes", texts(findings_.notes)}}.dump()
           << "\n";
      return;
    }
    for (const auto& finding : findings_.errors) out_ << zhida::to_text(finding) << "\n";
    for (const auto& finding : findings_.notes) err_ << zhida::to_text(finding) << "\n";
    err_ << policies_.size() << " policies without errors, " << findings_.errors.size() << " errors, "
         << findings_.notes.size() << " notes\n";
  }

  template <class Visit>
  int for_each_profile(const Visit& visit) {
    const auto path = *option("--profiles");
    std::ifstream file(path, std::ios::binary);
    if (!file) return usage("The profiles cannot be read: " + path + ".");
    std::string line;
    std::int64_t number = 0;
    auto code = kFine;
    while (std::getline(file, line)) {
      ++number;
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      const auto profile = parse_profile_line(line, fields_, day_);
      if (!profile) {
        // The other lines still say what they have to say; the exit code tells that one did not.
        err_ << path << ":" << number << ":1: " << profile.error().code << " " << profile.error().message << "\n";
        code = kFindings;
        continue;
      }
      visit(profile.value());
    }
    return code;
  }

  void print_line(const Entitlement& entitlement) {
    Json clauses = Json::array();
    for (const auto& clause : entitlement.clauses)
      clauses.push_back({{"id", clause.id}, {"verdict", zhida::to_text(clause.verdict)}});
    Json line = {{"policy", entitlement.policy.str()},
                 {"uscc", entitlement.uscc},
                 {"verdict", zhida::to_text(entitlement.verdict)},
                 {"clauses", std::move(clauses)}};
    line["amount_fen"] = entitlement.amount ? Json(entitlement.amount->fen()) : Json(nullptr);
    out_ << line.dump() << "\n";
  }

  void print_row(const Entitlement& entitlement) {
    out_ << entitlement.uscc << "  " << entitlement.policy.str() << "  " << zhida::to_text(entitlement.verdict) << "  "
         << (entitlement.amount ? entitlement.amount->to_yuan() : "-") << "\n";
  }

  const Arguments& arguments_;
  std::ostream& out_;
  std::ostream& err_;
  const LoadFields& load_fields_;
  FieldCatalogue fields_;
  std::vector<PolicySource> policies_;
  PolicyFindings findings_;
  std::vector<std::string> failures_;
  Date day_;
  int code_ = kFine;
};

}  // namespace

int run_policy_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
                       const LoadFields& load_fields) {
  const auto parsed = parse_arguments(arguments);
  const Arguments none;
  Command command(parsed ? parsed.value() : none, out, err, load_fields);
  if (!parsed) return command.usage(parsed.error().message);
  if (arguments.empty()) return command.usage("What shall be done?");
  if (arguments[0] == "--help" || arguments[0] == "-h") {
    out << kUsageText;
    return kFine;
  }
  if (arguments[0] == "check") return command.check();
  if (arguments[0] == "test") return command.test();
  if (arguments[0] == "match") return command.match();
  if (arguments[0] == "explain") return command.explain();
  return command.usage("There is no command \"policy " + arguments[0] + "\".");
}

}  // namespace zhida::matching
