// Makes a town: town_make --seed 7 --enterprises 300 --start 2025-11-03 --out D/town [--faults none|demo] [--describe]
#include <charconv>
#include <cstdio>
#include <map>
#include <string>

#include "adapters/town/make_town.h"

namespace {

using zhida::refuse;
using zhida::Result;

constexpr const char* kUsage =
    "town_make --out FOLDER [--seed 1] [--enterprises 300] [--start 2025-11-03] [--faults none|demo] [--describe]\n";

template <class Number>
Result<Number> parse_number(const std::string& option, const std::string& text) {
  Number number{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) return number;
  return refuse("town_options", "--" + option + " needs a whole number, not \"" + text + "\".");
}

struct Arguments {
  zhida::town::TownOptions options;
  std::string out;
  bool describe = false;
};

Result<Arguments> read_arguments(int count, char** words) {
  std::map<std::string, std::string> given{
      {"seed", "1"}, {"enterprises", "300"}, {"start", "2025-11-03"}, {"faults", "demo"}, {"out", ""}};
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--describe") {
      arguments.describe = true;
    } else if (word.starts_with("--") && given.contains(word.substr(2)) && i + 1 < count) {
      given[word.substr(2)] = words[++i];
    } else {
      return refuse("town_options", "\"" + word + "\" is not understood. Usage:\n" + kUsage);
    }
  }
  if (given["out"].empty()) return refuse("town_options", std::string("--out is missing. Usage:\n") + kUsage);
  if (given["faults"] != "none" && given["faults"] != "demo")
    return refuse("town_options", "--faults is none or demo.");
  arguments.options.seed = TRY(parse_number<std::uint64_t>("seed", given["seed"]));
  arguments.options.enterprises = TRY(parse_number<std::int64_t>("enterprises", given["enterprises"]));
  arguments.options.start = TRY(zhida::Date::parse(given["start"]));
  arguments.options.faults = given["faults"] == "demo";
  arguments.out = given["out"];
  return arguments;
}

Result<void> run(int count, char** words) {
  const Arguments arguments = TRY(read_arguments(count, words));
  const auto summary = TRY(zhida::town::make_town(arguments.options, arguments.out));
  if (arguments.describe) std::fputs(summary.to_text().c_str(), stdout);
  return zhida::ok();
}

}  // namespace

int main(int count, char** words) {
  const auto done = run(count, words);
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return 1;
}
