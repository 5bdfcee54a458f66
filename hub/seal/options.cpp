#include "seal/options.h"

namespace zhida::seal {

Result<Options> Options::parse(const std::vector<std::string>& arguments, const std::set<std::string>& with_value,
                               const std::set<std::string>& switches) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!argument.starts_with("--") || argument == "--") {
      options.rest_.push_back(argument);
      continue;
    }
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (switches.contains(name) && equals == std::string::npos) {
      options.values_[name];
    } else if (!with_value.contains(name)) {
      return refuse("usage", "The option --" + name + " is not known here.");
    } else if (equals != std::string::npos) {
      options.values_[name].push_back(argument.substr(equals + 1));
    } else if (++i < arguments.size()) {
      options.values_[name].push_back(arguments[i]);
    } else {
      return refuse("usage", "The option --" + name + " needs a value.");
    }
  }
  return options;
}

std::vector<std::string> Options::all(const std::string& name) const {
  const auto it = values_.find(name);
  return it == values_.end() ? std::vector<std::string>() : it->second;
}

std::string Options::get_or(const std::string& name, std::string otherwise) const {
  const auto it = values_.find(name);
  return it == values_.end() || it->second.empty() ? std::move(otherwise) : it->second.back();
}

Result<std::string> Options::get(const std::string& name) const {
  const auto it = values_.find(name);
  if (it == values_.end() || it->second.empty()) return refuse("usage", "The option --" + name + " is needed.");
  return it->second.back();
}

Result<Instant> parse_moment(const std::string& text) {
  if (const auto day = Date::parse(text)) return day.value().begins();
  const auto moment = parse_rfc3339(text);
  if (!moment) return refuse("usage", "\"" + text + "\" is neither a day like 2025-11-03 nor an RFC 3339 time.");
  return moment.value();
}

}  // namespace zhida::seal
