#include "flow/proposal_checks.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "stages/matching/check.h"
#include "stages/matching/example_file.h"
#include "stages/matching/policy_file.h"

namespace zhida::flow {
namespace {

bool is_plain(const std::string& id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::string lines_of(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += "\n" + line;
  return out;
}

}  // namespace

Json needed_data(const matching::Policy& policy, const FieldCatalogue& fields) {
  Json out = Json::array();
  for (const auto& name : matching::fields_of(policy)) {
    const auto* spec = fields.find(name);
    const auto title = policy.titles.find(name);
    Json one = {{"field", name},
                {"title", title != policy.titles.end() ? title->second
                          : spec != nullptr            ? spec->title
                                                       : name},
                {"sources", spec == nullptr ? std::vector<std::string>{} : spec->precedence},
                {"fresh_for_days", spec == nullptr ? 0 : spec->fresh_for_days},
                {"fetched_anew",
                 std::ranges::find(policy.handling.recheck_fields, name) != policy.handling.recheck_fields.end()}};
    if (spec != nullptr && !spec->covered_by.empty()) one["list"] = spec->covered_by;
    if (spec != nullptr && !spec->derived_by.empty()) one["made"] = "derived";
    if (policy.ranking && policy.ranking->rank_field == name) one["made"] = "round";
    out.push_back(std::move(one));
  }
  return out;
}

Result<ReadyItem> check_item(const std::string& folder, const PolicyId& id, const FieldCatalogue& fields) {
  const auto path = folder + "/" + id.str() + ".yaml";
  std::error_code fault;
  if (!is_plain(id.str()) || !std::filesystem::is_regular_file(path, fault))
    return refuse("policy_unknown", "There is no file of an item " + id.str() + " in the folder of policies.");
  matching::PolicyFindings findings;
  auto sources = TRY(matching::load_policies({path}, fields, findings));
  std::vector<std::string> wrong, notes;
  std::int64_t examples = 0;
  if (!sources.empty() && findings.errors.empty()) {
    const auto& source = sources.front();
    const auto beside = matching::example_path_of(source.path);
    const auto text = read_file(beside);
    if (!text) wrong.push_back(beside + ": examples_missing There are no examples beside the item.");
    const auto all = matching::extended(fields, sources);
    const auto parsed = text ? matching::parse_examples(text.value(), beside, source.policy, all, findings.errors)
                             : std::vector<matching::PolicyExample>{};
    examples = static_cast<std::int64_t>(parsed.size());
    for (const auto& example : parsed)
      for (const auto& difference : matching::run_example(source.policy, example))
        wrong.push_back(example.place + ": example_failed " + example.name + ": " + difference);
    for (const auto& remark : matching::check_examples(source.policy, parsed))
      (remark.error ? wrong : notes).push_back(remark.code + " " + remark.message);
  }
  for (const auto& finding : findings.errors) wrong.push_back(to_text(finding));
  for (const auto& finding : findings.notes) notes.push_back(finding.code + " " + finding.message);
  if (sources.empty() && wrong.empty()) wrong.push_back(path + ": there is no item in it.");
  if (!wrong.empty()) return refuse("policy_not_ready", "The item " + id.str() + " is not in order:" + lines_of(wrong));
  ReadyItem out;
  out.policy = std::move(sources.front().policy);
  out.body = TRY(canonical_json(matching::to_json(out.policy)));
  out.checks = {{"examples", examples}, {"notes", notes}};
  out.data = needed_data(out.policy, fields);
  return out;
}

}  // namespace zhida::flow
