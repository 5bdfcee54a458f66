// Settings, declared once: read, checked, redacted and documented from the same line.
//
//     struct TaxConfig : ConfigSpec {
//       Field<Url> endpoint{this, "endpoint", "Address of the tax bureau's exchange gateway."};
//       Field<Duration> interval{this, "pull_interval", "Pause between two pulls.", 60s, at_least(5s)};
//       Field<Secret<std::string>> token{this, "token", "Access token, as a reference into the secret store."};
//       Section<TlsConfig> tls{this, "tls", "How we show who we are."};
//     };
#pragma once
#include <concepts>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/json.h"
#include "platform/config/config_types.h"

namespace zhida {

class ConfigSpec;

namespace config {

/// A row of the reference page.
struct DocumentedField {
  std::string name;       ///< `tax.tls.key_file`, `peers[].name`
  std::string type;       ///< `duration`
  std::string otherwise;  ///< The default as it would be written; empty for none.
  bool required = false;
  std::string sentence;
};

/// A line of `zhida config show`.
struct ShownField {
  std::string name;
  std::string value;   ///< A secret as ****.
  std::string origin;  ///< `zhida.yaml:12:3`, `default`, `environment ZHIDA_DATABASE_URL`
};

/// Whether a value may be; the sentence says what is wanted, after "must be ".
template <class T>
struct Check {
  std::function<bool(const T&)> holds;
  std::string wanted;
};

/// What a declared entry can do, whatever its type. Lives in its ConfigSpec, at one address.
class Entry {
 public:
  Entry(ConfigSpec* owner, std::string name, std::string sentence);
  virtual ~Entry() = default;
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  const std::string& name() const { return name_; }
  const std::string& sentence() const { return sentence_; }
  const std::string& origin() const { return origin_; }

  /// `map` is where the entry would stand; nothing where the file does not even have the map. Adds to `problems`.
  virtual void read(const std::optional<ConfigNode>& map, const ConfigContext& context, const std::string& path,
                    std::vector<Error>& problems) = 0;
  virtual void document(const std::string& path, std::vector<DocumentedField>& rows) const = 0;
  virtual void show(const std::string& path, std::vector<ShownField>& lines) const = 0;
  virtual Json redacted() const = 0;

 protected:
  /// The text of the environment variable that replaces this setting.
  static std::optional<std::pair<std::string, std::string>> variable(const std::string& path,
                                                                     const ConfigContext& context);
  static Error missing(const std::optional<ConfigNode>& map, const std::string& path, const std::string& sentence);

  std::string name_, sentence_, origin_ = "default";
};

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

struct Required {};
inline constexpr Required required;  ///< Instead of a default, where checks follow.

}  // namespace config

/// A group of settings. Declare a struct with members of Field, Section and Sections; it cannot be copied, since its
/// members know their place in it. After a successful read() it is constant, and any thread may use it.
class ConfigSpec {
 public:
  ConfigSpec() = default;
  virtual ~ConfigSpec() = default;
  ConfigSpec(const ConfigSpec&) = delete;
  ConfigSpec& operator=(const ConfigSpec&) = delete;

  /// Reads every entry from a map (a null node counts as an empty one). All problems at once, one a line, in one Error
  /// whose code is that of the first: `config_unknown_key`, `config_missing`, `config_wrong_type`, `config_bound`,
  /// `config_secret`.
  Result<void> read(const ConfigNode& node, const ConfigContext& context);
  /// The same, each by itself. `path` is the name of this group, for environment variables and sentences.
  std::vector<Error> read_all(const std::optional<ConfigNode>& node, const ConfigContext& context,
                              const std::string& path = {});

  /// What holds between several settings; called after each of them was read. Gives sentences.
  virtual std::vector<std::string> contradictions() const { return {}; }

  std::vector<config::DocumentedField> document(const std::string& path = {}) const;
  std::vector<config::ShownField> show(
      const std::string& path = {}) const;  ///< The effective settings, secrets as ****.
  Json redacted() const;
  std::string as_markdown(const std::string& path = {}) const;  ///< A table of document(): a row a setting.
  /// A file with every setting: its sentence as a comment, then its default, or its name alone where it must be given.
  std::string as_example() const;

 private:
  friend class config::Entry;
  std::vector<config::Entry*> entries_;
};

/// One setting. Without a default it must be given; std::optional<T> may be absent.
template <class T>
class Field final : public config::Entry {
 public:
  Field(ConfigSpec* owner, std::string name, std::string sentence)
      : Entry(owner, std::move(name), std::move(sentence)), required_(!config::kIsOptional<T>) {}
  template <class... Checks>
  Field(ConfigSpec* owner, std::string name, std::string sentence, config::Required, Checks... checks)
      : Entry(owner, std::move(name), std::move(sentence)), required_(true), checks_{checks.template as<T>()...} {}
  template <class Default, class... Checks>
  requires std::constructible_from<T, Default> Field(ConfigSpec* owner, std::string name, std::string sentence,
                                                     Default otherwise, Checks... checks)
      : Entry(owner, std::move(name), std::move(sentence)),
        value_(std::move(otherwise)),
        otherwise_(config::Type<T>::show(value_)),
        checks_{checks.template as<T>()...} {}

  const T& operator*() const { return value_; }
  const T* operator->() const { return &value_; }
  const T& value() const { return value_; }
  /// For programs and tests that make their settings themselves.
  void set(T value) {
    value_ = std::move(value);
    origin_ = "program";
  }

  void read(const std::optional<ConfigNode>& map, const ConfigContext& context, const std::string& path,
            std::vector<Error>& problems) override;
  void document(const std::string& path, std::vector<config::DocumentedField>& rows) const override {
    rows.push_back({path, type_name(), otherwise_, required_, sentence_});
  }
  void show(const std::string& path, std::vector<config::ShownField>& lines) const override {
    lines.push_back({path, config::Type<T>::show(value_), origin_});
  }
  Json redacted() const override { return config::Type<T>::show(value_); }

 private:
  std::string type_name() const {
    std::string name(config::Type<T>::kName);
    for (const auto& check : checks_) name += ", " + check.wanted;
    return name;
  }
  /// The sentence of what is wrong, without its place.
  std::optional<Error> take(Result<T> value) {
    if (!value) return std::move(value).error();
    for (const auto& check : checks_) {
      if (!check.holds(value.value())) return refuse("config_bound", "The value must be " + check.wanted + ".");
    }
    value_ = std::move(value).value();
    return std::nullopt;
  }
  static Result<T> from_node(const ConfigNode& node, const ConfigContext& context);

  T value_{};
  std::string otherwise_;
  bool required_ = false;
  std::vector<config::Check<T>> checks_;
};

/// A group inside a group. Where the file has none, its settings take their defaults.
template <class C>
class Section final : public config::Entry {
 public:
  using Entry::Entry;
  const C& operator*() const { return value_; }
  const C* operator->() const { return &value_; }
  C& edit() { return value_; }  ///< For programs and tests that make their settings themselves.

  void read(const std::optional<ConfigNode>& map, const ConfigContext& context, const std::string& path,
            std::vector<Error>& problems) override {
    for (auto& problem : value_.read_all(map ? map->find(name_) : std::nullopt, context, path)) {
      problems.push_back(std::move(problem));
    }
  }
  void document(const std::string& path, std::vector<config::DocumentedField>& rows) const override {
    for (auto& row : value_.document(path)) rows.push_back(std::move(row));
  }
  void show(const std::string& path, std::vector<config::ShownField>& lines) const override {
    for (auto& line : value_.show(path)) lines.push_back(std::move(line));
  }
  Json redacted() const override { return value_.redacted(); }

 private:
  C value_;
};

/// A list of groups.
template <class C>
class Sections final : public config::Entry {
 public:
  using Entry::Entry;
  const std::vector<std::unique_ptr<C>>& operator*() const { return values_; }
  const std::vector<std::unique_ptr<C>>* operator->() const { return &values_; }
  C& add() { return *values_.emplace_back(std::make_unique<C>()); }

  void read(const std::optional<ConfigNode>& map, const ConfigContext& context, const std::string& path,
            std::vector<Error>& problems) override {
    values_.clear();
    const auto list = map ? map->find(name_) : std::nullopt;
    if (!list || list->is_null()) return;
    origin_ = list->where();
    if (const auto kind = list->expect(config::NodeKind::list); !kind) {
      problems.push_back(kind.error());
      return;
    }
    for (const auto& item : list->items()) {
      // No environment variables inside a list: an entry has no name that a variable could carry.
      auto inside = context;
      inside.variable_prefix.clear();
      for (auto& problem : add().read_all(item, inside, path + "[]")) problems.push_back(std::move(problem));
    }
  }
  void document(const std::string& path, std::vector<config::DocumentedField>& rows) const override {
    for (auto& row : C().document(path + "[]")) rows.push_back(std::move(row));
  }
  void show(const std::string& path, std::vector<config::ShownField>& lines) const override {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      for (auto& line : values_[i]->show(path + "[" + std::to_string(i) + "]")) lines.push_back(std::move(line));
    }
  }
  Json redacted() const override {
    Json list = Json::array();
    for (const auto& value : values_) list.push_back(value->redacted());
    return list;
  }

 private:
  std::vector<std::unique_ptr<C>> values_;
};

/// A part of the file that somebody else reads: the settings of the adapters, each against its own spec.
class RawSection final : public config::Entry {
 public:
  using Entry::Entry;
  const std::optional<ConfigNode>& operator*() const { return node_; }

  void read(const std::optional<ConfigNode>& map, const ConfigContext& context, const std::string& path,
            std::vector<Error>& problems) override;
  void document(const std::string& path, std::vector<config::DocumentedField>& rows) const override;
  void show(const std::string&, std::vector<config::ShownField>&) const override {}  // Its reader shows it.
  Json redacted() const override { return nullptr; }

 private:
  std::optional<ConfigNode> node_;
};

namespace config {

template <class V>
struct AtLeast {
  V limit;
  template <class T>
  Check<T> as() const {
    const T least(limit);
    return {[least](const T& value) { return value >= least; }, "at least " + Type<T>::show(least)};
  }
};
template <class V>
struct AtMost {
  V limit;
  template <class T>
  Check<T> as() const {
    const T most(limit);
    return {[most](const T& value) { return value <= most; }, "at most " + Type<T>::show(most)};
  }
};
struct OneOf {
  std::vector<std::string> allowed;
  template <class T>
  Check<T> as() const {
    std::string names;
    for (const auto& one : allowed) names += (names.empty() ? "" : ", ") + one;
    return {[list = allowed](const T& value) {
              for (const auto& one : list) {
                if (Type<T>::show(value) == one) return true;
              }
              return false;
            },
            "one of " + names};
  }
};
struct NotEmpty {
  template <class T>
  Check<T> as() const {
    return {[](const T& value) { return !value.empty(); }, "not empty"};
  }
};

}  // namespace config

template <class V>
config::AtLeast<V> at_least(V limit) {
  return {limit};
}
template <class V>
config::AtMost<V> at_most(V limit) {
  return {limit};
}
inline config::OneOf one_of(std::initializer_list<std::string> allowed) {
  return {allowed};
}
inline config::NotEmpty not_empty() {
  return {};
}
using config::required;

template <class T>
Result<T> Field<T>::from_node(const ConfigNode& node, const ConfigContext& context) {
  if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    return node.as_strings();
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return node.as_integer();
  } else if constexpr (std::is_same_v<T, bool>) {
    return node.as_bool();
  } else {
    CHECK_OK(node.expect(config::NodeKind::scalar));
    auto value = config::Type<T>::from_text(node.text(), context);
    if (!value) return node.error(value.error().code, value.error().message);
    return value;
  }
}

template <class T>
void Field<T>::read(const std::optional<ConfigNode>& map, const ConfigContext& context, const std::string& path,
                    std::vector<Error>& problems) {
  if (const auto replaced = variable(path, context)) {
    origin_ = "environment " + replaced->first;
    if (auto problem = take(config::Type<T>::from_text(replaced->second, context))) {
      problem->message = "Environment variable " + replaced->first + ": " + problem->message;
      problems.push_back(*std::move(problem));
    }
    return;
  }
  const auto node = map ? map->find(name_) : std::nullopt;
  if (!node || node->is_null()) {
    if (required_) problems.push_back(missing(map, path, sentence_));
    return;
  }
  origin_ = node->where();
  if constexpr (std::is_same_v<T, Secret<std::string>>) origin_ += ", " + node->text();  // A reference, not the secret.
  if (auto problem = take(from_node(*node, context))) {
    // A bound is told without its place, the rest comes with it.
    problems.push_back(problem->code == "config_bound" ? node->error(problem->code, problem->message)
                                                       : *std::move(problem));
  }
}

}  // namespace zhida
