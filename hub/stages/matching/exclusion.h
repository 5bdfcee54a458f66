#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/money.h"
#include "domain/entitlement.h"
#include "stages/matching/policy.h"

// 从高不重复 and 不得同时享受: which of a firm's benefits gives way to which, looking at its cases too. Pure.
namespace zhida::matching {

/// What an item says about others.
struct Relations {
  PolicyId policy;
  std::string title;
  std::string period;
  std::string exclusive_group;
  std::vector<std::string> not_with;
};
Relations relations_of(const Policy& policy);
bool has_relations(const Relations& relations);
/// Whether a firm may not have both: the same group, or one names the other or its group, for periods that meet (a
/// benefit that is had `once` meets every period).
bool exclude_each_other(const Relations& left, const Relations& right);

/// What a firm has of an item in a period: its cases that have not ended, taken together.
struct Standing {
  Relations item;
  bool committed = false;  ///< The final yes was given to a part of it.
  bool money = false;      ///< Money was asked for or paid, a decision was sent, a relief granted.
  Money amount;            ///< Of all its parts; zero for reliefs.
};

/// Something that people must decide: whether the difference is paid, or nothing.
struct ExclusionQuestion {
  PolicyId policy;     ///< Meets its conditions, and is not opened.
  PolicyId committed;  ///< What the firm has already.
};

/// Changes the entitlements of one firm that give way, and says so in a clause `exclusive`:
/// - to an item that was approved, or that money was asked for: a lesser one is not met; a better one is unknown, and a
///   person is asked. What is approved itself stays as it is, unless money went to a rival, or a better rival is
///   approved too;
/// - to a better one that is met (equal sums: the lesser id stays): not met;
/// - to one that is unknown and may turn out better: unknown.
/// Items that cannot be found by data (reminders) keep nobody waiting.
std::vector<ExclusionQuestion> settle_exclusions(std::span<Entitlement> of_one_firm, std::span<const Policy> policies,
                                                 std::span<const Standing> standing);

/// The most that the item can give anybody; nullopt where its rule has no bound.
std::optional<Money> most_of(const Policy& policy);

}  // namespace zhida::matching
