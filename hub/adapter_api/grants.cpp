#include "adapter_api/grants.h"

#include <algorithm>

#include "base/bytes.h"
#include "platform/config/yaml.h"

namespace zhida {
namespace {

using config::ConfigNode;

constexpr const char* kMalformed = "grants_malformed";

template <class T>
Result<T> translated(Result<T> result) {
  if (!result) return refuse(kMalformed, result.error().message);
  return result;
}

Result<Date> day_of(const ConfigNode& node, std::string_view key) {
  const auto text = TRY(translated(node.string(key)));
  const auto day = Date::parse(text);
  if (!day) return node.error(kMalformed, std::string(key) + " is no day of the form 2025-01-31: " + text + ".");
  return day.value();
}

Result<Grant> read_grant(const ConfigNode& node) {
  CHECK_OK(translated(
      node.only_keys({"source", "legal_basis", "purpose", "agreement", "from", "to", "record_types", "note"})));
  Grant grant;
  grant.source = TRY(translated(node.string("source")));
  grant.legal_basis = TRY(translated(node.string("legal_basis")));
  grant.purpose = TRY(translated(node.string("purpose")));
  grant.agreement = TRY(translated(node.string_or("agreement", "")));
  if (grant.source.empty() || grant.legal_basis.empty() || grant.purpose.empty())
    return node.error(kMalformed, "A grant names its source, its legal basis and its purpose; none may be empty.");
  grant.from = TRY(day_of(node, "from"));
  grant.to = TRY(day_of(node, "to"));
  if (grant.to < grant.from) return node.error(kMalformed, "The grant ends before it begins.");
  const auto types = TRY(translated(node.require("record_types")));
  CHECK_OK(translated(types.expect(config::NodeKind::map)));
  for (const auto& type : types.items()) {
    if (!type.key().starts_with(grant.source + ".")) {
      return type.error(kMalformed, "\"" + type.key() + "\" is no record type of " + grant.source +
                                        "; they begin with the source's name and a dot.");
    }
    if (type.is_list()) {
      const auto columns = TRY(translated(type.as_strings()));
      grant.record_types[type.key()] = std::set<std::string>(columns.begin(), columns.end());
    } else if (type.is_scalar() && type.text() == "all") {
      grant.record_types[type.key()] = std::nullopt;
    } else {
      return type.error(kMalformed, "Write `all` or a list of columns.");
    }
  }
  return grant;
}

bool in_force(const Grant& grant, std::string_view source, Date today) {
  return grant.source == source && grant.from <= today && today <= grant.to;
}

}  // namespace

Result<Grants> Grants::parse(std::string_view yaml, const std::string& file_name) {
  const auto root = TRY(translated(config::parse_yaml(yaml, file_name)));
  if (root.is_null()) return Grants();
  CHECK_OK(translated(root.only_keys({"grants"})));
  const auto list = TRY(translated(root.require("grants")));
  if (list.is_null()) return Grants();
  CHECK_OK(translated(list.expect(config::NodeKind::list)));
  std::vector<Grant> grants;
  for (const auto& node : list.items()) grants.push_back(TRY(read_grant(node)));
  return Grants(std::move(grants));
}

Result<Grants> Grants::load(const std::string& path) {
  return parse(TRY(read_file(path, 1u << 20)), path);
}

bool Grants::granted(std::string_view source, std::string_view record_type, Date today) const {
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    return in_force(grant, source, today) && grant.record_types.contains(std::string(record_type));
  });
}

bool Grants::column_granted(std::string_view source, std::string_view record_type, std::string_view column,
                            Date today) const {
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    if (!in_force(grant, source, today)) return false;
    const auto type = grant.record_types.find(std::string(record_type));
    return type != grant.record_types.end() && (!type->second || type->second->contains(std::string(column)));
  });
}

}  // namespace zhida
