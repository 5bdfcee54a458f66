#include "flow/evidence_policy.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/bytes.h"
#include "flow/proposal_store.h"
#include "platform/crypto/digest.h"
#include "stages/matching/policy_store.h"

namespace zhida::flow {
namespace {

using storage::Transaction;

constexpr std::int64_t kRecordsMax = 1000;

class Gatherer {
 public:
  Gatherer(Transaction& transaction, CaseFacts& out) : transaction_(transaction), out_(out), case_(out.benefit_case) {}

  Result<void> run() {
    const auto proposal = TRY(proposal_of_version(transaction_, case_.policy, case_.policy_version, case_.state_since));
    if (!proposal) return nobody_was_asked();
    fact("policy.approval", {{"way", "people"},
                             {"version", case_.policy_version},
                             {"proposal", proposal->id},
                             {"in_force_since", to_rfc3339(*proposal->ended_at)}});
    std::int64_t looked_at = 0;
    for (const auto& hand : TRY(hands_of(transaction_, proposal->id))) {
      step(hand.hand, hand.role, hand.actor, hand.reason, hand.at);
      if (hand.back_test != 0) looked_at = hand.back_test;
    }
    auto data = proposal->data;
    for (const auto& anew : TRY(data_confirmations(transaction_, case_.policy, case_.policy_version))) {
      if (anew.at < *proposal->ended_at || anew.at > case_.state_since) continue;
      step("confirm_data", "data_officer", anew.actor, {}, anew.at);
      data = anew.data;
    }
    fact("policy.data", {{"sha256", to_hex(crypto::sha256(data))}});
    if (const auto test = TRY(find_back_test(transaction_, looked_at)))
      fact("policy.back_test", {{"day", test->day.to_string()},
                                {"at", to_rfc3339(test->at)},
                                {"base_version", test->base_version},
                                {"inputs_digest", test->inputs_digest},
                                {"report_sha256", to_hex(crypto::sha256(test->report))}});
    return records([&](const audit::AuditEntry& entry) {
      const auto of = entry.detail.find("proposal");
      if (of != entry.detail.end() && of->is_string() && !of->get_ref<const std::string&>().empty())
        return *of == proposal->id;
      return entry.kind == "policy_published" || entry.kind == "policy_confirmed";
    });
  }

 private:
  void fact(const std::string& name, Json value) { out_.facts[name] = std::move(value); }

  void step(const std::string& hand, const std::string& role, const std::string& actor, const std::string& reason,
            Instant at) {
    char name[32];
    std::snprintf(name, sizeof name, "policy.step.%02d", ++steps_);
    fact(name, {{"step", hand}, {"role", role}, {"at", to_rfc3339(at)}});
    fact(std::string(name) + ".actor", actor);
    if (!reason.empty()) fact(std::string(name) + ".reason", reason);
  }

  Result<void> nobody_was_asked() {
    Json since = nullptr;
    for (const auto& stored : TRY(matching::list_policies(transaction_)))
      if (stored.id == case_.policy && stored.version == case_.policy_version) since = to_rfc3339(stored.published_at);
    fact("policy.approval",
         {{"way", "at_start"}, {"version", case_.policy_version}, {"proposal", nullptr}, {"in_force_since", since}});
    return records([](const audit::AuditEntry& entry) { return entry.kind == "policy_published"; });
  }

  /// What the trail tells of this version up to the case's end, and of these steps.
  template <class Wanted>
  Result<void> records(const Wanted& wanted) {
    for (const char* kind :
         {"policy_proposed", "policy_back_tested", "policy_approved", "policy_confirmed", "policy_published"}) {
      audit::AuditFilter filter;
      filter.kind = kind;
      filter.subject_type = "policy";
      filter.subject_id = case_.policy.str();
      filter.limit = kRecordsMax;
      for (auto& record : TRY(audit::read_records(transaction_, filter))) {
        const auto version = record.entry.detail.find("version");
        if (version == record.entry.detail.end() || *version != case_.policy_version) continue;
        if (record.at <= case_.state_since && wanted(record.entry)) out_.records.push_back(std::move(record));
      }
    }
    return ok();
  }

  Transaction& transaction_;
  CaseFacts& out_;
  const BenefitCase& case_;
  int steps_ = 0;
};

}  // namespace

Result<void> gather_policy_steps(Transaction& transaction, CaseFacts& out) {
  return Gatherer(transaction, out).run();
}

}  // namespace zhida::flow
