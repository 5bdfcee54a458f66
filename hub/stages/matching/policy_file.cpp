#include "stages/matching/policy_file.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/json.h"
#include "platform/crypto/digest.h"
#include "stages/matching/check.h"
#include "stages/matching/literal.h"
#include "stages/matching/reader_file.h"
#include "stages/matching/region_industry.h"

namespace zhida::matching {
namespace fs = std::filesystem;
using config::ConfigNode;

std::map<std::string, std::string> identifiers_by_title(const FieldCatalogue& fields) {
  std::map<std::string, std::string> out;
  for (const auto& [name, spec] : fields.all()) {
    const auto [place, fresh] = out.try_emplace(spec.title, name);
    if (!fresh) place->second.clear();
  }
  return out;
}

Finding finding_at(const ConfigNode& node, std::string code, std::string message) {
  Finding out;
  out.file = node.file();
  out.line = node.line();
  out.column = node.column();
  out.code = std::move(code);
  out.message = std::move(message);
  return out;
}

namespace {

/// Errors of the YAML reader say where in their sentence, `file:line:col: sentence`: a finding takes the place over.
void take_place(Finding& finding) {
  if (!finding.message.starts_with(finding.file + ":")) return;
  const auto rest = std::string_view(finding.message).substr(finding.file.size() + 1);
  int line = 0, column = 0;
  const auto* const end = rest.data() + rest.size();
  const auto [line_end, line_fault] = std::from_chars(rest.data(), end, line);
  if (line_fault != std::errc() || line_end == end || *line_end != ':') return;
  const auto [column_end, column_fault] = std::from_chars(line_end + 1, end, column);
  if (column_fault != std::errc() || column_end == end || *column_end != ':') return;
  finding.line = line;
  finding.column = column;
  const std::string_view sentence(column_end + 1, static_cast<std::size_t>(end - column_end - 1));
  finding.message = std::string(sentence.substr(std::min(sentence.find_first_not_of(' '), sentence.size())));
}

}  // namespace

Finding finding_at(const ConfigNode& node, const Error& error) {
  auto out = finding_at(node, error.code, error.message);
  take_place(out);
  return out;
}

Finding file_finding(const std::string& path, const Error& error) {
  Finding out;
  out.file = path;
  out.line = out.column = 1;
  out.code = error.code;
  out.message = error.message;
  take_place(out);
  return out;
}

LocalSettings LocalSettings::read(const std::string& path, std::vector<Finding>& errors) {
  LocalSettings out;
  if (!fs::exists(path)) return out;
  const auto root = config::read_yaml(path);
  if (!root) {
    errors.push_back(file_finding(path, root.error()));
    return out;
  }
  const auto checked = root.value().only_keys({"local", "publish", "defaults", "items"});
  if (!checked) errors.push_back(finding_at(root.value(), checked.error()));
  out.root_ = root.value();
  return out;
}

LocalSettings LocalSettings::beside(const std::string& folder, std::vector<Finding>& errors) {
  auto out = read((fs::path(folder) / kParametersFile).string(), errors);
  const auto take = [&](const char* name, std::optional<ConfigNode>& into) {
    const auto path = (fs::path(folder) / name).string();
    if (!fs::exists(path)) return;
    const auto root = config::read_yaml(path);
    if (root)
      into = root.value();
    else
      errors.push_back(file_finding(path, root.error()));
  };
  take(kWantedFieldsFile, out.wanted_);
  take(kRegionsFile, out.regions_);
  return out;
}

std::optional<ConfigNode> LocalSettings::wanted_field(const std::string& written) const {
  return named(wanted_, written);
}
std::optional<ConfigNode> LocalSettings::region_datum(const std::string& written) const {
  return named(regions_, written);
}

std::optional<ConfigNode> LocalSettings::named(const std::optional<ConfigNode>& root, const std::string& written) {
  if (!root) return std::nullopt;
  if (const auto found = root->find(written)) return found;
  for (const auto& item : root->items())
    if (const auto title = item.find("title"); title && title->text() == written) return item;
  return std::nullopt;
}

Result<std::optional<std::set<std::string>>> LocalSettings::published() const {
  const auto list = root_ ? root_->find("publish") : std::nullopt;
  if (!list) return std::optional<std::set<std::string>>();
  const auto ids = TRY(list->as_strings());
  return std::optional(std::set<std::string>(ids.begin(), ids.end()));
}

std::optional<ConfigNode> LocalSettings::find(const std::string& policy, const std::string& name) const {
  if (!root_) return std::nullopt;
  if (const auto items = root_->find("items"))
    if (const auto item = items->find(policy))
      if (const auto setting = item->find(name)) return setting;
  if (const auto defaults = root_->find("defaults")) return defaults->find(name);
  return std::nullopt;
}

void PolicyReader::error(const Node& node, std::string code, std::string message) {
  findings_.errors.push_back(finding_at(node, std::move(code), std::move(message)));
}
void PolicyReader::error(const Node& node, const Error& error) {
  findings_.errors.push_back(finding_at(node, error));
}
void PolicyReader::note(const Node& node, std::string code, std::string message) {
  findings_.notes.push_back(finding_at(node, std::move(code), std::move(message)));
}

bool PolicyReader::keys(const Node& node, std::initializer_list<std::string_view> known) {
  const auto checked = node.only_keys(known);
  if (!checked) error(node, checked.error());
  return bool(checked);
}

std::optional<ConfigNode> PolicyReader::resolved(const Node& node, bool* is_local) {
  if (is_local != nullptr) *is_local = false;
  const auto name = node.is_map() && node.size() == 1 ? node.find("local") : std::nullopt;
  if (!name) return node;
  const auto setting = local_.find(policy_.id.str(), name->text());
  if (!setting) {
    error(*name, "local_setting_missing",
          "parameters.yaml has no \"" + name->text() + "\" under items." + policy_.id.str() + " or defaults.");
    return std::nullopt;
  }
  local_used_.insert(name->text());
  if (is_local != nullptr) *is_local = true;
  return setting;
}

std::optional<ConfigNode> PolicyReader::member(const Node& map, std::string_view key, bool needed) {
  const auto node = map.find(key);
  if (!node || node->is_null()) {
    if (needed) error(map, "config_missing", "\"" + std::string(key) + "\" is missing here.");
    return std::nullopt;
  }
  return resolved(*node);
}

std::string PolicyReader::text(const Node& map, std::string_view key, bool needed) {
  const auto node = member(map, key, needed);
  if (!node) return "";
  if (!node->is_scalar()) {
    error(*node, "config_wrong_type", "\"" + std::string(key) + "\" must be a text.");
    return "";
  }
  if (node->text().empty() && needed) error(*node, "config_missing", "\"" + std::string(key) + "\" is empty.");
  return node->text();
}

std::optional<Date> PolicyReader::date(const Node& map, std::string_view key) {
  const auto node = member(map, key, false);
  if (!node) return std::nullopt;
  const auto day = Date::parse(node->text());
  if (!day) {
    error(*node, day.error());
    return std::nullopt;
  }
  return day.value();
}

std::optional<int> PolicyReader::working_days(const Node& map, std::string_view key, Basis* basis) {
  const auto written = map.find(key);
  if (!written || written->is_null()) return std::nullopt;
  bool is_local = false;
  const auto node = resolved(*written, &is_local);
  if (!node) return std::nullopt;
  if (basis != nullptr) *basis = is_local ? Basis::local : Basis::stated;
  const auto days = parse_count_literal(node->text(), "工作日");
  if (!days) {
    error(*node, days.error());
    return std::nullopt;
  }
  return days.value();
}

std::vector<std::string> PolicyReader::texts(const Node& map, std::string_view key) {
  const auto node = member(map, key, false);
  if (!node) return {};
  const auto list = node->as_strings();
  if (!list) {
    error(*node, list.error());
    return {};
  }
  return list.value();
}

PolicyReader::Known PolicyReader::known_of(const std::string& name) const {
  const auto missing = std::ranges::find(policy_.missing_fields, name, &MissingField::name);
  if (missing != policy_.missing_fields.end()) {
    const auto values = own_values_.find(name);
    return {missing->name, missing->title, missing->unit, missing->type,
            values == own_values_.end() ? std::map<std::string, std::string>() : values->second};
  }
  const auto* spec = fields_.find(name);
  if (spec == nullptr) return {name, name, "", FieldType::text};
  // fen and ppm are how numbers are kept; people write 元 and %.
  return {spec->name, spec->title, spec->type == FieldType::integer ? spec->unit : "", spec->type, spec->values};
}

std::map<std::string, std::string> PolicyReader::read_values(const Node& field) {
  std::map<std::string, std::string> out;
  const auto values = field.find("values");
  if (!values) return out;
  if (!values->is_map()) {
    error(*values, "values_unfit", "values is a map from code to Chinese words.");
    return out;
  }
  for (const auto& value : values->items()) out[value.key()] = value.text();
  return out;
}

std::optional<std::string> PolicyReader::code_of(const Node& place, const Known& field, const std::string& written) {
  if (field.values.empty()) return written;
  auto found = field.values.find(written);
  if (found == field.values.end())
    found = std::ranges::find_if(field.values, [&](const auto& value) { return value.second == written; });
  if (found != field.values.end()) {
    policy_.titles[field.name + "=" + found->first] = found->second;
    return found->first;
  }
  std::string known;
  for (const auto& [code, word] : field.values) known += (known.empty() ? "" : ", ") + code + " " + word;
  error(place, "value_unknown",
        field.title + " (" + field.name + ") is never \"" + written + "\"; there are: " + known + ".");
  return std::nullopt;
}

std::optional<PolicyReader::Known> PolicyReader::find_own_field(const std::string& written) const {
  for (const auto& field : policy_.derived)
    if (field.name == written || field.title == written) return Known{field.name, field.title, field.unit, field.type};
  for (const auto& missing : policy_.missing_fields)
    if (missing.name == written || missing.title == written) return known_of(missing.name);
  for (const auto& datum : policy_.region_data)
    if (datum.name == written || datum.title == written) return Known{datum.name, datum.title, datum.unit, datum.type};
  return std::nullopt;
}

/// A field of wanted_fields.yaml that the item asks for becomes one of its missing fields; a region datum comes with
/// all its values.
std::optional<PolicyReader::Known> PolicyReader::take_shared_field(const Node& node, const std::string& written) {
  if (const auto wanted = local_.wanted_field(written)) {
    if (!keys(*wanted, {"title", "type", "unit", "values"})) return std::nullopt;
    MissingField field;
    field.name = wanted->key();
    field.title = text(*wanted, "title");
    field.type = field_type(*wanted, "type").value_or(FieldType::text);
    field.unit = text(*wanted, "unit", false);
    note(node, "field_without_source",
         "No source provides " + field.name + " (" + field.title + "); clauses on it are unknown for every firm.");
    if (auto values = read_values(*wanted); !values.empty()) own_values_[field.name] = std::move(values);
    policy_.missing_fields.push_back(field);
    return known_of(field.name);
  }
  const auto regional = local_.region_datum(written);
  if (!regional || !keys(*regional, {"title", "type", "unit", "values"})) return std::nullopt;
  RegionDatum datum;
  datum.name = regional->key();
  datum.title = text(*regional, "title");
  datum.type = field_type(*regional, "type").value_or(FieldType::integer);
  datum.unit = text(*regional, "unit", false);
  if (const auto values = member(*regional, "values", true))
    for (const auto& value : values->items()) {
      if (!is_region_code(value.key()))
        error(value, "region_code_wrong", "\"" + value.key() + "\" is no code of GB/T 2260 (six digits).");
      const auto data = parse_literal(value.text(), datum.type, datum.unit);
      if (data)
        datum.values[value.key()] = data.value();
      else
        error(value, data.error());
    }
  const Known known{datum.name, datum.title, datum.unit, datum.type};
  policy_.region_data.push_back(std::move(datum));
  return known;
}

std::optional<PolicyReader::Known> PolicyReader::find_field(const Node& node, const std::string& written) {
  if (auto own = find_own_field(written)) return own;
  const auto* spec = fields_.find(written);
  if (spec == nullptr) {
    const auto title = titles_.find(written);
    if (title != titles_.end() && title->second.empty()) {
      error(node, "field_ambiguous", "Two fields are called \"" + written + "\"; write the identifier.");
      return std::nullopt;
    }
    if (title != titles_.end()) spec = fields_.find(title->second);
  }
  if (spec == nullptr && (local_.wanted_field(written) || local_.region_datum(written)))
    return take_shared_field(node, written);
  if (spec == nullptr) {
    std::vector<std::string_view> names;
    for (const auto& [name, unused] : fields_.all()) names.push_back(name);
    const auto near = config::nearest_name(written, names);
    error(node, "field_unknown",
          "fields.yaml has no field \"" + written + "\"" +
              (near ? "; did you mean \"" + std::string(*near) + "\"?" : "."));
    return std::nullopt;
  }
  return known_of(spec->name);
}

void PolicyReader::read_missing_fields(const Node& root) {
  const auto missing = root.find("missing_fields");
  if (!missing) return;
  for (const auto& item : missing->items()) {
    MissingField field;
    field.name = item.key();
    if (!keys(item, {"title", "type", "unit", "values"})) continue;
    if (auto values = read_values(item); !values.empty()) own_values_[field.name] = std::move(values);
    field.title = text(item, "title");
    field.type = field_type(item, "type").value_or(FieldType::text);
    field.unit = text(item, "unit", false);
    if (fields_.find(field.name) != nullptr)
      error(item, "field_has_source", "fields.yaml declares " + field.name + "; it is not missing any more.");
    note(item, "field_without_source",
         "No source provides " + field.name + " (" + field.title + "); clauses on it are unknown for every firm.");
    policy_.missing_fields.push_back(std::move(field));
  }
}

void PolicyReader::read_head(const Node& root) {
  policy_.title = text(root, "title");
  policy_.issuer = text(root, "issuer");
  policy_.level = text(root, "level", false);
  policy_.document = text(root, "document", false);
  policy_.document_number = text(root, "document_number", false);
  policy_.basis_url = text(root, "basis", false);
  policy_.policy_class = text(root, "class");
  const auto class_basis = text(root, "class_basis");
  policy_.class_inferred = class_basis == "inferred";
  if (!class_basis.empty() && class_basis != "inferred" && class_basis != "stated")
    error(*root.find("class_basis"), "class_basis_wrong", "class_basis is stated or inferred.");
  policy_.subject = text(root, "subject");
  if (const auto valid = root.find("valid"); valid && keys(*valid, {"from", "to"})) {
    policy_.valid_from = date(*valid, "from");
    policy_.valid_to = date(*valid, "to");
    if (policy_.valid_from && policy_.valid_to && *policy_.valid_to < *policy_.valid_from)
      error(*valid, "range_empty", "The item ends before it begins: it is never valid.");
  }
}

void PolicyReader::read_handling(const Node& node) {
  if (!keys(node, {"channel", "project_code", "fund", "payee", "period", "review", "publicity", "confirm_within",
                   "review_within", "recheck"}))
    return;
  auto& handling = policy_.handling;
  const auto channel = text(node, "channel");
  const auto funding = funding_from(channel);
  if (!channel.empty() && !funding)
    error(*node.find("channel"), "channel_wrong",
          "The channel is appropriation, social_insurance_fund, tax_refund, relief or pool.");
  handling.funding = funding.value_or(Funding::appropriation);
  const bool relief = funding == Funding::relief;
  const bool fund = funding == Funding::social_insurance_fund || funding == Funding::tax_refund;
  const bool nothing = std::holds_alternative<NoAmount>(policy_.amount.rule);
  const bool appropriation = (funding == Funding::appropriation || funding == Funding::pool) && !nothing;
  handling.channel = fund ? Channel::social_insurance_fund : relief ? Channel::relief : Channel::appropriation;
  handling.project_code = text(node, "project_code", appropriation);
  handling.fund = text(node, "fund", fund);
  const auto payee = text(node, "payee", appropriation);
  handling.payee = payee == "any_account" ? PayeeRule::any_account : PayeeRule::own_account;
  if (!payee.empty() && payee != "own_account" && payee != "any_account")
    error(*node.find("payee"), "payee_wrong", "The payee rule is own_account or any_account.");
  handling.period = text(node, "period");
  handling.review_departments = texts(node, "review");
  if (handling.review_departments.empty() && !relief)
    error(node, "config_missing", "\"review\" is missing: somebody has to look at a case that costs money.");
  Basis basis = Basis::stated;
  if (const auto days = working_days(node, "publicity", &basis)) handling.publicity = Publicity{*days, basis};
  handling.confirm_within_working_days = working_days(node, "confirm_within");
  handling.review_within_working_days = working_days(node, "review_within");

  // A relief may say what it is worth; what is paid out is no relief.
  const auto& rule = policy_.amount.rule;
  const bool worth = std::holds_alternative<TierAmount>(rule) || std::holds_alternative<RatioAmount>(rule);
  const bool relief_amount = std::holds_alternative<ReliefAmount>(rule);
  if (relief ? !relief_amount && !worth && !nothing : relief_amount)
    error(node, "channel_wrong", "The channel relief and the amount family relief (or tier, ratio, none) go together.");

  const auto recheck = texts(node, "recheck");
  if (recheck == std::vector<std::string>{"all"}) {
    for (const auto& name : fields_of(policy_)) {
      // Only what a source can be asked for again.
      if (fields_.find(name) != nullptr) handling.recheck_fields.push_back(name);
    }
  } else {
    for (const auto& written : recheck)
      if (const auto known = find_field(node, written)) handling.recheck_fields.push_back(known->name);
  }
}

std::optional<Policy> PolicyReader::read(const Node& root) {
  const auto errors_before = findings_.errors.size();
  if (!keys(root, {"id",      "title",  "issuer",          "level",    "document",  "document_number",
                   "basis",   "class",  "class_basis",     "subject",  "valid",     "missing_fields",
                   "when",    "amount", "handling",        "kind",     "derived",   "persons",
                   "ranking", "pool",   "exclusive_group", "not_with", "stackable", "uncertain",
                   "benefits"}))
    return std::nullopt;
  policy_.id = PolicyId(text(root, "id"));
  const auto stem = fs::path(root.file()).stem().string();
  if (!policy_.id.empty() && policy_.id.str() != stem)
    error(*root.find("id"), "id_differs_from_file",
          "The file " + stem + ".yaml holds the item " + policy_.id.str() + "; both must be the same.");
  read_head(root);
  read_missing_fields(root);
  const auto kind = text(root, "kind", false);
  policy_.kind = kind == "list" ? ItemKind::list : kind == "reminder" ? ItemKind::reminder : ItemKind::conditions;
  if (!kind.empty() && kind != to_text(policy_.kind))
    error(*root.find("kind"), "kind_wrong", "The kind is conditions (条件类), list (名单类) or reminder (暂难数据化).");
  read_derived(root);
  // What cannot be computed may go without conditions.
  if (const auto when = member(root, "when", policy_.kind != ItemKind::reminder))
    policy_.when = read_clause(*when);
  else
    policy_.when = always();
  if (const auto amount = member(root, "amount", true)) policy_.amount = read_amount(*amount);
  read_persons(root);
  read_ranking_and_pool(root);
  read_relations(root);
  if (const auto handling = member(root, "handling", true)) read_handling(*handling);
  policy_.local_settings.assign(local_used_.begin(), local_used_.end());
  if (findings_.errors.size() != errors_before) return std::nullopt;
  finish(policy_);
  for (const auto& remark : check_logic(policy_)) {
    const auto place = std::ranges::find(places_, remark.clause, [](const auto& pair) { return pair.first; });
    const auto& at = place == places_.end() ? root : place->second;
    remark.error ? error(at, remark.code, remark.message) : note(at, remark.code, remark.message);
  }
  if (findings_.errors.size() != errors_before) return std::nullopt;
  policy_.version = policy_version(policy_);
  return std::move(policy_);
}

std::optional<Policy> parse_policy(const std::string& text, const std::string& path, const FieldCatalogue& fields,
                                   const LocalSettings& local, PolicyFindings& findings) {
  const auto root = config::parse_yaml(text, path);
  if (!root) {
    findings.errors.push_back(file_finding(path, root.error()));
    return std::nullopt;
  }
  return PolicyReader(fields, local, findings).read(root.value());
}

std::string policy_version(const Policy& policy) {
  const auto canonical = canonical_json(to_json(policy));
  ZHIDA_ASSERT(canonical.has_value());  // Whole numbers from checked literals and text that YAML gave as UTF-8.
  return to_hex(crypto::sha256(canonical.value()));
}

}  // namespace zhida::matching
