#include "flow/back_test.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "flow/policy_book.h"
#include "platform/crypto/digest.h"
#include "stages/matching/decision.h"
#include "stages/matching/evaluate.h"
#include "stages/matching/receipt_store.h"
#include "stages/matching/simulate.h"
#include "stages/profile/profile_store.h"

namespace zhida::flow {
namespace {

using matching::Policy;

constexpr std::size_t kAtOnce = 500;
constexpr std::size_t kNamed = 50;  ///< Firms named of each kind; all of them are counted.

struct Side {
  std::int64_t met = 0, not_met = 0, unknown = 0, fen = 0;

  void add(const Entitlement& outcome) {
    ++(outcome.verdict == Verdict::met ? met : outcome.verdict == Verdict::not_met ? not_met : unknown);
    if (outcome.amount) fen += outcome.amount->fen();
  }
  Json to_json(const std::optional<Policy>& policy) const {
    return {{"version", policy ? Json(policy->version) : Json(nullptr)},
            {"met", met},
            {"not_met", not_met},
            {"unknown", unknown},
            {"fen", fen}};
  }
};

/// Firms of one kind of change.
struct Moved {
  std::int64_t firms = 0, before_fen = 0, after_fen = 0;
  Json named = Json::array();

  void add(const EnterpriseProfile& firm, std::int64_t before, std::int64_t after) {
    ++firms;
    before_fen += before;
    after_fen += after;
    if (named.size() < kNamed)
      named.push_back({{"uscc", firm.uscc}, {"name", firm.name}, {"before_fen", before}, {"after_fen", after}});
  }
  Json to_json() const {
    return {{"firms", firms}, {"before_fen", before_fen}, {"after_fen", after_fen}, {"named", named}};
  }
};

class Comparison {
 public:
  Comparison(const std::optional<Policy>& before, const std::optional<Policy>& after, Date day,
             std::span<const Policy> others, matching::SimulationSettings settings)
      : before_(before), after_(after), day_(day), simulation_(after ? *after : *before, others, std::move(settings)) {
    digest_ = crypto::sha256("back-test " + (before ? before->version : "-") + " " + (after ? after->version : "-") +
                             " " + day.to_string());
  }

  void add(const EnterpriseProfile& firm) {
    ++firms_;
    std::string read = firm.uscc + " " + firm.division + " " + std::to_string(firm.sequence);
    const auto outcome = [&](const std::optional<Policy>& policy, Side& side) {
      if (!policy) {
        Entitlement none;
        none.verdict = Verdict::not_met;
        return none;
      }
      read += " " + matching::facts_text(*policy, firm, day_);
      auto out = matching::evaluate(*policy, firm, day_);
      side.add(out);
      return out;
    };
    const auto was = outcome(before_, before_side_), is = outcome(after_, after_side_);
    digest_ = crypto::sha256(digest_ + read);
    simulation_.add(firm);
    const auto fen = [](const Entitlement& e) { return e.amount ? e.amount->fen() : 0; };
    const bool met_before = was.verdict == Verdict::met, met_after = is.verdict == Verdict::met;
    if (!met_before && met_after) gained_.add(firm, 0, fen(is));
    if (met_before && !met_after) (is.verdict == Verdict::unknown ? doubtful_ : lost_).add(firm, fen(was), 0);
    if (met_before && met_after && was.amount != is.amount) changed_.add(firm, fen(was), fen(is));
    if (after_ && is.verdict == Verdict::not_met) miss(firm);
  }

  BackTestReport report(const Calendar& calendar) const {
    BackTestReport out;
    out.inputs_digest = to_hex(digest_);
    const auto simulated = simulation_.report(&calendar);
    Json overlap = Json::array();
    for (const auto& other : simulated.overlap)
      overlap.push_back({{"policy", other.policy},
                         {"title", other.title},
                         {"firms", other.both.firms},
                         {"fen", other.both.sum.fen()}});
    out.report = {{"day", day_.to_string()},
                  {"firms", firms_},
                  {"before", before_side_.to_json(before_)},
                  {"after", after_side_.to_json(after_)},
                  {"gained", gained_.to_json()},
                  {"lost", lost_.to_json()},
                  {"doubtful", doubtful_.to_json()},
                  {"changed", changed_.to_json()},
                  {"funnel", simulation_.funnel().to_json()},
                  {"near_misses", {{"firms", near_}, {"named", near_named_}}},
                  {"overlap", std::move(overlap)},
                  {"budget", nullptr}};
    if (simulated.budget)
      out.report["budget"] = {{"available_fen", simulated.budget->fen()},
                              {"firms_within", simulated.firms_within_budget},
                              {"lasts", simulated.budget_lasts}};
    return out;
  }

 private:
  void miss(const EnterpriseProfile& firm) {
    const auto misses = matching::near_misses(*after_, firm, day_);
    if (misses.empty()) return;
    ++near_;
    if (near_named_.size() < kNamed)
      near_named_.push_back({{"uscc", firm.uscc},
                             {"name", firm.name},
                             {"clause", misses.front().clause.id},
                             {"text", misses.front().clause.text},
                             {"value", misses.front().clause.value},
                             {"gap", misses.front().clause.gap}});
  }

  const std::optional<Policy>& before_;
  const std::optional<Policy>& after_;
  const Date day_;
  matching::Simulation simulation_;
  Bytes digest_;
  std::int64_t firms_ = 0, near_ = 0;
  Side before_side_, after_side_;
  Moved gained_, lost_, doubtful_, changed_;
  Json near_named_ = Json::array();
};

/// What may still be spent on the item this year; nullopt where its money is not an appropriation that we know.
Result<std::optional<Money>> available(storage::Transaction& transaction, const Policy& policy, Date day) {
  if (policy.handling.project_code.empty()) return std::optional<Money>();
  const auto rows = TRY(
      transaction.query("SELECT count(*), coalesce(sum(available_fen), 0) FROM appropriation WHERE pro_code = ? AND "
                        "fiscal_year = ? AND executable = 1 AND deleted = 0",
                        {policy.handling.project_code, static_cast<std::int64_t>(day.year())}, "ii"));
  if (rows.front().integer(0) == 0) return std::optional<Money>();
  return std::optional<Money>(Money::from_fen(rows.front().integer(1)));
}

}  // namespace

Result<BackTestReport> back_test(storage::Transaction& transaction, const Rooms& rooms,
                                 const std::optional<Policy>& before, const std::optional<Policy>& after) {
  const auto day = rooms.clock.today();
  const auto& item = after ? *after : *before;
  std::vector<Policy> others, both;
  for (const auto& policy : rooms.policies.all())
    if (policy.id != item.id) others.push_back(policy);
  if (before) both.push_back(*before);
  if (after) both.push_back(*after);
  std::vector<Policy> asking = others;
  asking.insert(asking.end(), both.begin(), both.end());

  matching::SimulationSettings settings;
  settings.day = day;
  settings.budget = TRY(available(transaction, item, day));
  Comparison comparison(before, after, day, others, std::move(settings));
  std::string last;
  for (;;) {
    auto firms = TRY(profile::load_profiles(transaction, last, kAtOnce, day, rooms.rules));
    CHECK_OK(matching::add_receipts(transaction, asking, firms));
    for (const auto& firm : firms) comparison.add(firm);
    if (firms.size() < kAtOnce) break;
    last = firms.back().uscc;
  }
  return comparison.report(rooms.calendar);
}

}  // namespace zhida::flow
