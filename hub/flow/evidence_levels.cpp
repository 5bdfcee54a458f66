#include "flow/evidence_levels.h"

#include <algorithm>
#include <array>

namespace zhida::flow {
namespace {

/// `a.*.b` has one step for the star; a star at the end stands for anything.
bool fits(std::string_view pattern, std::string_view name) {
  while (!pattern.empty()) {
    if (pattern == "*") return true;
    if (pattern.front() == '*') {
      const auto dot = name.find('.');
      if (dot == 0 || dot == std::string_view::npos) return false;
      name.remove_prefix(dot);
      pattern.remove_prefix(1);
      continue;
    }
    if (name.empty() || name.front() != pattern.front()) return false;
    name.remove_prefix(1);
    pattern.remove_prefix(1);
  }
  return name.empty();
}

template <std::size_t count>
bool any_fits(const std::array<std::string_view, count>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](auto pattern) { return fits(pattern, name); });
}

// Not shown to the firm: which persons decided, and who objected with which words.
constexpr std::array<std::string_view, 9> kNotForTheFirm = {
    "policy.step.*.actor", "policy.step.*.reason",   "event.*.actor",
    "event.*.reason",      "review.*.actor",         "objection.*.raised_by",
    "objection.*.reason",  "objection.*.decided_by", "objection.*.decision_reason"};
// All that the public is shown; what is not named here is withheld.
constexpr std::array<std::string_view, 17> kForThePublic = {
    "case.id",     "case.title",       "case.policy",  "case.policy_version", "case.division",
    "case.period", "case.tranche",     "case.channel", "case.review_round",   "case.amount_fen",
    "case.state",  "case.state_since", "firm.name",    "firm.uscc",           "verdict",
    "fund",        "policy.approval"};
// … and these by their number alone: `clause.07`, but not `clause.07.data`.
constexpr std::array<std::string_view, 8> kNumbered = {"clause.",  "event.",    "review.", "objection.",
                                                       "payment.", "document.", "office.", "policy.step."};
// What of the trail the public is shown: written by the hub alone, and naming neither person nor account.
constexpr std::array<std::string_view, 9> kPublicRecords = {"case_opened",     "case_notified",   "publicity_started",
                                                            "publicity_ended", "case_rechecking", "recheck_passed",
                                                            "relief_granted",  "decision_sealed", "evidence_rooted"};

bool is_bare_number(std::string_view name) {
  for (const auto stem : kNumbered)
    if (name.starts_with(stem)) return name.find('.', stem.size()) == std::string_view::npos;
  return false;
}

constexpr std::array<std::string_view, 2> kNeeded = {"case.id", "case.policy_version"};

/// The hub's word on a person's seal names the person.
bool of_a_person(const audit::AuditEntry& entry) {
  return entry.kind.starts_with("office_seal_") && entry.detail.is_object() && entry.detail.contains("holder");
}

}  // namespace

const char* to_text(PackLevel level) {
  switch (level) {
    case PackLevel::auditor:
      return "auditor";
    case PackLevel::firm:
      return "firm";
    case PackLevel::public_:
      break;
  }
  return "public";
}

Result<PackLevel> pack_level_from(std::string_view text) {
  for (const auto level : {PackLevel::auditor, PackLevel::firm, PackLevel::public_})
    if (text == to_text(level)) return level;
  return refuse("level_malformed", "\"" + std::string(text) + "\" is none of auditor, firm, public.");
}

Result<PackView> PackView::create(PackLevel level, std::vector<std::string> withhold) {
  PackView view(level, std::move(withhold));
  for (const auto name : kNeeded)
    if (view.withheld(name))
      return refuse("withhold_needed",
                    "Without " + std::string(name) + " nobody could check the pack; it is shown always.");
  return view;
}

bool PackView::withheld(std::string_view name) const {
  return std::any_of(withhold_.begin(), withhold_.end(), [&](const auto& pattern) { return fits(pattern, name); });
}

bool PackView::shows_fact(std::string_view name) const {
  if (withheld(name)) return false;
  switch (level_) {
    case PackLevel::auditor:
      return true;
    case PackLevel::firm:
      return !any_fits(kNotForTheFirm, name);
    case PackLevel::public_:
      break;
  }
  return is_bare_number(name) || any_fits(kForThePublic, name);
}

bool PackView::shows_octets(bool names_others) const {
  // A document is one piece: it cannot be shown without the account or name in it.
  for (const auto name : {"payee.account_no", "payee.name", "payee.bank_name", "payee.bank_no", "firm.name",
                          "firm.uscc", "case.amount_fen"})
    if (withheld(name)) return false;
  return level_ == PackLevel::auditor || (level_ == PackLevel::firm && !names_others);
}

bool PackView::shows_record(const audit::AuditRecord& record) const {
  const auto& entry = record.entry;
  if (entry.kind == "evidence_rooted") return true;
  switch (level_) {
    case PackLevel::auditor:
      return withhold_.empty() ||
             std::find(kPublicRecords.begin(), kPublicRecords.end(), entry.kind) != kPublicRecords.end();
    case PackLevel::firm:
      if (!withhold_.empty()) break;
      return entry.kind != "batch_received" && !entry.kind.starts_with("objection_") &&
             !entry.kind.starts_with("evidence_") && !of_a_person(entry) &&
             (!entry.actor.starts_with("user:") || entry.kind == "case_confirmed" || entry.kind == "case_declined");
    case PackLevel::public_:
      break;
  }
  return entry.actor == "system" &&
         std::find(kPublicRecords.begin(), kPublicRecords.end(), entry.kind) != kPublicRecords.end();
}

std::vector<std::string> PackView::idle(const std::vector<std::string>& names) const {
  std::vector<std::string> out;
  for (const auto& pattern : withhold_)
    if (std::none_of(names.begin(), names.end(), [&](const auto& name) { return fits(pattern, name); }))
      out.push_back(pattern);
  return out;
}

std::vector<bool> shown_records(const PackView& view, const std::vector<audit::AuditRecord>& records) {
  std::vector<bool> shown(records.size());
  for (std::size_t i = records.size(); i-- > 0;) {
    shown[i] = view.shows_record(records[i]);
    const bool next_is_withheld = i + 1 < records.size() && records[i + 1].seq == records[i].seq + 1 && !shown[i + 1];
    if (next_is_withheld && records[i].entry.kind != "evidence_rooted") shown[i] = false;
  }
  return shown;
}

}  // namespace zhida::flow
