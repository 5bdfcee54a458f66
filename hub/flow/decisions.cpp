#include "flow/decisions.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <utility>

#include "audit/audit_trail.h"
#include "base/bytes.h"
#include "base/time.h"
#include "platform/crypto/digest.h"
#include "stages/casework/case_store.h"
#include "stages/matching/decision.h"
#include "stages/matching/explain.h"
#include "stages/matching/policy_store.h"
#include "stages/profile/profile_store.h"

namespace zhida::flow {
namespace {

using matching::Decision;
using matching::Difference;
using storage::Transaction;

/// The decisions that were asked about, and the case where it is one.
struct Asked {
  std::optional<BenefitCase> benefit_case;
  std::vector<Decision> decisions;
  std::int64_t decided_by = 0;  ///< The decision that counts: of a case the one that money was asked on.
};

Error unknown(const std::string& asked) {
  return refuse("decision_unknown", "There is no case, payment request or decision " + asked +
                                        "; a firm and an item are written USCC/ITEM.");
}

/// Of what opened the case and what was decided since, the last that the case stands on.
std::int64_t deciding(const Asked& asked) {
  const auto& c = *asked.benefit_case;
  std::int64_t best = 0;
  int best_rank = -1;
  for (const auto& decision : asked.decisions) {
    const auto& e = decision.entitlement;
    const int rank =
        decision.purpose == "requested"   ? 3
        : decision.purpose == "rechecked" ? 2
        : e.policy_version == c.policy_version && e.verdict == Verdict::met && e.profile_sequence <= c.profile_sequence
            ? 1
            : 0;
    if (rank < best_rank) continue;
    best = decision.id;
    best_rank = rank;
  }
  return best;
}

Result<Asked> of_case(Transaction& transaction, BenefitCase c) {
  Asked out;
  for (auto& decision : TRY(matching::read_decisions(transaction, c.uscc, c.policy)))
    if (decision.case_id.empty() || decision.case_id == c.id.str()) out.decisions.push_back(std::move(decision));
  out.benefit_case = std::move(c);
  out.decided_by = deciding(out);
  return out;
}

Result<Asked> find(Transaction& transaction, const std::string& asked) {
  if (auto c = casework::load_case(transaction, CaseId(asked)); c) return of_case(transaction, std::move(c.value()));
  const auto attempts =
      TRY(transaction.query("SELECT case_id FROM payment_attempt WHERE business_no = ?", {asked}, "t"));
  if (!attempts.empty())
    return of_case(transaction, TRY(casework::load_case(transaction, CaseId(attempts.front().text(0)))));
  Asked out;
  if (const auto slash = asked.find('/'); slash != std::string::npos) {
    out.decisions =
        TRY(matching::read_decisions(transaction, asked.substr(0, slash), PolicyId(asked.substr(slash + 1))));
  } else {
    std::int64_t id = 0;
    const auto [end, fault] = std::from_chars(asked.data(), asked.data() + asked.size(), id);
    if (fault == std::errc() && end == asked.data() + asked.size())
      if (auto one = TRY(matching::read_decision(transaction, id))) out.decisions.push_back(std::move(*one));
  }
  if (out.decisions.empty()) return unknown(asked);
  out.decided_by = out.decisions.back().id;
  return out;
}

/// Whether the rows of sources said, up to the decision's place in the log, what the decision says that they said.
Result<void> compare_with_log(Transaction& transaction, const Decision& decision, const FieldCatalogue& fields,
                              std::vector<Difference>& out) {
  const auto& entitlement = decision.entitlement;
  const auto profile = matching::profile_from(decision);
  if (!profile) return ok();
  const auto log = TRY(profile::logged_values(transaction, entitlement.uscc, entitlement.profile_sequence));
  for (const auto& [name, state] : profile.value().fields) {
    const auto* spec = fields.find(name);
    if (!state.value || state.value->record_id == 0 || spec == nullptr) continue;
    const auto logged = log.find({name, state.value->record_id});
    if (logged == log.end()) {
      // Absence from a complete list is a fact of the list's row, not of one about the firm.
      if (spec->covered_by.empty()) out.push_back({"log." + name, to_text(state.value->data), ""});
      continue;
    }
    const bool one_row =
        spec->combine == Combine::latest || spec->combine == Combine::max || spec->combine == Combine::any;
    if (one_row && logged->second != to_text(state.value->data))
      out.push_back({"log." + name, to_text(state.value->data), logged->second.value_or("")});
  }
  return ok();
}

/// Benefits that came or went are told in the trail with the decision's digest.
Result<std::string> look_up_in_trail(Transaction& transaction, const Decision& decision) {
  const auto digest = matching::decision_digest(decision);
  audit::AuditFilter filter;
  filter.uscc = decision.entitlement.uscc;
  filter.subject_type = "entitlement";
  filter.subject_id = decision.entitlement.policy.str();
  for (;;) {
    const auto records = TRY(audit::read_records(transaction, filter));
    for (const auto& record : records)
      if (record.entry.detail.value("decision", "") == digest) return std::string("confirmed");
    if (static_cast<std::int64_t>(records.size()) < filter.limit) break;
    filter.after_seq = records.back().seq;
  }
  if (decision.case_id.empty() && decision.facts && decision.entitlement.verdict == Verdict::met) {
    audit::AuditFilter first;
    first.limit = 1;
    const auto records = TRY(audit::read_records(transaction, first));
    const bool archived = records.empty() || records.front().at > decision.at;
    return std::string(archived ? "archived" : "missing");
  }
  return std::string("not_told");
}

Json told(const matching::Policy* policy, const ClauseVerdict& clause, const matching::CodeNames* names) {
  auto out = matching::clause_json(clause);
  if (policy == nullptr) return out;
  out["sentence"] = matching::explain_clause(*policy, clause, names);
  matching::for_each_clause_of(*policy, [&](const matching::Clause& written) {
    if (written.id == clause.id && !written.article.empty()) out["article"] = written.article;
  });
  return out;
}

Result<Json> code_lists_json(Transaction& transaction, const std::string& digest, const std::string& today) {
  Json out = {{"digest", digest}, {"files", nullptr}, {"changed_since", Json::array()}};
  if (digest.empty()) return out;
  const auto stored = TRY(matching::read_code_lists(transaction, digest));
  if (!stored) return out;
  out["files"] = TRY(parse_json(*stored));
  out["holds"] = to_hex(crypto::sha256(*stored)) == digest;
  if (today.empty()) return out;
  const auto now = TRY(parse_json(today));
  for (const auto& [name, hash] : out["files"].items())
    if (now.value(name, "") != hash.get<std::string>()) out["changed_since"].push_back(name);
  return out;
}

std::optional<Money> part_of(const Entitlement& entitlement, const std::string& tranche) {
  for (const auto& part : entitlement.tranches)
    if (part.id == tranche) return part.amount;
  return std::nullopt;
}

Result<Json> decision_json(Transaction& transaction, const Decision& decision, const Asked& asked, const Today& today) {
  const auto& e = decision.entitlement;
  const auto body = TRY(matching::read_policy_body(transaction, e.policy, e.policy_version));
  matching::Replay replay;
  if (body)
    replay = matching::replay(decision, *body);
  else
    replay.why_not = "Version " + e.policy_version + " of the item is not in the store.";
  if (decision.facts && today.fields != nullptr) {
    CHECK_OK(compare_with_log(transaction, decision, *today.fields, replay.differences));
  }
  const auto trail = TRY(look_up_in_trail(transaction, decision));
  if (trail == "missing") replay.differences.push_back({"trail.decision", matching::decision_digest(decision), ""});
  const auto* policy = replay.policy ? &*replay.policy : nullptr;
  if (asked.benefit_case && decision.id == asked.decided_by && decision.facts) {
    const auto& c = *asked.benefit_case;
    const auto part = part_of(e, c.tranche);
    const auto fen = [](const std::optional<Money>& sum) { return sum ? std::to_string(sum->fen()) : std::string(); };
    // A case that is over may stand beside data that moved on; one that goes on or was paid stands on its decision.
    const bool stands = c.state != CaseState::lapsed && c.state != CaseState::voided && c.state != CaseState::refused;
    if (stands && c.channel != Channel::relief && fen(c.amount) != fen(part))
      replay.differences.push_back({"case.amount_fen", fen(c.amount), fen(part)});
  }
  Json clauses = Json::array(), tranches = Json::array(), differences = Json::array();
  for (const auto& clause : e.clauses) clauses.push_back(told(policy, clause, today.names));
  for (const auto& part : e.tranches) tranches.push_back({{"id", part.id}, {"amount_fen", part.amount.fen()}});
  for (const auto& difference : replay.differences)
    differences.push_back({{"what", difference.what}, {"stored", difference.stored}, {"again", difference.again}});
  Json facts = nullptr;
  if (decision.facts)
    if (auto parsed = parse_json(*decision.facts)) facts = std::move(parsed.value());
  const bool identical = replay.possible && replay.differences.empty();
  const auto code_lists = TRY(code_lists_json(transaction, decision.context.code_lists, today.code_lists));
  return Json{{"id", decision.id},
              {"purpose", decision.purpose},
              {"case", decision.case_id},
              {"uscc", e.uscc},
              {"division", e.division},
              {"policy", e.policy.str()},
              {"title", policy == nullptr ? "" : policy->title},
              {"document", policy == nullptr ? "" : policy->document},
              {"document_number", policy == nullptr ? "" : policy->document_number},
              {"version", e.policy_version},
              {"evaluated_on", e.evaluated_on.to_string()},
              {"profile_sequence", e.profile_sequence},
              {"at", to_rfc3339(decision.at)},
              {"trace_id", decision.trace_id},
              {"program", decision.context.program},
              {"code_lists", code_lists},
              {"facts", std::move(facts)},
              {"verdict", to_text(e.verdict)},
              {"amount_fen", e.amount ? Json(e.amount->fen()) : Json(nullptr)},
              {"tranches", std::move(tranches)},
              {"amount_trace", e.amount_trace},
              {"clauses", std::move(clauses)},
              {"digest", matching::decision_digest(decision)},
              {"trail", trail},
              {"replay",
               {{"identical", identical},
                {"possible", replay.possible},
                {"why_not", replay.why_not},
                {"differences", std::move(differences)}}}};
}

const char* purpose_text(const std::string& purpose) {
  if (purpose == "withdrawn") return "事项停用";
  if (purpose == "rechecked") return "兑付前复核";
  return purpose == "requested" ? "生成支付申请" : "匹配";
}

const char* verdict_text(const std::string& verdict) {
  return verdict == "met" ? "符合" : verdict == "not_met" ? "不符合" : "未知";
}

std::string text(const Json& object, const char* name) {
  return object.at(name).get<std::string>();
}

std::string decision_text(const Json& decision, bool decides) {
  std::string out = std::string(decides ? "【决定】" : "【此前】") + purpose_text(text(decision, "purpose")) + " 第" +
                    std::to_string(decision.at("id").get<std::int64_t>()) + "号，" + text(decision, "at") + "\n";
  out += "  事项 《" + text(decision, "title") + "》（" + text(decision, "policy") + "）" +
         text(decision, "document_number") + "\n";
  out += "  版本 " + text(decision, "version") + "\n";
  out += "  企业 " + text(decision, "uscc") + "，画像序号 " +
         std::to_string(decision.at("profile_sequence").get<std::int64_t>()) + "，评定日 " +
         text(decision, "evaluated_on") + "\n";
  const auto& codes = decision.at("code_lists");
  if (codes.at("files").is_object()) {
    out += "  代码表 " + text(codes, "digest").substr(0, 16);
    for (const auto& [file, name] :
         {std::pair{"region.csv", "区划 GB/T 2260"}, std::pair{"industry.csv", "行业 GB/T 4754"}})
      if (codes.at("files").contains(file))
        out += std::string("，") + name + " " + codes.at("files").at(file).get<std::string>().substr(0, 16);
    if (!codes.at("changed_since").empty()) out += "（此后已更新）";
    out += "\n";
  }
  out += std::string("  结论 ") + verdict_text(text(decision, "verdict")) + "\n";
  for (const auto& clause : decision.at("clauses"))
    out += "    " + text(clause, "id") + " " + clause.value("sentence", text(clause, "text")) +
           (clause.contains("article") ? "（" + text(clause, "article") + "）" : "") + "\n";
  if (decision.at("amount_fen").is_number())
    out += "  金额 " + Money::from_fen(decision.at("amount_fen").get<std::int64_t>()).to_yuan() + "元：" +
           text(decision, "amount_trace") + "\n";
  const auto& replay = decision.at("replay");
  if (replay.at("identical").get<bool>()) {
    out += "  按当时的条款、数据与日期重算：完全一致";
    out += text(decision, "trail") == "confirmed" ? "；与留痕一致\n" : "\n";
    return out;
  }
  if (!replay.at("possible").get<bool>()) out += "  无法重算：" + text(replay, "why_not") + "\n";
  if (!replay.at("differences").empty()) out += "  与留存不一致：\n";
  for (const auto& difference : replay.at("differences"))
    out += "    " + text(difference, "what") + "：留存“" + text(difference, "stored") + "”，重算“" +
           text(difference, "again") + "”\n";
  return out;
}

}  // namespace

Result<std::string> code_lists_of(const std::string& mappings_folder) {
  Json files = Json::object();
  std::error_code fault;
  for (const auto& entry : std::filesystem::directory_iterator(mappings_folder + "/codes", fault)) {
    const auto name = entry.path().filename().string();
    if (!entry.is_regular_file(fault) || !(name.ends_with(".csv") || name.ends_with(".yaml"))) continue;
    files[name] = to_hex(crypto::sha256(TRY(read_file(entry.path().string()))));
  }
  return canonical_json(files);
}

Result<Json> explain_decision(Transaction& transaction, const std::string& asked, const Today& today) {
  const auto found = TRY(find(transaction, asked));
  Json decisions = Json::array();
  bool identical = !found.decisions.empty();
  for (const auto& decision : found.decisions) {
    decisions.push_back(TRY(decision_json(transaction, decision, found, today)));
    identical = identical && decisions.back().at("replay").at("identical").get<bool>();
  }
  Json answer = {{"asked", asked},
                 {"case", nullptr},
                 {"decided_by", found.decided_by},
                 {"identical", identical},
                 {"decisions", std::move(decisions)}};
  if (found.benefit_case) {
    const auto& c = *found.benefit_case;
    answer["case"] = {{"id", c.id.str()},
                      {"title", c.title},
                      {"enterprise", c.enterprise_name},
                      {"tranche", c.tranche},
                      {"period", c.period},
                      {"state", to_text(c.state)},
                      {"amount_fen", c.amount ? Json(c.amount->fen()) : Json(nullptr)}};
  }
  return answer;
}

std::string decision_to_text(const Json& answer) {
  std::string out;
  if (const auto& c = answer.at("case"); c.is_object())
    out += "办件 " + text(c, "id") + " " + text(c, "enterprise") + " 《" + text(c, "title") + "》\n";
  for (const auto& decision : answer.at("decisions"))
    out += decision_text(decision, decision.at("id") == answer.at("decided_by"));
  out += answer.at("identical").get<bool>() ? "重算结果与留存逐项一致。" : "重算结果与留存不一致，见上。";
  return out;
}

}  // namespace zhida::flow
