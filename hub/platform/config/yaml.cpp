#include "platform/config/yaml.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <unordered_set>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "base/bytes.h"

namespace zhida::config {

struct Place {
  int line = 1;
  int column = 1;
};

struct YamlNode {
  NodeKind kind = NodeKind::null;
  std::string text;
  bool quoted = false;
  Place place;
  std::string key;
  Place key_place;
  std::uint32_t parent = 0;
  std::uint32_t index_in_parent = 0;
  std::vector<std::uint32_t> children;
};

struct YamlDocument {
  std::string file;
  std::vector<YamlNode> nodes;  // The first is the root.
};

namespace {

/// Leaves the parser from inside one of its events; caught in parse_yaml().
struct Refused {
  YAML::Mark mark;
  std::string code;
  std::string sentence;
};

/// Builds the tree from the parser's events rather than from yaml-cpp's own nodes: a bomb is refused at its first
/// alias, before anything unfolds, and every value keeps its place and whether it was quoted.
class Builder final : public YAML::EventHandler {
 public:
  Builder(std::string_view text, YamlDocument& document, const YamlLimits& limits)
      : document_(document), limits_(limits) {
    for (std::size_t begin = 0; begin <= text.size();) {
      const auto end = std::min(text.find('\n', begin), text.size());
      lines_.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  /// yaml-cpp counts from 0, and columns in bytes.
  Place place_of(const YAML::Mark& mark) const {
    if (mark.line < 0 || static_cast<std::size_t>(mark.line) >= lines_.size()) return {};
    const auto line = lines_[static_cast<std::size_t>(mark.line)];
    const auto before = line.substr(0, std::min(line.size(), static_cast<std::size_t>(std::max(mark.column, 0))));
    const auto characters = std::ranges::count_if(before, [](char c) { return (c & 0xC0) != 0x80; });
    return {mark.line + 1, static_cast<int>(characters) + 1};
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) throw Refused{mark, "yaml_malformed", "A file holds one document; another begins here."};
  }
  void OnDocumentEnd() override {}

  /// Where the last value or key begins, if it begins with a quote.
  std::optional<YAML::Mark> last_quote() const {
    const auto [line, column] = std::pair(last_scalar_.line, last_scalar_.column);
    if (line < 0 || static_cast<std::size_t>(line) >= lines_.size()) return std::nullopt;
    const auto rest = lines_[static_cast<std::size_t>(line)].substr(
        std::min(lines_[static_cast<std::size_t>(line)].size(), static_cast<std::size_t>(std::max(column, 0))));
    if (!rest.starts_with('"') && !rest.starts_with('\'')) return std::nullopt;
    return last_scalar_;
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{mark, "yaml_malformed", "Aliases (*name) are not read: write the value out."};
  }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override { refuse_anchor(mark); }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (anchor != 0) refuse_anchor(mark);
    if (key_is_next()) throw Refused{mark, "yaml_malformed", "A key is missing before the colon."};
    add(mark, NodeKind::null);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check(mark, tag, anchor);
    last_scalar_ = mark;
    if (key_is_next()) return take_key(mark, value);
    auto& node = add(mark, NodeKind::scalar);
    node.text = value;
    node.quoted = tag == "!";
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, NodeKind::list);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, NodeKind::map);
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  struct Open {
    std::uint32_t node;
    std::optional<std::pair<std::string, Place>> key;  // Of a map: read, and its value comes next.
    std::unordered_set<std::string> keys;
  };

  [[noreturn]] static void refuse_anchor(const YAML::Mark& mark) {
    throw Refused{mark, "yaml_malformed", "Anchors (&name) are not read: write the value out where it is needed."};
  }

  static void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) refuse_anchor(mark);
    // "?" is a plain value, "!" a quoted one; everything else was written.
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw Refused{mark, "yaml_malformed", fmt::format("Tags ({}) are not read: write the plain value.", tag)};
    }
  }

  bool key_is_next() const {
    return !open_.empty() && document_.nodes[open_.back().node].kind == NodeKind::map && !open_.back().key;
  }

  void take_key(const YAML::Mark& mark, const std::string& key) {
    if (!open_.back().keys.insert(key).second) {
      throw Refused{mark, "yaml_malformed", fmt::format("The key {} stands twice in the same map.", key)};
    }
    open_.back().key.emplace(key, place_of(mark));
  }

  YamlNode& add(const YAML::Mark& mark, NodeKind kind) {
    if (document_.nodes.size() >= limits_.nodes_max) {
      throw Refused{mark, "yaml_too_large", fmt::format("The file holds more than {} values.", limits_.nodes_max)};
    }
    const auto index = static_cast<std::uint32_t>(document_.nodes.size());
    YamlNode node;
    node.kind = kind;
    node.place = place_of(mark);
    if (!open_.empty()) {
      auto& parent = document_.nodes[open_.back().node];
      node.parent = open_.back().node;
      node.index_in_parent = static_cast<std::uint32_t>(parent.children.size());
      parent.children.push_back(index);
      if (open_.back().key) {
        std::tie(node.key, node.key_place) = std::move(*open_.back().key);
        open_.back().key.reset();
      }
    }
    return document_.nodes.emplace_back(std::move(node));
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, NodeKind kind) {
    check(mark, tag, anchor);
    if (key_is_next()) throw Refused{mark, "yaml_malformed", "A key must be a plain word."};
    if (open_.size() >= limits_.depth_max) {
      throw Refused{mark, "yaml_too_large", fmt::format("Values are nested deeper than {} levels.", limits_.depth_max)};
    }
    add(mark, kind);
    open_.push_back({static_cast<std::uint32_t>(document_.nodes.size() - 1), std::nullopt, {}});
  }

  YamlDocument& document_;
  const YamlLimits limits_;
  std::vector<std::string_view> lines_;
  std::vector<Open> open_;
  YAML::Mark last_scalar_ = YAML::Mark::null_mark();
  int documents_ = 0;
};

void parse(const std::string& text, YAML::EventHandler& handler) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  while (parser.HandleNextDocument(handler)) {
  }
}

/// yaml-cpp 0.7 takes a quote that is never closed for closed where the file ends with an empty line; without that line
/// it sees the fault. A truncated file must not pass for a whole one.
void check_last_quote_is_closed(std::string text, const Builder& builder) {
  const auto begins = builder.last_quote();
  if (!begins) return;
  while (text.ends_with('\n') || text.ends_with(' ') || text.ends_with('\t')) text.pop_back();
  YamlDocument ignored;
  Builder again(text, ignored, YamlLimits{});
  try {
    parse(text, again);
  } catch (const YAML::Exception&) {
    throw Refused{*begins, "yaml_malformed", "The quote that begins here is never closed."};
  } catch (const Refused&) {  // A limit, which the first reading has judged.
  }
}

Error refuse_at(const std::string& file, Place place, std::string code, std::string_view sentence) {
  return refuse(std::move(code), fmt::format("{}:{}:{}: {}", file, place.line, place.column, sentence));
}

/// Where the text stops being well-formed UTF-8 without control characters; its size where it never does.
std::size_t first_bad_byte(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x80) {
      if ((c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f) return at;
      ++at;
      continue;
    }
    const std::size_t length = c >= 0xF0 && c <= 0xF4 ? 4 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xC2 && c < 0xE0 ? 2 : 0;
    if (length == 0 || at + length > text.size()) return at;
    std::uint32_t point = c & (0xFFu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xC0) != 0x80) return at;
      point = (point << 6) | (next & 0x3Fu);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    if (overlong || (point >= 0xD800 && point < 0xE000) || point > 0x10FFFF) return at;
    at += length;
  }
  return at;
}

/// Line ends as `\n`, so that our lines are the parser's lines.
std::string with_plain_line_ends(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r')
      plain += text[i];
    else if (i + 1 >= text.size() || text[i + 1] != '\n')
      plain += '\n';
  }
  return plain;
}

std::string_view kind_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::null:
      return "nothing";
    case NodeKind::scalar:
      return "a single value";
    case NodeKind::list:
      return "a list";
    case NodeKind::map:
      return "a map (name: value)";
  }
  return "";
}

}  // namespace

Result<ConfigNode> parse_yaml(std::string_view text, const std::string& file_name, const YamlLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return refuse("yaml_too_large", fmt::format("{}: {} bytes are more than the {} that are read.", file_name,
                                                text.size(), limits.bytes_max));
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (const auto bad = first_bad_byte(text); bad < text.size()) {
    const auto line = static_cast<int>(std::ranges::count(text.substr(0, bad), '\n')) + 1;
    return refuse_at(file_name, {line, 1}, "yaml_malformed",
                     fmt::format("Byte {} of the file is not UTF-8 text. Save the file as UTF-8.", bad + 1));
  }
  const auto plain = with_plain_line_ends(text);
  auto document = std::make_shared<YamlDocument>();
  document->file = file_name;
  Builder builder(plain, *document, limits);
  try {
    parse(plain, builder);
    check_last_quote_is_closed(plain, builder);
  } catch (const Refused& refused) {
    return refuse_at(file_name, builder.place_of(refused.mark), refused.code, refused.sentence);
  } catch (const YAML::Exception& error) {
    return refuse_at(file_name, builder.place_of(error.mark), "yaml_malformed",
                     fmt::format("This is not YAML: {}.", error.msg));
  } catch (const std::exception& error) {
    return refuse("yaml_malformed", fmt::format("{}: this is not YAML: {}.", file_name, error.what()));
  }
  if (document->nodes.empty()) document->nodes.emplace_back();
  return ConfigNode(std::move(document), 0);
}

Result<ConfigNode> read_yaml(const std::string& path, const YamlLimits& limits) {
  const auto text = TRY(read_file(path, limits.bytes_max));
  return parse_yaml(text, path, limits);
}

NodeKind ConfigNode::kind() const {
  return document_->nodes[index_].kind;
}
const std::string& ConfigNode::text() const {
  return document_->nodes[index_].text;
}
bool ConfigNode::quoted() const {
  return document_->nodes[index_].quoted;
}
std::size_t ConfigNode::size() const {
  return document_->nodes[index_].children.size();
}
const std::string& ConfigNode::key() const {
  return document_->nodes[index_].key;
}
int ConfigNode::line() const {
  return document_->nodes[index_].place.line;
}
int ConfigNode::column() const {
  return document_->nodes[index_].place.column;
}
const std::string& ConfigNode::file() const {
  return document_->file;
}

std::vector<ConfigNode> ConfigNode::items() const {
  std::vector<ConfigNode> items;
  for (const auto child : document_->nodes[index_].children) items.push_back(ConfigNode(document_, child));
  return items;
}

std::vector<std::string> ConfigNode::keys() const {
  std::vector<std::string> keys;
  if (!is_map()) return keys;
  for (const auto child : document_->nodes[index_].children) keys.push_back(document_->nodes[child].key);
  return keys;
}

std::optional<ConfigNode> ConfigNode::find(std::string_view key) const {
  if (!is_map()) return std::nullopt;
  for (const auto child : document_->nodes[index_].children) {
    if (document_->nodes[child].key == key) return ConfigNode(document_, child);
  }
  return std::nullopt;
}

std::string ConfigNode::path() const {
  std::string path;
  for (auto at = index_; at != 0; at = document_->nodes[at].parent) {
    const auto& node = document_->nodes[at];
    const bool in_map = document_->nodes[node.parent].kind == NodeKind::map;
    auto step = in_map ? node.key : fmt::format("[{}]", node.index_in_parent);
    if (!path.empty() && path.front() != '[') step += '.';
    path.insert(0, step);
  }
  return path;
}

std::string ConfigNode::where() const {
  return fmt::format("{}:{}:{}", file(), line(), column());
}

std::string ConfigNode::key_where() const {
  const auto& node = document_->nodes[index_];
  if (index_ == 0 || document_->nodes[node.parent].kind != NodeKind::map) return where();
  return fmt::format("{}:{}:{}", file(), node.key_place.line, node.key_place.column);
}

Error ConfigNode::error(std::string code, std::string_view sentence) const {
  const auto at = path();
  return refuse(std::move(code), fmt::format("{}: {}{}{}", where(), at, at.empty() ? "" : ": ", sentence));
}

Result<ConfigNode> ConfigNode::require(std::string_view key) const {
  CHECK_OK(expect(NodeKind::map));
  auto found = find(key);
  if (!found) return error("config_missing", fmt::format("{} is missing.", key));
  return *std::move(found);
}

Result<void> ConfigNode::expect(NodeKind wanted) const {
  if (kind() == wanted) return ok();
  return error("config_wrong_type",
               fmt::format("Here stands {}, and {} is wanted.", kind_name(kind()), kind_name(wanted)));
}

Result<std::string> ConfigNode::as_string() const {
  CHECK_OK(expect(NodeKind::scalar));
  return text();
}

Result<std::int64_t> ConfigNode::as_integer() const {
  CHECK_OK(expect(NodeKind::scalar));
  std::int64_t number = 0;
  const auto& digits = text();
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = problem == std::errc() && end == digits.data() + digits.size() && !digits.empty();
  if (problem == std::errc::result_out_of_range)
    return error("config_wrong_type", fmt::format("{} is too large.", digits));
  if (!whole) return error("config_wrong_type", fmt::format("{} is not a whole number.", digits));
  if (quoted()) return error("config_wrong_type", "A number stands without quotes.");
  return number;
}

Result<bool> ConfigNode::as_bool() const {
  CHECK_OK(expect(NodeKind::scalar));
  if (!quoted() && text() == "true") return true;
  if (!quoted() && text() == "false") return false;
  return error("config_wrong_type", fmt::format("{} is not true or false.", text()));
}

Result<std::vector<std::string>> ConfigNode::as_strings() const {
  if (is_scalar()) return std::vector<std::string>{text()};
  CHECK_OK(expect(NodeKind::list));
  std::vector<std::string> texts;
  for (const auto& item : items()) texts.push_back(TRY(item.as_string()));
  return texts;
}

Result<std::string> ConfigNode::string(std::string_view key) const {
  return TRY(require(key)).as_string();
}

Result<std::string> ConfigNode::string_or(std::string_view key, std::string otherwise) const {
  const auto found = find(key);
  return found && !found->is_null() ? found->as_string() : Result<std::string>(std::move(otherwise));
}

Result<std::int64_t> ConfigNode::integer(std::string_view key) const {
  return TRY(require(key)).as_integer();
}

Result<std::int64_t> ConfigNode::integer_or(std::string_view key, std::int64_t otherwise) const {
  const auto found = find(key);
  return found && !found->is_null() ? found->as_integer() : Result<std::int64_t>(otherwise);
}

Result<bool> ConfigNode::boolean_or(std::string_view key, bool otherwise) const {
  const auto found = find(key);
  return found && !found->is_null() ? found->as_bool() : Result<bool>(otherwise);
}

Result<std::vector<std::string>> ConfigNode::strings_or_empty(std::string_view key) const {
  const auto found = find(key);
  return found && !found->is_null() ? found->as_strings()
                                    : Result<std::vector<std::string>>(std::vector<std::string>());
}

Result<void> ConfigNode::only_keys(std::span<const std::string_view> known) const {
  CHECK_OK(expect(NodeKind::map));
  for (const auto& item : items()) {
    if (std::ranges::find(known, item.key()) != known.end()) continue;
    const auto near = nearest_name(item.key(), known);
    const auto hint = near            ? fmt::format("Did you mean {}?", *near)
                      : known.empty() ? std::string("No names are known here.")
                                      : fmt::format("Known here: {}.", fmt::join(known, ", "));
    return refuse("config_unknown_key",
                  fmt::format("{}: {}: This name is not known. {}", item.key_where(), item.path(), hint));
  }
  return ok();
}

std::optional<std::string_view> nearest_name(std::string_view wrong, std::span<const std::string_view> known) {
  if (wrong.size() > 100) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t best_distance = std::max<std::size_t>(2, wrong.size() / 3) + 1;
  for (const auto name : known) {
    // Levenshtein's distance, row by row.
    std::vector<std::size_t> row(name.size() + 1);
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = i;
    for (std::size_t i = 0; i < wrong.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i + 1;
      for (std::size_t k = 0; k < name.size(); ++k) {
        const auto replaced = diagonal + (wrong[i] == name[k] ? 0 : 1);
        diagonal = row[k + 1];
        row[k + 1] = std::min({replaced, row[k + 1] + 1, row[k] + 1});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = name;
    }
  }
  return best;
}

}  // namespace zhida::config
