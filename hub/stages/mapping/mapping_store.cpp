#include "stages/mapping/mapping_store.h"

#include <algorithm>
#include <array>
#include <set>

#include "stages/mapping/cells.h"
#include "stages/mapping/normal_stage.h"
#include "stages/mapping/yaml_store.h"

namespace zhida::mapping {
namespace {

using config::ConfigNode;

constexpr std::array<std::pair<std::string_view, As>, 19> kAs{{{"text", As::text},
                                                               {"name", As::name},
                                                               {"code", As::code},
                                                               {"list", As::list},
                                                               {"money", As::money},
                                                               {"integer", As::integer},
                                                               {"decimal", As::decimal},
                                                               {"rate", As::rate},
                                                               {"date", As::date},
                                                               {"year", As::year},
                                                               {"year_end", As::year_end},
                                                               {"month", As::month},
                                                               {"month_end", As::month_end},
                                                               {"timestamp", As::timestamp},
                                                               {"bool", As::boolean},
                                                               {"uscc", As::uscc},
                                                               {"region", As::region},
                                                               {"industry", As::industry},
                                                               {"in_force", As::in_force}}};

/// What reading a cell in this way gives.
bool gives(As as, FieldType type) {
  switch (as) {
    case As::money:
      return type == FieldType::money_fen;
    case As::integer:
    case As::decimal:
    case As::year:
      return type == FieldType::integer;
    case As::rate:
      return type == FieldType::rate_ppm;
    case As::date:
    case As::year_end:
    case As::month_end:
      return type == FieldType::date;
    case As::boolean:
    case As::in_force:
      return type == FieldType::boolean;
    case As::code:
      return type == FieldType::code || type == FieldType::text || type == FieldType::boolean;
    case As::region:
    case As::industry:
      return type == FieldType::code || type == FieldType::text;
    case As::text:
    case As::list:
      return type == FieldType::text || type == FieldType::code;
    case As::name:
    case As::month:
    case As::timestamp:
    case As::uscc:
      return type == FieldType::text;
  }
  return false;
}

/// The type that a rule without a declared field gives.
FieldType natural_type(As as, const CodeTable* codes) {
  for (const FieldType type : {FieldType::text, FieldType::money_fen, FieldType::integer, FieldType::rate_ppm,
                               FieldType::date, FieldType::boolean}) {
    if (as == As::code) return codes != nullptr && codes->all_boolean ? FieldType::boolean : FieldType::code;
    if (gives(as, type)) return type;
  }
  return FieldType::text;
}

class Reader {
 public:
  Reader(const std::string& path, const FieldCatalogue& fields, const CodeTables& codes, std::vector<Finding>& findings)
      : path_(path), fields_(fields), codes_(codes), findings_(findings) {}

  std::unique_ptr<Mapping> read() {
    const std::size_t before = findings_.size();
    const auto root = take(config::read_yaml(path_), path_, findings_);
    if (!root) return nullptr;
    if (!take(root->only_keys({"mapping", "title", "version", "target", "key", "as_of", "firm", "fields", "values",
                               "list", "lists", "refuse_when", "withdraw_when", "remarks"}),
              path_, findings_))
      return nullptr;
    auto mapping = std::make_unique<Mapping>();
    mapping->file = path_;
    head(*root, *mapping);
    if (const auto node = root->find("as_of")) {
      mapping->as_of = rule(*node, "as_of", FieldType::date);
    }
    if (const auto node = root->find("refuse_when")) refusals(*node, *mapping);
    if (const auto node = root->find("withdraw_when")) mapping->withdraw_when = condition(*node);
    switch (mapping->target) {
      case Target::profile:
        key(*root, *mapping);
        firm(*root, *mapping);
        rules(*root, "fields", *mapping);
        refuse_keys(*root, {"values", "list", "lists"});
        break;
      case Target::coverage:
        lists(*root, *mapping);
        refuse_keys(*root, {"values", "fields", "key", "firm"});
        break;
      case Target::ledger:
      case Target::notice:
        rules(*root, "values", *mapping);
        refuse_keys(*root, {"fields", "key", "firm", "list", "lists"});
        break;
    }
    if (findings_.size() != before) return nullptr;
    mapping->columns.assign(columns_.begin(), columns_.end());
    return mapping;
  }

 private:
  void finding(const ConfigNode& node, const char* code, std::string message) {
    findings_.push_back(finding_at(node, code, std::move(message)));
  }

  void head(const ConfigNode& root, Mapping& mapping) {
    if (const auto name = take(root.string("mapping"), path_, findings_)) {
      mapping.record_type = *name;
      const auto dot = name->find('.');
      const std::string end = "/" + name->substr(0, dot) + "/" +
                              (dot == std::string::npos ? std::string() : name->substr(dot + 1)) + ".yaml";
      if (dot == std::string::npos || !path_.ends_with(end)) {
        finding(*root.find("mapping"), "mapping_misplaced",
                "The mapping " + *name + " belongs into <source>/<record type>.yaml of the same names.");
      }
    }
    if (const auto title = take(root.string("title"), path_, findings_)) mapping.title = *title;
    if (const auto version = take(root.integer("version"), path_, findings_)) mapping.version = *version;
    const auto target = root.find("target");
    if (!target || target->text() == "profile") return;
    if (target->text() == "coverage") {
      mapping.target = Target::coverage;
    } else if (target->text() == "ledger") {
      mapping.target = Target::ledger;
    } else if (target->text() == "notice") {
      mapping.target = Target::notice;
    } else {
      finding(*target, "word_unknown", "target is one of profile, coverage, ledger, notice.");
    }
  }

  void refuse_keys(const ConfigNode& root, std::initializer_list<std::string_view> keys) {
    for (const auto name : keys) {
      if (const auto node = root.find(name))
        finding(*node, "key_out_of_place", "\"" + std::string(name) + "\" has no meaning for this target.");
    }
  }

  std::vector<std::string> column_names(const ConfigNode& node) {
    const auto names = take(node.as_strings(), path_, findings_);
    if (!names) return {};
    if (names->empty()) finding(node, "config_missing", "A column's name is missing.");
    columns_.insert(names->begin(), names->end());
    return *names;
  }
  std::string column_name(const ConfigNode& node) {
    const auto name = take(node.as_string(), path_, findings_);
    if (name) columns_.insert(*name);
    return name.value_or("");
  }

  Condition condition(const ConfigNode& node) {
    Condition out;
    if (!take(node.expect(config::NodeKind::map), path_, findings_)) return out;
    for (const auto& column : node.items()) {
      Condition::Column entry;
      entry.name = column.key();
      columns_.insert(entry.name);
      if (column.is_null()) {
        entry.words.emplace_back();
      } else if (const auto words = take(column.as_strings(), path_, findings_)) {
        for (const auto& word : *words) entry.words.push_back(is_null_word(word) ? std::string() : code_key(word));
      }
      out.all.push_back(std::move(entry));
    }
    if (out.all.empty()) finding(node, "config_missing", "A condition names at least one column.");
    return out;
  }

  const CodeTable* table(const ConfigNode& node) {
    const CodeTable* const found = codes_.find(node.text());
    if (found == nullptr) finding(node, "code_table_unknown", "There is no code table " + node.text() + " in codes/.");
    return found;
  }

  std::optional<Rounding> rounding(const ConfigNode& node) {
    if (node.text() == "half_up") return Rounding::half_up;
    if (node.text() == "down") return Rounding::down;
    if (node.text() == "up") return Rounding::up;
    finding(node, "word_unknown", "rounding is one of half_up, down, up; without one a fraction is refused.");
    return std::nullopt;
  }

  std::optional<FieldData> value(const ConfigNode& node, FieldType type) {
    auto data = parse_field_data(type, node.text());
    if (!data) {
      finding(node, "value_wrong_type", data.error().message);
      return std::nullopt;
    }
    return std::move(data.value());
  }

  /// `declared`: the type that the target has, where that is known beforehand.
  std::optional<Rule> rule(const ConfigNode& node, const std::string& target, std::optional<FieldType> declared) {
    if (!take(node.only_keys({"from", "as", "codes", "unit", "unit_from", "times", "rounding", "when_missing",
                              "null_words", "constant", "only_when", "zero_is_unknown_when"}),
              path_, findings_))
      return std::nullopt;
    Rule out;
    out.target = target;
    out.line = node.line();
    out.column = node.column();
    if (const auto only = node.find("only_when")) out.only_when = condition(*only);
    if (const auto constant = node.find("constant")) {
      if (node.has("from") || node.has("as"))
        finding(*constant, "key_out_of_place", "A constant is read from nowhere.");
      out.type = declared.value_or(FieldType::text);
      out.constant = value(*constant, out.type);
      return out;
    }
    const auto from = take(node.require("from"), path_, findings_);
    const auto as = take(node.require("as"), path_, findings_);
    if (!from || !as) return std::nullopt;
    out.from = column_names(*from);
    const auto* const known =
        std::find_if(kAs.begin(), kAs.end(), [&](const auto& entry) { return entry.first == as->text(); });
    if (known == kAs.end()) {
      std::string words;
      for (const auto& entry : kAs) words += (words.empty() ? "" : ", ") + std::string(entry.first);
      finding(*as, "word_unknown", "\"" + as->text() + "\" is none of: " + words + ".");
      return std::nullopt;
    }
    out.as = known->second;
    if (const auto codes = node.find("codes")) {
      out.codes = table(*codes);
      if (out.codes == nullptr) return std::nullopt;
    }
    if (out.as == As::boolean && out.codes == nullptr) out.codes = codes_.find("yes_no");
    if ((out.as == As::code || out.as == As::boolean) && out.codes == nullptr) {
      finding(node, "config_missing", "as: " + as->text() + " needs `codes`, the name of a code table.");
      return std::nullopt;
    }
    out.type = declared.value_or(natural_type(out.as, out.codes));
    const bool fits =
        gives(out.as, out.type) && (out.codes == nullptr || out.type != FieldType::boolean || out.codes->all_boolean);
    if (!fits) {
      finding(*as, "value_wrong_type",
              "as: " + as->text() + " does not give a value of the type " + to_text(out.type) + ", which " + target +
                  " has.");
    }
    details(node, *as, out);
    return out;
  }

  void details(const ConfigNode& node, const ConfigNode& as, Rule& out) {
    if (const auto unit = node.find("unit")) {
      if (out.as == As::rate) {
        out.times = unit->text() == "percent" ? 10'000 : 1'000'000;
        if (unit->text() != "percent" && unit->text() != "ratio")
          finding(*unit, "unit_unknown", "The unit of a rate is percent or ratio.");
      } else if (const auto fen = fen_of_unit(unit->text()); fen && out.as == As::money) {
        out.fen_per_unit = *fen;
      } else {
        finding(*unit, "unit_unknown", "\"" + unit->text() + "\" is no unit of money (分, 元, 千元, 万元, 亿元).");
      }
    }
    if (const auto unit = node.find("unit_from")) out.unit_from = column_name(*unit);
    if (out.as == As::money && out.fen_per_unit == 0 && out.unit_from.empty())
      finding(as, "config_missing", "as: money needs `unit` or `unit_from`.");
    if (out.as == As::rate && !node.has("unit"))
      finding(as, "config_missing", "as: rate needs `unit`: percent or ratio.");
    if (const auto times = node.find("times")) {
      const auto number = take(times->as_integer(), path_, findings_);
      if (number && (*number < 1 || out.as != As::decimal))
        finding(*times, "key_out_of_place", "times is a positive number, for as: decimal.");
      out.times = number.value_or(1);
    } else if (out.as == As::decimal) {
      finding(as, "config_missing", "as: decimal needs `times`: 100 keeps two decimals.");
    }
    if (const auto how = node.find("rounding")) out.rounding = rounding(*how);
    if (const auto words = node.find("null_words")) {
      if (const auto list = take(words->as_strings(), path_, findings_)) {
        for (const auto& word : *list) out.null_words.push_back(code_key(word));
      }
    }
    if (const auto zero = node.find("zero_is_unknown_when")) out.zero_is_unknown_when = condition(*zero);
    if (const auto missing = node.find("when_missing")) {
      if (missing->text() == "refuse") {
        out.refuse_missing = true;
      } else if (missing->text() != "unknown") {
        out.missing_value = value(*missing, out.type);
      }
    }
  }

  void key(const ConfigNode& root, Mapping& mapping) {
    const auto node = take(root.require("key"), path_, findings_);
    if (!node) return;
    if (!take(node->only_keys({"from", "as", "organisation_code", "name", "same_firm_as"}), path_, findings_)) return;
    mapping.key.line = node->line();
    mapping.key.column = node->column();
    if (const auto from = take(node->require("from"), path_, findings_)) mapping.key.uscc_from = column_names(*from);
    if (const auto as = take(node->require("as"), path_, findings_); as && as->text() != "uscc")
      finding(*as, "word_unknown", "The key of a firm is read as: uscc.");
    if (const auto code = node->find("organisation_code")) mapping.key.organisation_code_from = column_name(*code);
    if (const auto name = node->find("name")) mapping.key.name_from = column_name(*name);
    if (const auto same = node->find("same_firm_as")) {
      if (!take(same->only_keys({"record_type", "from"}), path_, findings_)) return;
      if (const auto type = take(same->string("record_type"), path_, findings_)) mapping.key.same_as_type = *type;
      if (const auto from = take(same->require("from"), path_, findings_))
        mapping.key.same_as_from = column_name(*from);
    }
  }

  /// `firm: { name: {from, rank}, division: {from, rank}, kind: {from, codes} }`
  void firm(const ConfigNode& root, Mapping& mapping) {
    const auto node = root.find("firm");
    if (!node || !take(node->only_keys({"name", "division", "kind"}), path_, findings_)) return;
    const auto ranked = [&](const ConfigNode& part, As as, int& rank) {
      std::optional<Rule> out;
      if (!take(part.only_keys({"from", "rank"}), path_, findings_)) return out;
      const auto from = take(part.require("from"), path_, findings_);
      const auto number = take(part.integer("rank"), path_, findings_);
      if (!from || !number) return out;
      if (*number < 1 || *number > 8) finding(part, "value_wrong_type", "rank is 1 (best) to 8.");
      rank = static_cast<int>(*number);
      out.emplace();
      out->target = part.key();
      out->line = part.line();
      out->column = part.column();
      out->from = column_names(*from);
      out->as = as;
      return out;
    };
    if (const auto part = node->find("name")) mapping.firm_name = ranked(*part, As::name, mapping.name_rank);
    if (const auto part = node->find("division"))
      mapping.firm_division = ranked(*part, As::region, mapping.division_rank);
    if (const auto part = node->find("kind")) {
      if (!take(part->only_keys({"from", "codes"}), path_, findings_)) return;
      const auto from = take(part->require("from"), path_, findings_);
      const auto codes = take(part->require("codes"), path_, findings_);
      if (!from || !codes) return;
      Rule out;
      out.target = "kind";
      out.line = part->line();
      out.column = part->column();
      out.from = column_names(*from);
      out.as = As::code;
      out.type = FieldType::code;
      out.codes = table(*codes);
      if (out.codes != nullptr) mapping.firm_kind = std::move(out);
    }
  }

  void refusals(const ConfigNode& node, Mapping& mapping) {
    if (!take(node.expect(config::NodeKind::list), path_, findings_)) return;
    for (const auto& item : node.items()) {
      if (!take(item.only_keys({"code", "message", "when"}), path_, findings_)) continue;
      RefuseRule out;
      out.line = item.line();
      out.column = item.column();
      const auto code = take(item.string("code"), path_, findings_);
      const auto message = take(item.string("message"), path_, findings_);
      const auto when = take(item.require("when"), path_, findings_);
      if (!code || !message || !when) continue;
      out.code = *code;
      out.message = *message;
      out.when = condition(*when);
      if (!out.when.empty()) mapping.refuse_when.push_back(std::move(out));
    }
  }

  void lists(const ConfigNode& root, Mapping& mapping) {
    if (const auto from = take(root.require("list"), path_, findings_)) mapping.list_from = column_name(*from);
    const auto known = take(root.require("lists"), path_, findings_);
    if (!known) return;
    if (const auto names = take(known->as_strings(), path_, findings_)) mapping.lists = *names;
    for (const auto& name : mapping.lists) {
      const bool used = std::any_of(fields_.all().begin(), fields_.all().end(),
                                    [&](const auto& field) { return field.second.covered_by == name; });
      if (!used) finding(*known, "list_unused", "No field of fields.yaml is covered_by " + name + ".");
    }
  }

  /// Where a field lists its values, each code that a table can give has its word there: items know only those.
  void words_for(const ConfigNode& node, const CodeTable& table) {
    const auto& values = fields_.find(node.key())->values;
    if (values.empty()) return;
    std::set<std::string> codes;
    for (const auto& [spelling, code] : table.codes) codes.insert(code);
    if (table.otherwise) codes.insert(*table.otherwise);
    for (const auto& code : codes)
      if (!values.contains(code))
        finding(
            node, "code_without_word",
            "The table " + table.name + " gives " + code + ", which is no value of " + node.key() + " in fields.yaml.");
  }

  void rules(const ConfigNode& root, const char* key, Mapping& mapping) {
    const auto node = take(root.require(key), path_, findings_);
    if (!node || !take(node->expect(config::NodeKind::map), path_, findings_)) return;
    for (const auto& item : node->items()) {
      std::optional<FieldType> type;
      bool personal = false;
      if (mapping.target == Target::profile) {
        const FieldSpec* const spec = fields_.find(item.key());
        if (spec == nullptr) {
          finding(item, "field_unknown", "fields.yaml does not declare " + item.key() + ".");
          continue;
        }
        if (!spec->derived_by.empty())
          finding(item, "field_derived", item.key() + " follows from other fields; no source may say it.");
        type = spec->row_type();
        personal = spec->sensitivity == Sensitivity::personal;
      }
      auto out = rule(item, item.key(), type);
      if (!out) continue;
      if (mapping.target == Target::profile && out->codes != nullptr) words_for(item, *out->codes);
      out->personal = personal;
      mapping.rules.push_back(std::move(*out));
    }
    if (mapping.rules.empty()) finding(*node, "config_missing", "The mapping says nothing.");
  }

  const std::string& path_;
  const FieldCatalogue& fields_;
  const CodeTables& codes_;
  std::vector<Finding>& findings_;
  std::set<std::string> columns_;
};

}  // namespace

std::unique_ptr<Mapping> load_mapping(const std::string& path, const FieldCatalogue& fields, const CodeTables& codes,
                                      std::vector<Finding>& findings) {
  return Reader(path, fields, codes, findings).read();
}

}  // namespace zhida::mapping
