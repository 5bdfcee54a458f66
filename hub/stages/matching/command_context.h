// Inside stages/matching only: what the sub-commands of `zhida policy` share.
#pragma once
#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "domain/enterprise_profile.h"
#include "stages/matching/code_names.h"
#include "stages/matching/commands.h"
#include "stages/matching/policy_file.h"

namespace zhida::matching {

inline constexpr int kFine = 0, kFindings = 1, kUsage = 2;

struct CommandArguments {
  std::vector<std::string> paths;
  std::map<std::string, std::string> options;  // --policies, --profiles, --at, …
  std::set<std::string> flags;                 // --json, --all, --text
};
/// Error `usage`.
Result<CommandArguments> parse_arguments(const std::vector<std::string>& arguments);

class CommandContext {
 public:
  CommandContext(const CommandArguments& arguments, std::ostream& results, std::ostream& messages,
                 const LoadFields& load_fields, const ReadStore& read_store)
      : out(results), err(messages), arguments_(arguments), load_fields_(load_fields), read_store_(read_store) {}

  std::ostream& out;
  std::ostream& err;
  FieldCatalogue fields;  ///< With what the items declare themselves.
  std::vector<PolicySource> policies;
  PolicyFindings findings;
  Date day;
  int code = kFine;  ///< Set where something below gives false.

  const std::vector<std::string>& paths() const { return arguments_.paths; }
  bool flag(const std::string& name) const { return arguments_.flags.contains(name); }
  bool json() const { return flag("--json"); }
  std::optional<std::string> option(const std::string& name) const;
  int usage(const std::string& sentence);

  bool read_day();
  /// The items below the paths, and the fields they read.
  bool load(const std::vector<std::string>& paths);
  /// load(); findings are told and end the command.
  bool load_flawless(const std::vector<std::string>& paths);
  /// Leaves only the item that --policy names.
  bool choose_policy();
  void add_error(const std::string& file, std::string code_of_it, std::string message);
  void add(const PolicySource& source, bool error, std::string code_of_it, std::string message);

  /// Of --profiles, or of the store that --config names. Bad lines are told and give kFindings at the end.
  int for_each_profile(const std::function<void(const EnterpriseProfile&)>& visit);
  /// Of --profiles, portion by portion and several at once: `work(thread, profiles)` gives what is to be written for
  /// them, and it is written in the order of the lines. As much is held as the threads work on. Bad lines as above.
  using PortionWork = std::function<std::string(unsigned thread, std::span<const EnterpriseProfile>)>;
  int for_each_portion(const PortionWork& work);
  /// --threads; as many as there are processors unless it says otherwise.
  unsigned threads() const { return threads_; }
  bool read_threads();
  std::string folder_of_fields() const { return fields_folder_; }
  /// Of the code tables beside the fields; null where there are none.
  const CodeNames* names();

 private:
  struct Portion;
  std::string fields_path(const std::string& policies_path) const;
  /// Reads, several portions at once, calling `work` on several threads, then `written` for each in order.
  int for_each_portion(const std::function<void(unsigned thread, Portion&)>& work,
                       const std::function<void(Portion&)>& written);

  const CommandArguments& arguments_;
  const LoadFields& load_fields_;
  const ReadStore& read_store_;
  std::string fields_path_, fields_folder_;
  std::optional<CodeNames> names_;
  unsigned threads_ = 1;
};

// One a sub-command; each gives the exit code.
int check_command(CommandContext& context);
int test_command(CommandContext& context);
int match_command(CommandContext& context);
int explain_command(CommandContext& context);
int simulate_command(CommandContext& context);
int export_sql_command(CommandContext& context);

}  // namespace zhida::matching
