#include "platform/config/config_types.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <limits>

#include <fmt/format.h>
#include <unistd.h>

#include "base/bytes.h"

namespace zhida {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
// The largest first, for show_duration(); `ms` before `m` and `s`, for parse_duration().
constexpr std::array<Unit, 5> kUnits{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

Error wrong(std::string sentence) {
  return refuse("config_wrong_type", std::move(sentence));
}

std::uint16_t usual_port(std::string_view scheme) {
  constexpr std::array<std::pair<std::string_view, std::uint16_t>, 5> kPorts{
      {{"http", 80}, {"https", 443}, {"amqp", 5672}, {"amqps", 5671}, {"postgresql", 5432}}};
  const auto found = std::ranges::find(kPorts, scheme, &std::pair<std::string_view, std::uint16_t>::first);
  return found == kPorts.end() ? std::uint16_t{0} : found->second;
}

}  // namespace

ConfigContext ConfigContext::of_process(const std::string& config_file) {
  ConfigContext context;
  const auto folder = std::filesystem::path(config_file).parent_path();
  context.folder = folder.empty() ? "." : folder.string();
  for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
    const std::string_view line = *one;
    const auto equals = line.find('=');
    if (equals != std::string_view::npos) context.environment.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return context;
}

Result<Duration> parse_duration(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto unit_name = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto unit = std::ranges::find(kUnits, unit_name, &Unit::name);
  if (error != std::errc() || number < 0 || unit == kUnits.end()) {
    return wrong(
        fmt::format("{} is not a duration: write a whole number and its unit, as in 200ms, 5s, 10m, 2h or 30d.", text));
  }
  if (number > std::numeric_limits<std::int64_t>::max() / unit->milliseconds)
    return wrong(fmt::format("{} is too long.", text));
  return Duration(number * unit->milliseconds);
}

std::string show_duration(Duration duration) {
  if (duration.count() == 0) return "0s";
  const auto unit =
      std::ranges::find_if(kUnits, [&](const Unit& one) { return duration.count() % one.milliseconds == 0; });
  return fmt::format("{}{}", duration.count() / unit->milliseconds, unit->name);
}

Result<Url> parse_url(std::string_view text) {
  const auto bad = [text](std::string_view why) { return wrong(fmt::format("{} is not an address: {}", text, why)); };
  const auto colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0)
    return bad("it begins with a scheme, as in https://host:8443/path.");
  Url url;
  url.text = text;
  url.scheme = text.substr(0, colon);
  const bool plain =
      std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) > ' ' && c != '\x7f' && c != '\\'; });
  if (!plain) return bad("it holds no spaces and no backslashes.");
  const bool scheme_is_lower = std::ranges::all_of(
      url.scheme, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+'; });
  if (!scheme_is_lower) return bad("its scheme is written in lower case.");
  const auto rest = text.substr(colon + 3);
  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  url.path = rest.substr(authority.size());
  // The text is not shown here: it may hold a password.
  if (authority.find('@') != std::string_view::npos && url.scheme != "postgresql") {
    return wrong("An address holds no user and no password: they are settings of their own.");
  }
  const auto at = authority.rfind('@');
  auto host = at == std::string_view::npos ? authority : authority.substr(at + 1);
  std::string_view port;
  if (host.starts_with('[')) {
    const auto close = host.find(']');
    if (close == std::string_view::npos) return bad("the bracket of its host is not closed.");
    port = host.substr(close + 1);
    host = host.substr(1, close - 1);
  } else if (const auto mark = host.find(':'); mark != std::string_view::npos) {
    port = host.substr(mark);
    host = host.substr(0, mark);
  }
  url.host = host;
  url.port = usual_port(url.scheme);
  const bool local = url.scheme == "file" || url.scheme == "sqlite";
  if (url.host.empty() && !local) return bad("its host is missing.");
  if (!port.empty()) {
    const auto digits = port.substr(1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
    if (!port.starts_with(':') || error != std::errc() || end != digits.data() + digits.size() || url.port == 0) {
      return bad("its port is a number from 1 to 65535.");
    }
  }
  return url;
}

namespace config {

Result<bool> Type<bool>::from_text(std::string_view text, const ConfigContext&) {
  if (text == "true" || text == "false") return text == "true";
  return wrong(fmt::format("{} is not true or false.", text));
}

Result<std::int64_t> Type<std::int64_t>::from_text(std::string_view text, const ConfigContext&) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return wrong(fmt::format("{} is not a whole number.", text));
  return number;
}

Result<Path> Type<Path>::from_text(std::string_view text, const ConfigContext& context) {
  if (text.empty()) return wrong("A path is not empty.");
  const std::filesystem::path given(text);
  return Path{given.is_absolute() ? given.lexically_normal().string()
                                  : (std::filesystem::path(context.folder) / given).lexically_normal().string()};
}

Result<std::vector<std::string>> Type<std::vector<std::string>>::from_text(std::string_view text,
                                                                           const ConfigContext&) {
  std::vector<std::string> list;
  while (!text.empty()) {
    const auto piece = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), piece.size() + 1));
    if (!piece.empty()) list.emplace_back(piece);
  }
  return list;
}

std::string Type<std::vector<std::string>>::show(const std::vector<std::string>& value) {
  return fmt::format("[{}]", fmt::join(value, ", "));
}

Result<Secret<std::string>> Type<Secret<std::string>>::from_text(std::string_view text, const ConfigContext& context) {
  if (text.starts_with("env:")) {
    const std::string name(text.substr(4));
    const auto found = context.environment.find(name);
    if (found == context.environment.end() || found->second.empty()) {
      return refuse("config_secret", fmt::format("The environment variable {} is not set.", name));
    }
    return Secret<std::string>(found->second);
  }
  if (text.starts_with("file:")) {
    const auto path = TRY(Type<Path>::from_text(text.substr(5), context));
    auto content = read_file(path.path, 1u << 20);
    if (!content) return refuse("config_secret", content.error().message);
    auto secret = std::move(content).value();
    while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();  // What editors add.
    if (secret.empty()) return refuse("config_secret", fmt::format("{} is empty.", path.path));
    return Secret<std::string>(std::move(secret));
  }
  // What was written may be the secret: it is not repeated.
  return refuse(
      "config_secret",
      "A secret does not stand in this file: put it into an environment variable and write env:NAME, or into a "
      "file that only the hub can read and write file:/path.");
}

}  // namespace config
}  // namespace zhida
