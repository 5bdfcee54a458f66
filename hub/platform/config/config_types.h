// What a setting can be. Each type reads itself from text, says its name and shows itself; Field<T> does the rest.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "platform/config/yaml.h"

namespace zhida {

using config::ConfigNode;

/// A length of time, written with its unit: `200ms`, `5s`, `10m`, `2h`, `30d`.
using Duration = std::chrono::milliseconds;

/// An address in parts. User and password never stand in it: they are secrets of their own.
struct Url {
  std::string text{};
  std::string scheme{};
  std::string host{};      ///< Without the brackets of an IPv6 address.
  std::uint16_t port = 0;  ///< As written, or the scheme's own (http, https, amqp, amqps); else 0.
  std::string path{};      ///< With its leading slash and its query; empty where there is none.
};

/// A file or folder. A relative one counts from the folder of the file that names it.
struct Path {
  std::string path{};
};

/// What surrounds the file while it is read. Handed in, so that tests own it.
struct ConfigContext {
  std::string folder = ".";                          ///< Of the file; for Path.
  std::map<std::string, std::string> environment{};  ///< For `env:NAME` and for settings that a variable replaces.
  /// `database.url` is replaced by the variable ZHIDA_DATABASE_URL; empty: by none.
  std::string variable_prefix = "ZHIDA";

  static ConfigContext of_process(const std::string& config_file);
};

Result<Duration> parse_duration(std::string_view text);  ///< Error `config_wrong_type`.
std::string show_duration(Duration duration);            ///< In the largest unit that fits: `90s`, `2h`.
Result<Url> parse_url(std::string_view text);            ///< Error `config_wrong_type`.

namespace config {

/// How a type is read and shown. from_text() gets a scalar or an environment variable; its error is a sentence without
/// a place.
template <class T>
struct Type;

template <>
struct Type<std::string> {
  static constexpr std::string_view kName = "text";
  static Result<std::string> from_text(std::string_view text, const ConfigContext&) { return std::string(text); }
  static std::string show(const std::string& value) { return value; }
};
template <>
struct Type<bool> {
  static constexpr std::string_view kName = "true or false";
  static Result<bool> from_text(std::string_view text, const ConfigContext&);
  static std::string show(bool value) { return value ? "true" : "false"; }
};
template <>
struct Type<std::int64_t> {
  static constexpr std::string_view kName = "whole number";
  static Result<std::int64_t> from_text(std::string_view text, const ConfigContext&);
  static std::string show(std::int64_t value) { return std::to_string(value); }
};
template <>
struct Type<Duration> {
  static constexpr std::string_view kName = "duration";
  static Result<Duration> from_text(std::string_view text, const ConfigContext&) { return parse_duration(text); }
  static std::string show(Duration value) { return show_duration(value); }
};
template <>
struct Type<Url> {
  static constexpr std::string_view kName = "address";
  static Result<Url> from_text(std::string_view text, const ConfigContext&) { return parse_url(text); }
  static std::string show(const Url& value) { return value.text; }
};
template <>
struct Type<Path> {
  static constexpr std::string_view kName = "path";
  static Result<Path> from_text(std::string_view text, const ConfigContext& context);
  static std::string show(const Path& value) { return value.path; }
};
template <>
struct Type<std::vector<std::string>> {
  static constexpr std::string_view kName = "list of texts";
  static Result<std::vector<std::string>> from_text(std::string_view text,
                                                    const ConfigContext&);  ///< Parted by commas.
  static std::string show(const std::vector<std::string>& value);
};
/// Never the secret itself: `env:NAME` or `file:/path`, so that files can be shown, kept and compared.
template <>
struct Type<Secret<std::string>> {
  static constexpr std::string_view kName = "secret reference";
  static Result<Secret<std::string>> from_text(std::string_view text, const ConfigContext& context);
  static std::string show(const Secret<std::string>& value) { return value.reveal().empty() ? "" : "****"; }
};
template <class T>
struct Type<std::optional<T>> {
  static constexpr std::string_view kName = Type<T>::kName;
  static Result<std::optional<T>> from_text(std::string_view text, const ConfigContext& context) {
    auto value = Type<T>::from_text(text, context);
    if (!value) return std::move(value).error();
    return std::optional<T>(std::move(value).value());
  }
  static std::string show(const std::optional<T>& value) { return value ? Type<T>::show(*value) : ""; }
};

}  // namespace config
}  // namespace zhida
