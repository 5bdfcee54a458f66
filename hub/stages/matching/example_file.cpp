#include "stages/matching/example_file.h"

#include <algorithm>
#include <utility>

#include "platform/config/yaml.h"
#include "stages/matching/evaluate.h"
#include "stages/matching/literal.h"
#include "stages/matching/persons.h"
#include "stages/matching/reader_file.h"

namespace zhida::matching {
namespace {

using config::ConfigNode;

std::optional<Verdict> verdict_from(std::string_view text) {
  for (const auto verdict : {Verdict::met, Verdict::not_met, Verdict::unknown})
    if (text == zhida::to_text(verdict)) return verdict;
  return std::nullopt;
}

class ExampleReader {
 public:
  ExampleReader(const Policy& policy, const FieldCatalogue& fields, std::vector<Finding>& errors)
      : policy_(policy), fields_(fields), titles_(identifiers_by_title(fields)), errors_(errors) {}

  std::vector<PolicyExample> read(const ConfigNode& root) {
    std::vector<PolicyExample> out;
    if (!check(root, root.only_keys({"policy", "at", "division", "base", "cases"}))) return out;
    const auto id = root.string("policy");
    if (!check(root, id)) return out;
    if (id.value() != policy_.id.str())
      error(root, "example_of_other_policy",
            "These examples are of " + id.value() + ", not of " + policy_.id.str() + ".");
    const auto at = day(root, Date{});
    division_ = said(root, "division", "");
    base_ = root.find("base");
    const auto cases = root.require("cases");
    if (!check(root, cases)) return out;
    for (const auto& item : cases.value().items()) out.push_back(read_case(item, at));
    if (out.empty()) error(root, "examples_missing", "There is no example here.");
    return out;
  }

 private:
  void error(const ConfigNode& node, std::string code, std::string message) {
    errors_.push_back(finding_at(node, std::move(code), std::move(message)));
  }
  template <class Checked>
  bool check(const ConfigNode& node, const Checked& checked) {
    if (!checked) errors_.push_back(finding_at(node, checked.error()));
    return bool(checked);
  }

  std::string said(const ConfigNode& node, const char* key, const std::string& otherwise) {
    const auto text = node.string_or(key, otherwise);
    return check(node, text) ? text.value() : otherwise;
  }

  Date day(const ConfigNode& node, Date otherwise) {
    const auto at = node.find("at");
    if (!at) return otherwise;
    const auto parsed = Date::parse(at->text());
    return check(*at, parsed) ? parsed.value() : otherwise;
  }

  Verdict verdict(const ConfigNode& node) {
    const auto parsed = verdict_from(node.text());
    if (!parsed) error(node, "verdict_wrong", "A verdict is met, not_met or unknown.");
    return parsed.value_or(Verdict::unknown);
  }

  PolicyExample read_case(const ConfigNode& node, Date at) {
    PolicyExample out;
    out.place = node.where();
    if (!check(node, node.only_keys({"name", "at", "division", "given", "without", "persons", "used", "expect"})))
      return out;
    out.name = node.string_or("name", "").value();
    out.at = day(node, at);
    if (out.at == Date{}) error(node, "config_missing", "\"at\" is missing, here and at the top: on which day?");
    out.profile.as_of = out.at;
    out.profile.division = said(node, "division", division_);
    if (base_)
      for (const auto& value : base_->items()) read_value(value, out);
    if (const auto given = node.find("given"))
      for (const auto& value : given->items()) read_value(value, out);
    if (const auto without = node.strings_or_empty("without"); check(node, without))
      for (const auto& written : without.value()) {
        const auto* spec = find(written);
        if (spec == nullptr || out.profile.fields.erase(spec->name) == 0)
          error(node, "field_unknown", "There is nothing to leave out: " + written + " is not given.");
      }
    read_persons(node, out);
    const auto expect = node.require("expect");
    if (!check(node, expect) ||
        !check(expect.value(), expect.value().only_keys({"verdict", "amount", "tranches", "clauses"})))
      return out;
    const auto stated = expect.value().require("verdict");
    if (check(expect.value(), stated)) out.verdict = verdict(stated.value());
    if (const auto amount = expect.value().find("amount")) out.amount = money(*amount);
    if (const auto tranches = expect.value().find("tranches")) {
      out.tranches_stated = true;
      for (const auto& tranche : tranches->items()) out.tranches.push_back({tranche.key(), money(tranche)});
    }
    if (const auto clauses = expect.value().find("clauses"))
      for (const auto& clause : clauses->items()) out.clauses.emplace_back(clause.key(), verdict(clause));
    return out;
  }

  Money money(const ConfigNode& node) {
    const auto amount = parse_money_literal(node.text());
    return check(node, amount) ? amount.value() : Money{};
  }

  void read_persons(const ConfigNode& node, PolicyExample& out) {
    const auto persons = node.find("persons");
    if (!persons) return;
    const auto used = node.strings_or_empty("used");
    if (!check(node, used)) return;
    out.used_persons = used.value();
    for (const auto& item : persons->items()) {
      PersonRow row;
      for (const auto& value : item.items()) {
        if (value.key() == "id")
          row.digest = value.text();
        else if (const auto* spec = known(value))
          row.fields[spec->name] = state_of(value, *spec, out.at);
      }
      out.persons.push_back(std::move(row));
    }
    out.with_persons = true;
  }

  const FieldSpec* find(const std::string& written) const {
    const auto* spec = fields_.find(written);
    if (spec != nullptr) return spec;
    const auto title = titles_.find(written);
    return title == titles_.end() ? nullptr : fields_.find(title->second);
  }

  const FieldSpec* known(const ConfigNode& node) {
    const auto* spec = find(node.key());
    if (spec == nullptr)
      error(node, "field_unknown", "fields.yaml has no field \"" + node.key() + "\", and the item declares none.");
    return spec;
  }

  void read_value(const ConfigNode& node, PolicyExample& out) {
    if (const auto* spec = known(node)) out.profile.fields[spec->name] = state_of(node, *spec, out.at);
  }

  FieldState state_of(const ConfigNode& node, const FieldSpec& spec, Date at) {
    FieldState state;
    ProfileValue value;
    value.source = "example";
    value.as_of = at;
    auto written = node;
    if (node.is_map() && node.has("value")) {
      if (!check(node, node.only_keys({"value", "as_of", "source"}))) return state;
      written = *node.find("value");
      value.source = said(node, "source", "example");
      if (const auto as_of = node.find("as_of")) {
        const auto parsed = Date::parse(as_of->text());
        if (check(*as_of, parsed)) value.as_of = parsed.value();
      }
    } else if (node.is_map()) {
      const auto reason = node.find("unknown");
      const auto text = reason ? reason->text() : "";
      if (text != "stale" && text != "conflict" && text != "missing")
        error(node, "value_malformed", "Write a value, or {unknown: missing}, stale or conflict.");
      state.reason = text == "stale"      ? UnknownReason::stale
                     : text == "conflict" ? UnknownReason::conflict
                                          : UnknownReason::missing;
      return state;
    }
    const auto data =
        parse_literal(code_of(written, spec), spec.type, spec.type == FieldType::integer ? spec.unit : "");
    if (!check(written, data)) return state;
    value.data = data.value();
    state.value = std::move(value);
    return state;
  }

  /// A code by its Chinese word stands for the code; a code that there is not would prove nothing.
  std::string code_of(const ConfigNode& written, const FieldSpec& spec) {
    const auto text = written.text();
    if (spec.type != FieldType::code) return text;
    for (const auto& [code, word] : spec.values)
      if (text == code || text == word) return code;
    if (!spec.values.empty())
      error(written, "value_unknown", spec.title + " (" + spec.name + ") is never \"" + text + "\".");
    // Of a field without a source the item itself knows the words.
    const auto begin = spec.name + "=";
    for (auto title = policy_.titles.lower_bound(begin);
         title != policy_.titles.end() && title->first.starts_with(begin); ++title)
      if (title->second == text) return title->first.substr(begin.size());
    return text;
  }

  const Policy& policy_;
  const FieldCatalogue& fields_;
  std::map<std::string, std::string> titles_;
  std::vector<Finding>& errors_;
  std::string division_;
  std::optional<ConfigNode> base_;
};

std::string fen_text(const std::optional<Money>& amount) {
  return amount ? amount->to_yuan() + "元" : "no amount";
}

}  // namespace

std::string example_path_of(const std::string& policy_path) {
  constexpr std::string_view kEnding = ".yaml";
  auto out = policy_path;
  if (out.ends_with(kEnding)) out.resize(out.size() - kEnding.size());
  return out + ".test.yaml";
}

std::vector<PolicyExample> parse_examples(const std::string& text, const std::string& path, const Policy& policy,
                                          const FieldCatalogue& fields, std::vector<Finding>& errors) {
  const auto root = config::parse_yaml(text, path);
  if (!root) {
    errors.push_back(file_finding(path, root.error()));
    return {};
  }
  const auto all_fields = extended(fields, {{path, policy}});
  return ExampleReader(policy, all_fields, errors).read(root.value());
}

EnterpriseProfile profile_of(const Policy& policy, const PolicyExample& example) {
  auto out = example.profile;
  if (!example.with_persons) return out;
  for (const auto& rule : policy.persons) {
    const auto tally = tally_persons(
        policy, rule, out, example.persons,
        [&](const std::string& digest, const std::string&) {
          return std::ranges::find(example.used_persons, digest) != example.used_persons.end();
        },
        example.at);
    out.fields[rule.count_field] = tally.state(example.at);
  }
  return out;
}

std::vector<std::string> run_example(const Policy& policy, const PolicyExample& example) {
  std::vector<std::string> out;
  const auto entitlement = evaluate(policy, profile_of(policy, example), example.at);
  if (entitlement.verdict != example.verdict)
    out.push_back(std::string("The verdict is ") + zhida::to_text(entitlement.verdict) + ", expected " +
                  zhida::to_text(example.verdict) + ".");
  if (entitlement.amount != example.amount)
    out.push_back("The amount is " + fen_text(entitlement.amount) + ", expected " + fen_text(example.amount) + ".");
  if (example.tranches_stated) {
    const auto text = [](const std::vector<Tranche>& tranches) {
      std::string list;
      for (const auto& tranche : tranches) list += " " + tranche.id + " " + tranche.amount.to_yuan() + "元";
      return list.empty() ? std::string(" none") : list;
    };
    if (text(entitlement.tranches) != text(example.tranches))
      out.push_back("The tranches are" + text(entitlement.tranches) + ", expected" + text(example.tranches) + ".");
  }
  for (const auto& [id, verdict] : example.clauses) {
    const auto found = std::ranges::find(entitlement.clauses, id, &ClauseVerdict::id);
    if (found == entitlement.clauses.end()) {
      out.push_back("There is no clause \"" + id + "\".");
    } else if (found->verdict != verdict) {
      out.push_back("The clause " + id + " is " + zhida::to_text(found->verdict) + ", expected " +
                    zhida::to_text(verdict) + ".");
    }
  }
  return out;
}

}  // namespace zhida::matching
