// YAML that people write and we read: settings, mappings, policies. One guarded door: parse_yaml().
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace zhida::config {

/// What a file may cost. The defaults fit what a person writes.
struct YamlLimits {
  std::size_t bytes_max = 1u << 20;
  std::size_t depth_max = 32;
  std::size_t nodes_max = 100'000;
};

enum class NodeKind { null, scalar, list, map };

struct YamlDocument;  // The parsed file; yaml.cpp knows it.

/// One value of a parsed file, with its place. Cheap to copy; keeps the file alive. Any thread.
class ConfigNode {
 public:
  NodeKind kind() const;
  bool is_null() const { return kind() == NodeKind::null; }  ///< Nothing written, `~` or `null`.
  bool is_scalar() const { return kind() == NodeKind::scalar; }
  bool is_list() const { return kind() == NodeKind::list; }
  bool is_map() const { return kind() == NodeKind::map; }

  const std::string& text() const;  ///< A scalar exactly as written (quotes and escapes undone); empty otherwise.
  bool quoted() const;  ///< A scalar in quotes or a block (`|`, `>`): meant as text, whatever it looks like.

  std::size_t size() const;                                    ///< Entries of a list or map; 0 otherwise.
  std::vector<ConfigNode> items() const;                       ///< Values of a list or map, in the order of the file.
  const std::string& key() const;                              ///< The name of this value in its map; empty in a list.
  std::vector<std::string> keys() const;                       ///< Of a map, in the order of the file.
  std::optional<ConfigNode> find(std::string_view key) const;  ///< Nothing where this is no map or has no such key.
  bool has(std::string_view key) const { return find(key).has_value(); }

  int line() const;               ///< From 1.
  int column() const;             ///< From 1, in characters.
  std::string path() const;       ///< `fields.tax.credit_grade.from`, `cases[2].amount`; empty for the whole file.
  std::string where() const;      ///< `tax.yaml:12:7`, where the value stands.
  std::string key_where() const;  ///< Where its key stands; where() in a list.
  const std::string& file() const;

  /// An Error whose sentence begins with file, line, column and path.
  Error error(std::string code, std::string_view sentence) const;

  // Typed access. Errors `config_missing`, `config_wrong_type`, each with the place.
  Result<ConfigNode> require(std::string_view key) const;
  Result<std::string> as_string() const;                ///< Any scalar, also `007` and `true`: the text as written.
  Result<std::int64_t> as_integer() const;              ///< Decimal digits, without quotes.
  Result<bool> as_bool() const;                         ///< `true` or `false`.
  Result<std::vector<std::string>> as_strings() const;  ///< A list of scalars; one scalar counts as a list of one.
  Result<std::string> string(std::string_view key) const;
  Result<std::string> string_or(std::string_view key, std::string otherwise) const;  ///< Absent or null: otherwise.
  Result<std::int64_t> integer(std::string_view key) const;
  Result<std::int64_t> integer_or(std::string_view key, std::int64_t otherwise) const;
  Result<bool> boolean_or(std::string_view key, bool otherwise) const;
  Result<std::vector<std::string>> strings_or_empty(std::string_view key) const;
  /// Must be a map that holds no other keys; error `config_unknown_key` with the nearest known one.
  Result<void> only_keys(std::span<const std::string_view> known) const;
  Result<void> only_keys(std::initializer_list<std::string_view> known) const {
    return only_keys(std::span<const std::string_view>(known.begin(), known.size()));
  }
  Result<void> expect(NodeKind wanted) const;  ///< Error `config_wrong_type`.

 private:
  friend Result<ConfigNode> parse_yaml(std::string_view, const std::string&, const YamlLimits&);
  ConfigNode(std::shared_ptr<const YamlDocument> document, std::uint32_t index)
      : document_(std::move(document)), index_(index) {}

  std::shared_ptr<const YamlDocument> document_;
  std::uint32_t index_;
};

/// Parses one YAML 1.2 document in UTF-8. `file_name` is only for messages. An empty text is a null node.
/// Refused, with line and column: anchors and aliases (a few lines of them unfold to gigabytes), tags, a key that
/// stands twice, keys that are not plain words, several documents, whatever exceeds the limits. Errors
/// `yaml_malformed`, `yaml_too_large`.
Result<ConfigNode> parse_yaml(std::string_view text, const std::string& file_name, const YamlLimits& limits = {});
/// The same for a file; also the errors of read_file().
Result<ConfigNode> read_yaml(const std::string& path, const YamlLimits& limits = {});

/// The known name that a mistyped one probably means; nothing where none is near.
std::optional<std::string_view> nearest_name(std::string_view wrong, std::span<const std::string_view> known);

}  // namespace zhida::config
