#include "seal/pack_approvals.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "seal/pack_format.h"

namespace zhida::seal {
namespace {

constexpr std::string_view kStep = "policy.step.";

std::string text_in(const Json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json& member_of(const Json& object, const char* name) {
  static const Json kNone;
  if (!object.is_object()) return kNone;
  const auto found = object.find(name);
  return found == object.end() ? kNone : *found;
}

class ApprovalCheck {
 public:
  ApprovalCheck(const std::map<std::string, Json>& facts, const std::vector<Json>& records,
                std::vector<PackFinding>& findings, std::vector<std::string>& notes)
      : facts_(facts), records_(records), findings_(findings), notes_(notes) {}

  Json run() {
    const Json approval = fact("policy.approval");
    if (!approval.is_object()) return nullptr;
    const auto way = text_in(approval, "way");
    if (text_in(approval, "version") != text_in_fact("case.policy_version"))
      find("What brought the item in force is told of another version than the case's.");
    for (const auto& record : records_)
      if (text_in(member_of(record, "detail"), "version") != text_in(approval, "version"))
        find("Record " + member_of(record, "seq").dump() + " of the log is about another version of the item.");
    Json told{{"way", way}, {"version", member_of(approval, "version")}, {"steps", Json::array()}, {"proven", 0}};
    if (way == "at_start") {
      notes_.push_back(
          "The item was put in force by whoever installed the hub (at_start): nobody proposed, approved or confirmed "
          "it.");
      return told;
    }
    if (way != "people") find("How the item came in force is neither `people` nor `at_start`.");
    std::int64_t proven = 0;
    for (auto it = facts_.lower_bound(std::string(kStep)); it != facts_.end() && it->first.starts_with(kStep); ++it) {
      if (it->first.find('.', kStep.size()) != std::string::npos) continue;
      told["steps"].push_back(text_in(it->second, "step"));
      if (step(it->first, it->second)) ++proven;
    }
    if (const auto data = fact("policy.data");
        !confirmed_.empty() && data.is_object() && text_in(data, "sha256") != confirmed_)
      find("policy.data is not what the log says that people confirmed.");
    whole();
    eyes("propose", "approve", "Who proposed the item approved it.");
    eyes("confirm_conditions", "confirm_data", "One person confirmed conditions and data.");
    told["proven"] = proven;
    if (proven < static_cast<std::int64_t>(told["steps"].size()))
      notes_.push_back(
          "Not every step that brought the item in force is shown as a record of the log: the hub's "
          "statement alone speaks for the others.");
    return told;
  }

 private:
  /// True where a record of the log tells the same.
  bool step(const std::string& name, const Json& step) {
    const auto what = text_in(step, "step");
    seen_.insert(what);
    if (what == "confirm_data") confirmed_.clear();
    const auto actor = text_in_fact((name + ".actor").c_str());
    if (!actor.empty()) actors_[what].insert(actor);
    const bool confirms = what == "confirm_conditions" || what == "confirm_data";
    const std::string kind = what == "propose"   ? "policy_proposed"
                             : what == "approve" ? "policy_approved"
                             : confirms          ? "policy_confirmed"
                                                 : "";
    bool others = false;
    for (const auto& record : records_) {
      if (text_in(record, "kind") != kind) continue;
      const auto& detail = member_of(record, "detail");
      if (confirms && "confirm_" + text_in(detail, "confirmed") != what) continue;
      if (actor.empty() || text_in(record, "actor") != actor) {
        others = others || !actor.empty();
        continue;
      }
      digests(what, detail);
      return true;
    }
    if (others) find("The log names another person than " + name + " for the step " + what + ".");
    return false;
  }

  void digests(const std::string& what, const Json& detail) {
    const auto compare = [&](const char* of, const char* member, const std::string& said) {
      const auto stated = fact(of);
      if (stated.is_object() && !said.empty() && text_in(stated, member) != said)
        find(std::string(of) + " is not what the log says that people were shown.");
    };
    if (what == "approve") {
      compare("policy.back_test", "inputs_digest", text_in(detail, "back_test"));
      compare("policy.back_test", "report_sha256", text_in(detail, "report"));
    }
    if (what == "confirm_data") confirmed_ = text_in(detail, "data");
  }

  void whole() {
    for (const char* needed : {"propose", "approve", "confirm_conditions", "confirm_data"})
      if (!seen_.contains(needed))
        find("The step " + std::string(needed) + " that brings an item in force is not there.");
  }

  void eyes(const char* one, const char* other, const char* sentence) {
    for (const auto& actor : actors_[one])
      if (actors_[other].contains(actor)) find(sentence);
  }

  Json fact(const char* name) const {
    const auto found = facts_.find(name);
    return found == facts_.end() ? Json(nullptr) : found->second;
  }
  std::string text_in_fact(const char* name) const {
    const auto value = fact(name);
    return value.is_string() ? value.get<std::string>() : std::string();
  }
  void find(const std::string& sentence) { findings_.push_back({Code::data_hash, pack_names::kDisclosure, sentence}); }

  const std::map<std::string, Json>& facts_;
  const std::vector<Json>& records_;
  std::vector<PackFinding>& findings_;
  std::vector<std::string>& notes_;
  std::set<std::string> seen_;
  std::string confirmed_;  ///< Digest of the data in the log's record of the last confirmation; empty: not shown.
  std::map<std::string, std::set<std::string>> actors_;
};

}  // namespace

Json check_approvals(const std::map<std::string, Json>& facts, const std::vector<Json>& records,
                     std::vector<PackFinding>& findings, std::vector<std::string>& notes) {
  return ApprovalCheck(facts, records, findings, notes).run();
}

}  // namespace zhida::seal
