// policy allocate: rounds of items whose places or money are limited.
#include <cstdlib>
#include <iostream>

#include "cli/open_hub.h"
#include "flow/allocation_desk.h"

namespace zhida::cli {
namespace {

constexpr const char* kUsageText =
    "zhida policy allocate --policy ID --at YYYY-MM-DD   draw up places and sums as a draft\n"
    "zhida policy allocate --list [--policy ID]          rounds, newest first\n"
    "zhida policy allocate --show ROUND                  one round, drawn up again from its stored inputs\n"
    "Also --config FILE and --json. Two persons confirm a draft over REST: docs/allocation.md.\n";

struct Words {
  std::string policy, at, show;
  bool list = false;
};

/// False where a word is unknown, or misses its value.
bool take(const std::vector<std::string>& arguments, Words& words, Options& options) {
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const auto& word = arguments[i];
    if (word == "--json" || word == "--list") {
      (word == "--json" ? options.json : words.list) = true;
      continue;
    }
    std::string* value = word == "--policy"   ? &words.policy
                         : word == "--at"     ? &words.at
                         : word == "--show"   ? &words.show
                         : word == "--config" ? &options.config
                                              : nullptr;
    if (value == nullptr || ++i == arguments.size()) return false;
    *value = arguments[i];
  }
  const int forms = (words.list ? 1 : 0) + (words.show.empty() ? 0 : 1) + (words.at.empty() ? 0 : 1);
  return forms == 1 && (words.at.empty() || !words.policy.empty());
}

template <class View>
int show(const Options& options, flow::Hub& hub, const View& view, std::string (*to_text)(const Json&)) {
  Json json;
  const auto done = hub.rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
    json = TRY(view(transaction));
    return ok();
  });
  if (!done) return fail(done.error());
  std::cout << (options.json ? json.dump() + "\n" : to_text(json));
  return json.is_object() && json.at("agrees") == false ? kFindings : kOk;
}

std::string list_to_text(const Json& list) {
  std::string out;
  for (const auto& round : list)
    out += round.at("id").get<std::string>() + "  " + round.at("policy").get<std::string>() + "  " +
           round.at("period").get<std::string>() + "  " + round.at("at").get<std::string>() + "  " +
           round.at("state").get<std::string>() + "\n";
  return out.empty() ? "no round was drawn up\n" : out;
}

}  // namespace

int policy_allocate(const std::vector<std::string>& arguments) {
  Options options;
  if (const char* config = std::getenv("ZHIDA_CONFIG")) options.config = config;
  Words words;
  if (!take(arguments, words, options)) {
    std::cerr << kUsageText;
    return kUsage;
  }
  auto open = open_hub(options);
  if (!open) return fail(open.error());
  auto& hub = *open.value().hub;
  if (words.list)
    return show(
        options, hub, [&](storage::Transaction& transaction) { return flow::rounds_view(transaction, words.policy); },
        &list_to_text);
  if (!words.at.empty()) {
    const auto at = Date::parse(words.at);
    if (!at) {
      std::cerr << "--at: " << at.error().message << "\n";
      return kUsage;
    }
    auto drawn = hub.allocations().draw_up(PolicyId(words.policy), at.value(), "cli");
    if (!drawn) return fail(drawn.error());
    words.show = std::move(drawn).value();
  }
  return show(
      options, hub,
      [&](storage::Transaction& transaction) { return flow::round_view(transaction, hub.rooms(), words.show); },
      &flow::round_to_text);
}

}  // namespace zhida::cli
