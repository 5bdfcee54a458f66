#include "flow/evidence_facts.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <set>

#include "flow/evidence_policy.h"
#include "flow/evidence_rows.h"
#include "flow/office_store.h"
#include "flow/policy_book.h"
#include "platform/crypto/digest.h"
#include "stages/casework/case_store.h"
#include "stages/matching/explain.h"
#include "stages/matching/policy.h"
#include "stages/matching/policy_store.h"
#include "stages/matching/share_store.h"
#include "stages/treasury/treasury_store.h"

namespace zhida::flow {
namespace {

using storage::Transaction;

constexpr std::int64_t kRecordsMax = 5000;

std::string numbered(const char* stem, std::size_t number, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%s.%0*zu", stem, digits, number);
  return text;
}

Json fen_or_null(const std::optional<Money>& amount) {
  return amount ? Json(amount->fen()) : Json(nullptr);
}
Json day_or_null(const std::optional<Date>& day) {
  return day ? Json(day->to_string()) : Json(nullptr);
}

bool decided(const BenefitCase& c) {
  return is_end(c.state) || c.approved_once;
}

class Gatherer {
 public:
  Gatherer(Transaction& transaction, const Rooms& rooms) : transaction_(transaction), rooms_(rooms) {}

  Result<CaseFacts> run(const CaseId& id) {
    out_.benefit_case = TRY(casework::load_case(transaction_, id));
    if (!decided(case_()))
      return refuse("case_not_decided", "The case " + id.str() + " stands at " + to_text(case_().state) +
                                            "; a pack of evidence is made once it was decided.");
    CHECK_OK(the_case());
    CHECK_OK(verdict());
    CHECK_OK(decisions());
    CHECK_OK(money());
    CHECK_OK(offices());
    CHECK_OK(records());
    return std::move(out_);
  }

 private:
  const BenefitCase& case_() const { return out_.benefit_case; }
  void fact(const std::string& name, Json value) { out_.facts[name] = std::move(value); }
  void text_fact(const std::string& name, const std::string& text) {
    if (!text.empty()) fact(name, text);
  }

  Result<void> the_case() {
    const auto& c = case_();
    fact("case.id", c.id.str());
    fact("case.title", c.title);
    fact("case.policy", c.policy.str());
    fact("case.policy_version", c.policy_version);
    fact("case.division", c.division);
    fact("case.period", c.period);
    fact("case.tranche", c.tranche);
    fact("case.channel", matching::to_text(c.channel));
    fact("case.amount_fen", fen_or_null(c.amount));
    if (const auto shares = TRY(matching::load_shares(transaction_, c.id)); !shares.empty()) {
      Json parts = Json::array();
      for (const auto& share : shares)
        parts.push_back({{"payer", share.payer}, {"share_ppm", share.share_ppm}, {"amount_fen", share.amount.fen()}});
      fact("case.shares", std::move(parts));
    }
    fact("case.state", to_text(c.state));
    fact("case.state_since", to_rfc3339(c.state_since));
    text_fact("case.reason", c.reason);
    fact("firm.name", c.enterprise_name);
    fact("firm.uscc", c.uscc);
    if (c.payee) {
      fact("payee.name", c.payee->name);
      fact("payee.account_no", c.payee->account_no);
      fact("payee.bank_name", c.payee->bank_name);
      fact("payee.bank_no", c.payee->bank_no);
    }
    const auto body = TRY(matching::read_policy_body(transaction_, c.policy, c.policy_version));
    if (!body)
      return refuse("policy_version_missing", "Version " + c.policy_version + " of item " + c.policy.str() +
                                                  " is not in the store, so what the case stood on cannot be shown.");
    out_.policy_body = *body;
    return ok();
  }

  /// The outcome that the case was decided on: the last one of its version that is not younger than its profile.
  Result<std::optional<Entitlement>> outcome() {
    const auto& c = case_();
    const auto fits = [&](const Entitlement& e) {
      return e.policy_version == c.policy_version && e.profile_sequence <= c.profile_sequence;
    };
    if (auto now = TRY(matching::read_entitlement(transaction_, c.uscc, c.policy)); now && fits(*now)) return now;
    const auto history = TRY(matching::read_history(transaction_, c.uscc, c.policy));
    std::optional<Entitlement> best;
    for (const auto& entitlement : history)
      if (fits(entitlement)) best = entitlement;
    return best;
  }

  Result<void> verdict() {
    const auto entitlement = TRY(outcome());
    if (!entitlement) {
      fact("verdict", nullptr);
      return ok();
    }
    auto in_force = rooms_.policies.find(case_().policy);
    if (in_force != nullptr && in_force->version != case_().policy_version) in_force = nullptr;
    Json tranches = Json::array();
    for (const auto& tranche : entitlement->tranches)
      tranches.push_back({{"id", tranche.id}, {"amount_fen", tranche.amount.fen()}});
    fact("verdict", {{"verdict", to_text(entitlement->verdict)},
                     {"evaluated_on", entitlement->evaluated_on.to_string()},
                     {"amount_fen", fen_or_null(entitlement->amount)},
                     {"tranches", std::move(tranches)}});
    text_fact("verdict.amount_trace", entitlement->amount_trace);
    std::set<std::string> fields;
    if (in_force != nullptr) fields = matching::fields_of(*in_force);
    std::map<std::string, ClauseVerdict> said;
    std::size_t number = 0;
    for (const auto& clause : entitlement->clauses) {
      const std::string name = numbered("clause", ++number, 2);
      fact(name, {{"id", clause.id}, {"text", clause.text}, {"verdict", to_text(clause.verdict)}});
      if (clause.field.empty()) continue;
      fields.insert(clause.field);
      said.emplace(clause.field, clause);
      fact(name + ".data", {{"field", clause.field},
                            {"value", clause.value},
                            {"threshold", clause.threshold},
                            {"gap", clause.gap},
                            {"source", clause.source},
                            {"as_of", clause.as_of},
                            {"unknown_reason", clause.unknown_reason},
                            {"sentence", in_force == nullptr ? "" : matching::explain_clause(*in_force, clause)}});
    }
    return EvidenceRows(transaction_, rooms_, out_).gather(fields, said);
  }

  Result<void> decisions() {
    const auto& id = case_().id;
    for (const auto& event : TRY(casework::load_events(transaction_, id))) {
      const std::string name = numbered("event", static_cast<std::size_t>(event.seq), 3);
      fact(name, {{"event", event.event},
                  {"from", event.from_state},
                  {"to", event.to_state},
                  {"role", event.role},
                  {"department", event.department},
                  {"at", to_rfc3339(event.at)}});
      text_fact(name + ".actor", event.actor);
      text_fact(name + ".reason", event.reason);
    }
    std::size_t number = 0;
    for (const auto& review : TRY(casework::load_reviews(transaction_, id))) {
      const std::string name = numbered("review", ++number, 2);
      fact(name, {{"round", review.round},
                  {"department", review.department},
                  {"hand", review.hand},
                  {"decision", review.decision},
                  {"at", to_rfc3339(review.at)}});
      text_fact(name + ".actor", review.actor);
      text_fact(name + ".reason", review.reason);
    }
    number = 0;
    for (const auto& objection : TRY(casework::load_objections(transaction_, id))) {
      const std::string name = numbered("objection", ++number, 2);
      fact(name, {{"id", objection.id}, {"state", objection.state}, {"raised_at", to_rfc3339(objection.raised_at)}});
      text_fact(name + ".raised_by", objection.raised_by);
      text_fact(name + ".reason", objection.reason);
      text_fact(name + ".decided_by", objection.decided_by);
      text_fact(name + ".decision_reason", objection.decision_reason);
    }
    return ok();
  }

  void document(EvidenceDocument document, const std::string& message_id, const std::string& peer, Instant at) {
    document.fact = numbered("document", out_.documents.size() + 1, 2);
    fact(document.fact, {{"kind", document.kind},
                         {"title", document.title},
                         {"message_id", message_id},
                         {"peer", peer},
                         {"at", to_rfc3339(at)},
                         {"bytes", document.body.size()},
                         {"sm3", to_hex(crypto::sm3(document.body))},
                         {"sha256", to_hex(crypto::sha256(document.body))}});
    out_.documents.push_back(std::move(document));
  }

  /// Whether an answer has details of other cases.
  Result<bool> shared(const treasury::StoredAnswer& answer) {
    const auto rows = TRY(transaction_.query(
        "SELECT count(*) FROM treasury_message m LEFT JOIN payment_attempt a ON a.business_no = m.business_no WHERE "
        "m.peer = ? AND m.message_id = ? AND (a.case_id IS NULL OR a.case_id <> ?)",
        {answer.peer, answer.message_id, case_().id.str()}, "i"));
    return rows.front().integer(0) > 0;
  }

  Result<void> money() {
    const auto& c = case_();
    for (const auto& attempt : TRY(treasury::load_attempts(transaction_, c.id))) {
      const std::string name = numbered("payment", static_cast<std::size_t>(attempt.request.attempt), 2);
      fact(name, {{"business_no", attempt.request.business_no.str()},
                  {"amount_fen", attempt.request.amount.fen()},
                  {"state", to_text(attempt.state)},
                  {"state_at", to_rfc3339(attempt.state_at)},
                  {"paid_on", day_or_null(attempt.paid_on)},
                  {"paid_fen", attempt.paid.fen()},
                  {"returned_fen", attempt.returned.fen()}});
      fact(name + ".numbers", {{"appropriation", attempt.request.appropriation.str()},
                               {"pay_app_no", attempt.pay_app_no},
                               {"pay_cert_no", attempt.pay_cert_no},
                               {"agent_business_no", attempt.agent_business_no}});
      document({.kind = "payment_request",
                .title = "支付申请",
                .extension = "xml",
                .body = attempt.body,
                .seal = attempt.seal,
                .proof = attempt.seal_proof},
               attempt.message_id, "treasury", attempt.created_at);
      std::set<std::string> seen;  // One message may answer twice for one request.
      for (const auto& answer : TRY(treasury::load_answers(transaction_, attempt.request.business_no))) {
        if (!seen.insert(answer.message_id).second) continue;
        const bool others = TRY(shared(answer));
        document({.kind = "treasury_answer",
                  .title = "国库回复 " + answer.answer,
                  .extension = "xml",
                  .body = answer.body,
                  .seal = answer.seal,
                  .proof = answer.seal_proof,
                  .names_others = others},
                 answer.message_id, answer.peer, answer.received_at);
      }
    }
    for (const auto& row : TRY(transaction_.query("SELECT fund, message_id, body, seal, sent_at, acknowledged_at, "
                                                  "reference FROM fund_decision WHERE case_id = ?",
                                                  {c.id.str()}, "ttbbiit"))) {
      fact("fund",
           {{"fund", row.text(0)},
            {"acknowledged_at", row.is_null(5) ? Json(nullptr) : Json(to_rfc3339(from_millis(row.integer(5))))}});
      text_fact("fund.reference", row.text_or(6, ""));
      document(
          {.kind = "fund_decision", .title = "惠企决定", .extension = "json", .body = row.blob(2), .seal = row.blob(3)},
          row.text(1), row.text(0), from_millis(row.integer(4)));
    }
    return ok();
  }

  /// The last fact `stem.NN` that is like this; empty: none is.
  std::string last_fact(const std::string& stem, const Json& like) const {
    std::string name;
    for (auto it = out_.facts.lower_bound(stem); it != out_.facts.end() && it->first.starts_with(stem); ++it) {
      const auto same = [&](const auto& member) { return it->second.value(member.key(), Json()) == member.value(); };
      bool all = it->second.is_object();
      for (const auto& member : like.items()) all = all && same(member);
      if (all) name = it->first;
    }
    return name;
  }

  /// The document names the person who decided, and why: the facts that tell the same.
  std::vector<std::string> told_by(const OfficeDecision& decision, const Json& objection) const {
    if (objection.is_object()) {
      const auto name = last_fact("objection.", {{"id", objection.value("id", Json())}});
      if (!name.empty()) return {name + ".decided_by", name + ".decision_reason", name};
    }
    auto name = last_fact("review.", {{"round", decision.round},
                                      {"department", decision.department},
                                      {"hand", decision.hand},
                                      {"decision", decision.decision}});
    // A releaser's no is not among the reviews: before the final yes it refuses the case, after it ends the case.
    if (name.empty()) name = last_fact("event.", {{"event", "refused"}, {"role", "releaser"}});
    if (name.empty()) name = last_fact("event.", {{"event", "voided"}, {"role", "officer"}});
    if (name.empty()) return {"review.00.actor"};
    return {name + ".actor", name + ".reason"};
  }

  /// What departments decided, under their own seals and those of the persons who decided for them; without a seal,
  /// that there is none and why.
  Result<void> offices() {
    std::size_t number = 0;
    for (const auto& decision : TRY(decisions_of(transaction_, case_().id))) {
      const bool sealed = decision.state == "sealed", personal = !decision.holder.empty();
      const auto said = TRY(parse_json(decision.body));
      const auto objection = said.value("objection", Json());
      const auto tells = told_by(decision, objection);
      if (sealed)
        document({.kind = "office_decision",
                  .title = decision.department + (personal ? "决定（个人签章）" : "决定"),
                  .extension = "json",
                  .body = decision.body,
                  .seal = decision.seal,
                  .tells = tells},
                 decision.message_id, decision.department, decision.asked_at);
      const std::string name = numbered("office", ++number, 2);
      fact(name, {{"department", decision.department},
                  {"holder", holder_text(decision.holder)},
                  {"hand", decision.hand},
                  {"round", decision.round},
                  {"verdict", decision.decision},
                  {"required", decision.required},
                  {"state", decision.state},
                  {"code", decision.code},
                  {"seal_id", decision.es_id},
                  {"signed_at", decision.signed_at ? Json(to_rfc3339(*decision.signed_at)) : Json(nullptr)},
                  {"document", sealed ? Json(out_.documents.back().fact) : Json(nullptr)}});
      if (objection.is_object()) out_.facts[name]["objection"] = objection;
      if (!personal) continue;
      // A person's seal bears the person's name.
      out_.tied[name] = tells.front();
      if (sealed) out_.tied[out_.documents.back().fact] = tells.front();
    }
    fact("case.review_round", case_().review_round);
    return ok();
  }

  Result<void> records() {
    audit::AuditFilter filter;
    filter.case_id = case_().id.str();
    filter.limit = kRecordsMax;
    out_.records = TRY(audit::read_records(transaction_, filter));
    for (const auto& batch : out_.batches) {
      audit::AuditFilter of_batch;
      of_batch.trace_id = batch.trace_id;
      of_batch.kind = "batch_received";
      of_batch.subject_type = "batch";
      of_batch.subject_id = batch.batch_id;
      of_batch.limit = 1;
      if (batch.trace_id.empty()) continue;
      for (auto& record : TRY(audit::read_records(transaction_, of_batch))) out_.records.push_back(std::move(record));
    }
    CHECK_OK(gather_policy_steps(transaction_, out_));
    std::sort(out_.records.begin(), out_.records.end(), [](const auto& a, const auto& b) { return a.seq < b.seq; });
    return ok();
  }

  Transaction& transaction_;
  const Rooms& rooms_;
  CaseFacts out_;
};

}  // namespace

Result<CaseFacts> gather_facts(Transaction& transaction, const Rooms& rooms, const CaseId& id) {
  return Gatherer(transaction, rooms).run(id);
}

}  // namespace zhida::flow
