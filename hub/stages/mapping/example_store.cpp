#include "stages/mapping/example_store.h"

#include <map>
#include <set>

#include "stages/mapping/mapping_file.h"
#include "stages/mapping/yaml_store.h"

namespace zhida::mapping {
namespace {

using config::ConfigNode;

class Runner {
 public:
  Runner(const std::string& path, const MappingSet& mappings) : path_(path), mappings_(mappings) {}

  ExampleReport run() {
    const auto root = take(config::read_yaml(path_), path_, report_.findings);
    if (!root || !take(root->only_keys({"mapping", "examples"}), path_, report_.findings)) return std::move(report_);
    const auto name = take(root->string("mapping"), path_, report_.findings);
    const auto examples = take(root->require("examples"), path_, report_.findings);
    if (!name || !examples) return std::move(report_);
    const Mapping* const mapping = mappings_.find(*name);
    if (mapping == nullptr) {
      report_.findings.push_back(
          finding_at(*root->find("mapping"), "mapping_missing", "There is no mapping " + *name + "."));
      return std::move(report_);
    }
    for (const auto& node : examples->items()) {
      ++report_.examples;
      example(node, *name);
    }
    if (report_.examples == 0)
      report_.findings.push_back(finding_at(*examples, "examples_missing", "There is no example."));
    return std::move(report_);
  }

 private:
  void finding(const ConfigNode& node, const char* code, std::string message) {
    report_.findings.push_back(finding_at(node, code, std::move(message)));
  }

  std::optional<Date> day(const ConfigNode& node, std::string_view key) {
    const auto value = node.find(key);
    if (!value) return std::nullopt;
    auto parsed = Date::parse(value->text());
    if (!parsed) {
      finding(*value, "date_malformed", parsed.error().message);
      return std::nullopt;
    }
    return parsed.value();
  }

  void example(const ConfigNode& node, const std::string& type) {
    if (!take(node.only_keys({"name", "columns", "as_of", "received_on", "withdrawn", "gives", "refused"}), path_,
              report_.findings))
      return;
    const auto name = take(node.string("name"), path_, report_.findings);
    const auto columns = take(node.require("columns"), path_, report_.findings);
    if (!name || !columns) return;
    SourceRecord record;
    record.source = type.substr(0, type.find('.'));
    record.record_type = type;
    record.key = "example";
    record.as_of = day(node, "as_of");
    if (const auto withdrawn = take(node.boolean_or("withdrawn", false), path_, report_.findings);
        withdrawn && *withdrawn)
      record.change = Change::withdraw;
    for (const auto& column : columns->items()) {
      record.columns[column.key()] = column.is_null() ? std::nullopt : std::optional(column.text());
    }
    const Date received_on = day(node, "received_on").value_or(Date::from_ymd(2025, 11, 3).value());
    const auto outcome = mappings_.apply(record, received_on);
    if (const auto refused = node.find("refused")) {
      compare_refusal(*refused, *name, outcome);
    } else if (const auto gives = take(node.require("gives"), path_, report_.findings)) {
      compare(*gives, *name, outcome);
    }
  }

  void compare_refusal(const ConfigNode& wanted, const std::string& name, const MappingOutcome& outcome) {
    if (outcome.kind != MappingOutcome::Kind::quarantined) {
      finding(wanted, "example_failed", "\"" + name + "\": the record should be refused and was taken.");
      return;
    }
    for (const auto& reason : outcome.findings) {
      if (reason.code == wanted.text()) return;
    }
    finding(wanted, "example_failed",
            "\"" + name + "\": refused, but for another reason: " + to_text(outcome.findings.front()));
  }

  void compare(const ConfigNode& gives, const std::string& name, const MappingOutcome& outcome) {
    if (outcome.kind == MappingOutcome::Kind::quarantined) {
      finding(gives, "example_failed",
              "\"" + name + "\": the record was refused: " + to_text(outcome.findings.front()));
      return;
    }
    std::map<std::string, std::string> got;
    for (auto& [what, value] : describe(outcome)) got.emplace(what, value);
    std::set<std::string> compared;
    const auto check = [&](const ConfigNode& node, const std::string& what) {
      compared.insert(what);
      const auto found = got.find(what);
      const std::string wanted = node.is_null() ? std::string() : node.text();
      const std::string value = found == got.end() ? std::string() : found->second;
      if (value != wanted)
        finding(node, "example_failed",
                "\"" + name + "\": " + what + " should be \"" + wanted + "\" and is \"" + value + "\".");
    };
    for (const auto& node : gives.items()) {
      if (node.key() != "fields" && node.key() != "values") {
        check(node, node.key());
        continue;
      }
      for (const auto& value : node.items()) check(value, node.key() + "." + value.key());
    }
    for (const auto& [what, value] : got) {
      const bool detail = what.starts_with("fields.") || what.starts_with("values.");
      if (detail && !value.empty() && !compared.contains(what))
        finding(gives, "example_failed",
                "\"" + name + "\": " + what + " is \"" + value + "\", which the example does not expect.");
    }
  }

  const std::string& path_;
  const MappingSet& mappings_;
  ExampleReport report_;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> describe(const MappingOutcome& outcome) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto add = [&](std::string what, std::string value) { out.emplace_back(std::move(what), std::move(value)); };
  switch (outcome.kind) {
    case MappingOutcome::Kind::profile:
      add("firm", outcome.firm.uscc);
      add("organisation_code", outcome.firm.organisation_code);
      add("firm_name", outcome.firm.name_key);
      add("same_firm_as", outcome.firm.record_key);
      add("division", outcome.facts.division);
      add("kind", outcome.facts.kind);
      add("as_of", outcome.as_of.to_string());
      for (const auto& change : outcome.changes)
        add("fields." + change.field, change.data ? to_text(*change.data) : std::string());
      break;
    case MappingOutcome::Kind::coverage:
      add("list", outcome.list_id);
      add("as_of", outcome.as_of.to_string());
      break;
    case MappingOutcome::Kind::ledger:
    case MappingOutcome::Kind::notice:
      for (const auto& [name, value] : outcome.flat.values) add("values." + name, to_text(value));
      break;
    case MappingOutcome::Kind::quarantined:
      break;
  }
  add("withdraw", outcome.withdraw ? "true" : "false");
  return out;
}

ExampleReport run_examples(const std::string& path, const MappingSet& mappings) {
  return Runner(path, mappings).run();
}

}  // namespace zhida::mapping
