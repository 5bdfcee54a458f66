#include "platform/config/config.h"

#include <algorithm>

#include <fmt/format.h>

namespace zhida {
namespace {

std::string joined(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

/// A value as YAML would take it back as the same text.
std::string as_yaml(const std::string& text) {
  const bool safe = !text.empty() && text.find_first_of("#:'\"{}&*!|>%@`\n") == std::string::npos &&
                    text.front() != '-' && text.front() != ' ' && text.back() != ' ' && text != "~" && text != "null";
  if (safe) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

namespace config {

Entry::Entry(ConfigSpec* owner, std::string name, std::string sentence)
    : name_(std::move(name)), sentence_(std::move(sentence)) {
  owner->entries_.push_back(this);
}

std::optional<std::pair<std::string, std::string>> Entry::variable(const std::string& path,
                                                                   const ConfigContext& context) {
  if (context.variable_prefix.empty()) return std::nullopt;
  auto name = context.variable_prefix + "_" + path;
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (c == '.' || c == '-') c = '_';
  }
  const auto found = context.environment.find(name);
  if (found == context.environment.end()) return std::nullopt;
  return std::pair(name, found->second);
}

Error Entry::missing(const std::optional<ConfigNode>& map, const std::string& path, const std::string& sentence) {
  return refuse("config_missing", fmt::format("{}{} is missing: {}", map ? map->where() + ": " : "", path, sentence));
}

}  // namespace config

std::vector<Error> ConfigSpec::read_all(const std::optional<ConfigNode>& node, const ConfigContext& context,
                                        const std::string& path) {
  std::vector<Error> problems;
  std::optional<ConfigNode> map;
  if (node && !node->is_null()) {
    if (const auto kind = node->expect(config::NodeKind::map); !kind) {
      problems.push_back(kind.error());
      return problems;
    }
    map = node;
    std::vector<std::string_view> known;
    for (const auto* entry : entries_) known.push_back(entry->name());
    for (const auto& item : map->items()) {
      if (std::ranges::find(known, item.key()) != known.end()) continue;
      const auto near = config::nearest_name(item.key(), known);
      problems.push_back(
          refuse("config_unknown_key", fmt::format("{}: {} is not a setting. {}", item.key_where(), item.path(),
                                                   near ? fmt::format("Did you mean {}?", *near)
                                                        : fmt::format("Known here: {}.", fmt::join(known, ", ")))));
    }
  }
  for (auto* entry : entries_) entry->read(map, context, joined(path, entry->name()), problems);
  if (problems.empty()) {
    for (const auto& sentence : contradictions()) {
      problems.push_back(refuse("config_contradiction", map ? map->where() + ": " + sentence : sentence));
    }
  }
  return problems;
}

Result<void> ConfigSpec::read(const ConfigNode& node, const ConfigContext& context) {
  const auto problems = read_all(node, context);
  if (problems.empty()) return ok();
  auto first = problems.front();
  for (std::size_t i = 1; i < problems.size(); ++i) first.message += "\n" + problems[i].message;
  return first;
}

std::vector<config::DocumentedField> ConfigSpec::document(const std::string& path) const {
  std::vector<config::DocumentedField> rows;
  for (const auto* entry : entries_) entry->document(joined(path, entry->name()), rows);
  return rows;
}

std::vector<config::ShownField> ConfigSpec::show(const std::string& path) const {
  std::vector<config::ShownField> lines;
  for (const auto* entry : entries_) entry->show(joined(path, entry->name()), lines);
  return lines;
}

Json ConfigSpec::redacted() const {
  Json object = Json::object();
  for (const auto* entry : entries_) object[entry->name()] = entry->redacted();
  return object;
}

std::string ConfigSpec::as_markdown(const std::string& path) const {
  std::string table = "| setting | type | default | what it is |\n|---|---|---|---|\n";
  const auto cell = [](std::string text) {
    for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
    return text;
  };
  for (const auto& row : document(path)) {
    const auto otherwise = row.required ? "(required)" : row.otherwise.empty() ? "" : "`" + row.otherwise + "`";
    table += fmt::format("| `{}` | {} | {} | {} |\n", row.name, row.type, cell(otherwise), cell(row.sentence));
  }
  return table;
}

std::string ConfigSpec::as_example() const {
  std::string text;
  std::vector<std::string> open;  // The groups whose headings are written.
  for (const auto& row : document()) {
    if (row.name.find("[]") != std::string::npos) {
      // A list of groups is shown as a comment: an example entry would be a setting.
      text += fmt::format("# {} ({}{}): {}\n", row.name, row.type, row.required ? ", required" : "", row.sentence);
      continue;
    }
    std::vector<std::string> steps;
    for (std::size_t begin = 0; begin <= row.name.size();) {
      const auto end = std::min(row.name.find('.', begin), row.name.size());
      steps.push_back(row.name.substr(begin, end - begin));
      begin = end + 1;
    }
    const auto last = steps.back();
    steps.pop_back();
    std::size_t same = 0;
    while (same < steps.size() && same < open.size() && steps[same] == open[same]) ++same;
    for (std::size_t level = same; level < steps.size(); ++level)
      text += std::string(level * 2, ' ') + steps[level] + ":\n";
    open = steps;
    const std::string indent(steps.size() * 2, ' ');
    const bool list = row.type.starts_with("list of texts");
    text += fmt::format("{}# {} ({})\n", indent, row.sentence, row.type);
    if (row.required)
      text += fmt::format("{}{}:  # required\n", indent, last);
    else if (row.otherwise.empty())
      text += fmt::format("{}# {}:\n", indent, last);
    else
      text += fmt::format("{}{}: {}\n", indent, last, list ? row.otherwise : as_yaml(row.otherwise));
  }
  return text;
}

void RawSection::read(const std::optional<ConfigNode>& map, const ConfigContext&, const std::string&,
                      std::vector<Error>&) {
  node_ = map ? map->find(name_) : std::nullopt;
  if (node_) origin_ = node_->where();
}

void RawSection::document(const std::string& path, std::vector<config::DocumentedField>& rows) const {
  rows.push_back({path, "group", "", false, sentence_});
}

}  // namespace zhida
