// policy: what needs the store or a running hub; the rest is the matching stage's own.
#include <algorithm>
#include <iostream>

#include "cli/open_hub.h"
#include "cli/publishing.h"
#include "flow/decisions.h"
#include "stages/mapping/fields.h"
#include "stages/matching/code_names.h"
#include "stages/matching/commands.h"
#include "stages/profile/profile_store.h"

namespace zhida::cli {
namespace {

Words words_of(const std::vector<std::string>& arguments) {
  Words out;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const auto& word = arguments[i];
    if (word == "--json") {
      out.json = true;
    } else if (word == "--repeal") {
      out.flags.insert(word);
    } else if (word.starts_with("--") && i + 1 < arguments.size()) {
      out.options[word] = arguments[i + 1];
      ++i;
    } else {
      out.plain.push_back(word);
    }
  }
  return out;
}

/// Everything that counts comes from the store; fields and code tables of today only serve comparisons.
int explain_decision(const Words& words) {
  Options options;
  options.config = words.option("--config", options.config);
  const auto loaded = load(options);
  if (!loaded) return fail(loaded.error());
  const auto config = loaded.value().hub_config();
  const auto store = storage::Database::open(config.database);
  if (!store) return fail(store.error());
  std::vector<Finding> findings;
  const auto fields = mapping::load_fields(config.mappings_folder + "/fields.yaml", findings);
  const auto code_lists = flow::code_lists_of(config.mappings_folder);
  flow::Today today;
  if (fields) today.fields = &fields.value();
  if (code_lists) today.code_lists = code_lists.value();
  const auto names = matching::CodeNames::load(config.mappings_folder + "/codes");
  if (names) today.names = &names.value();
  Json answer;
  const auto done = store.value()->read([&](storage::Transaction& transaction) -> Result<void> {
    answer = TRY(flow::explain_decision(transaction, words.option("--decision"), today));
    return ok();
  });
  if (!done) return fail(done.error());
  std::cout << (words.json ? answer.dump() : flow::decision_to_text(answer)) << "\n";
  return answer.at("identical").get<bool>() ? kOk : kFindings;
}

}  // namespace

int policy(const std::vector<std::string>& arguments) {
  const auto words = words_of(arguments);
  if (!arguments.empty() && arguments[0] == "explain" && words.options.contains("--decision"))
    return explain_decision(words);
  if (!arguments.empty() && is_publishing_command(arguments[0])) return publishing(arguments[0], words);
  const auto read_store = [](const std::string& config, Date day,
                             const std::function<void(const EnterpriseProfile&)>& visit) -> Result<void> {
    Options options;
    options.config = config;
    const auto open = TRY(open_hub(options));
    const auto& rooms = open.hub->rooms();
    return rooms.database.read([&](storage::Transaction& transaction) -> Result<void> {
      constexpr std::size_t kAtOnce = 500;
      std::string after;
      for (;;) {
        const auto firms = TRY(profile::load_profiles(transaction, after, kAtOnce, day, rooms.rules));
        for (const auto& firm : firms) visit(firm);
        if (firms.size() < kAtOnce) return ok();
        after = firms.back().uscc;
      }
    });
  };
  return matching::run_policy_command(arguments, std::cout, std::cerr, &mapping::load_fields, read_store);
}

}  // namespace zhida::cli
