#include "stages/matching/exclusion.h"

#include <algorithm>
#include <utility>

#include "stages/matching/beyond.h"

namespace zhida::matching {
namespace {

constexpr const char* kOnce = "once";

bool names(const Relations& from, const Relations& to) {
  return std::ranges::any_of(from.not_with, [&](const std::string& name) {
    return name == to.policy.str() || (!to.exclusive_group.empty() && name == to.exclusive_group);
  });
}

/// One entitlement among its rivals.
struct Seat {
  Entitlement* entitlement = nullptr;
  const Policy* policy = nullptr;
  Relations item;
  const Standing* own = nullptr;  // What the firm has of it already.
  bool takes_part = true;         // Its fate is not sealed by what the firm has.

  bool met() const { return entitlement->verdict == Verdict::met; }
  bool unknown() const { return entitlement->verdict == Verdict::unknown; }
  bool committed() const { return own != nullptr && own->committed; }
  Money amount() const { return entitlement->amount.value_or(Money{}); }
};

/// Greater sums first; equal sums: the lesser id.
bool better(Money left, const PolicyId& left_id, Money right, const PolicyId& right_id) {
  return left != right ? left > right : left_id < right_id;
}

void give_up(Entitlement& entitlement, Verdict verdict, std::string text, const Relations& rival,
             std::string unknown_reason = {}) {
  ClauseVerdict clause;
  clause.id = "exclusive";
  clause.text = std::move(text);
  clause.verdict = verdict;
  clause.value = rival.policy.str();
  clause.unknown_reason = std::move(unknown_reason);
  entitlement.clauses.push_back(std::move(clause));
  take_away(entitlement, verdict);
}

std::string quoted(const Relations& item) {
  return "“" + (item.title.empty() ? item.policy.str() : item.title) + "”";
}

/// What the firm has already decides about the seat.
void face_standing(Seat& seat, std::span<const Standing> standing, std::vector<ExclusionQuestion>& questions) {
  if (seat.own != nullptr && seat.own->money) {
    seat.takes_part = false;  // What money was asked for is settled by people, never by a later verdict.
    return;
  }
  // The one that went furthest decides first.
  const Standing* rival = nullptr;
  for (const auto& other : standing) {
    if (!other.committed || !exclude_each_other(seat.item, other.item)) continue;
    if (rival == nullptr || std::pair(other.money, other.amount) > std::pair(rival->money, rival->amount))
      rival = &other;
  }
  if (rival == nullptr) {
    seat.takes_part = !seat.committed();
    return;
  }
  seat.takes_part = false;
  if (!seat.met()) return;
  if (seat.committed() && !rival->money) {
    // Both were approved and neither was paid: the better one goes on.
    if (better(seat.amount(), seat.item.policy, rival->amount, rival->item.policy)) return;
    give_up(*seat.entitlement, Verdict::not_met, "从高不重复：已核准的" + quoted(rival->item) + "更优", rival->item);
    return;
  }
  if (!seat.committed() && rival->amount > Money{} && seat.amount() <= rival->amount) {
    give_up(*seat.entitlement, Verdict::not_met,
            "从高不重复：已核准或已享受" + quoted(rival->item) + "，金额不低于本项", rival->item);
    return;
  }
  give_up(*seat.entitlement, Verdict::unknown,
          "从高不重复：已核准或已享受" + quoted(rival->item) + "，是否补足差额由人工决定", rival->item,
          "rival_committed");
  questions.push_back({seat.item.policy, rival->item.policy});
}

}  // namespace

Relations relations_of(const Policy& policy) {
  return {policy.id, policy.title, policy.handling.period, policy.exclusive_group, policy.not_with};
}

bool has_relations(const Relations& relations) {
  return !relations.exclusive_group.empty() || !relations.not_with.empty();
}

bool exclude_each_other(const Relations& left, const Relations& right) {
  if (left.policy == right.policy) return false;
  if (left.period != right.period && left.period != kOnce && right.period != kOnce) return false;
  if (!left.exclusive_group.empty() && left.exclusive_group == right.exclusive_group) return true;
  return names(left, right) || names(right, left);
}

std::optional<Money> most_of(const Policy& policy) {
  const auto& amount = policy.amount;
  if (std::holds_alternative<ReliefAmount>(amount.rule) || std::holds_alternative<NoAmount>(amount.rule))
    return Money{};
  if (std::ranges::any_of(amount.multipliers, [](const Multiplier& one) { return one.cap.has_value(); }))
    return std::nullopt;
  if (amount.cap) return amount.cap;
  if (!amount.parts.empty() || !amount.multipliers.empty()) return std::nullopt;
  if (const auto* fixed = std::get_if<FixedAmount>(&amount.rule)) return fixed->amount;
  if (const auto* lookup = std::get_if<LookupAmount>(&amount.rule); lookup != nullptr && lookup->counts.empty()) {
    Money most;
    for (const auto& [code, sum] : lookup->amounts) most = std::max(most, sum);
    return most;
  }
  return std::nullopt;
}

std::vector<ExclusionQuestion> settle_exclusions(std::span<Entitlement> of_one_firm, std::span<const Policy> policies,
                                                 std::span<const Standing> standing) {
  std::vector<ExclusionQuestion> questions;
  std::vector<Seat> seats;
  for (auto& entitlement : of_one_firm) {
    const auto policy = std::ranges::find(policies, entitlement.policy, &Policy::id);
    if (policy == policies.end() || entitlement.verdict == Verdict::not_met) continue;
    Seat seat{&entitlement, &*policy, relations_of(*policy), nullptr, true};
    const auto own = std::ranges::find_if(standing, [&](const Standing& one) {
      return one.item.policy == seat.item.policy && one.item.period == seat.item.period;
    });
    if (own != standing.end()) seat.own = &*own;
    seats.push_back(std::move(seat));
  }
  for (auto& seat : seats) face_standing(seat, standing, questions);

  std::vector<Seat*> met;
  for (auto& seat : seats)
    if (seat.takes_part && seat.met()) met.push_back(&seat);
  std::ranges::sort(met, [](const Seat* left, const Seat* right) {
    return better(left->amount(), left->item.policy, right->amount(), right->item.policy);
  });
  // The best stays, and whatever does not exclude what stays. An unknown one that may be better leaves it open.
  struct Taken {
    const Seat* seat;
    const Seat* unless;  // Turns out met.
  };
  std::vector<Taken> taken;
  struct Loss {
    Seat* seat;
    const Relations* to;
    Verdict verdict;
  };
  std::vector<Loss> losses;
  for (auto* seat : met) {
    const Taken* winner = nullptr;
    for (const auto& one : taken) {
      if (!exclude_each_other(seat->item, one.seat->item)) continue;
      const bool certain = one.unless == nullptr || exclude_each_other(seat->item, one.unless->item);
      if (winner == nullptr || (certain && winner->unless != nullptr)) winner = &one;
    }
    if (winner != nullptr) {
      const bool certain = winner->unless == nullptr || exclude_each_other(seat->item, winner->unless->item);
      losses.push_back({seat, &winner->seat->item, certain ? Verdict::not_met : Verdict::unknown});
      continue;
    }
    const Seat* unless = nullptr;
    for (const auto& other : seats) {
      if (!other.unknown() || other.policy->kind == ItemKind::reminder || !other.takes_part) continue;
      if (!exclude_each_other(seat->item, other.item)) continue;
      const auto most = most_of(*other.policy);
      if (most && !better(*most, other.item.policy, seat->amount(), seat->item.policy)) continue;
      unless = &other;
      break;
    }
    taken.push_back({seat, unless});
    if (unless != nullptr) losses.push_back({seat, &unless->item, Verdict::unknown});
  }
  // Only now, so that nobody is compared with a sum that was taken away already.
  for (const auto& loss : losses) {
    if (loss.verdict == Verdict::not_met)
      give_up(*loss.seat->entitlement, Verdict::not_met, "从高不重复：" + quoted(*loss.to) + "更优", *loss.to);
    else
      give_up(*loss.seat->entitlement, Verdict::unknown, "从高不重复：" + quoted(*loss.to) + "尚待核实，可能更优",
              *loss.to, "rival_unknown");
  }
  return questions;
}

}  // namespace zhida::matching
