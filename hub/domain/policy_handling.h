#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "domain/entitlement.h"

namespace zhida {

/// Whose hand a step of a case is. No person may lend two hands to one case.
enum class Hand {
  maker,     ///< 经办: looks at the case first.
  checker,   ///< 复核: looks at it after the maker.
  releaser,  ///< Says the final yes.
};
const char* to_text(Hand hand);  ///< `maker`, `checker`, `releaser`

/// One look that a department takes at a case. Steps are done in the order of the list.
struct ReviewStep {
  std::string department;  ///< As people call it: `科技局`.
  Hand hand = Hand::checker;
};

/// Makers and checkers for a list of departments: the first department makes and every further one checks. A single
/// department does both, by two persons.
std::vector<ReviewStep> review_steps(const std::vector<std::string>& departments);

enum class DayUnit { working, calendar };

/// Which accounts a payment may go to.
enum class PayeeRule {
  own_account,  ///< The account's name must be the firm's name, compared in the form of text::name_key.
  any_account,  ///< 个体户 without a corporate account, 劳务派遣, loan interest through a bank: the name may differ.
};

/// How one policy item is handled once a firm meets it. Every number is a setting of the place, not of the program.
struct HandlingSettings {
  PolicyId policy;
  std::string title;   ///< Shown to the firm and written into the request's purpose (USE_DES).
  std::string period;  ///< What the benefit is for: `2025`; together with policy, firm and tranche it is paid once.
  Channel channel = Channel::appropriation;
  std::string pro_code;  ///< PRO_CODE of the appropriation; only for Channel::appropriation.
  std::string fund;      ///< Who carries out a sealed decision: `social_security`; only for the fund channel.
  std::vector<ReviewStep> reviews;
  int confirm_days = 15;   ///< Working days that the firm has to confirm; then the case lapses.
  int review_days = 5;     ///< Working days that each review step has; then it is reported as overdue.
  int publicity_days = 5;  ///< 0: no publicity.
  DayUnit publicity_unit = DayUnit::working;
  bool publicity_counts_first_day = true;
  PayeeRule payee_rule = PayeeRule::own_account;
  /// Reliefs are decided without anybody asking the firm or a department.
  bool confirm_needed() const { return channel != Channel::relief; }
};

/// The settings of an item; nullopt where the item is not in force any more (its open cases keep what they have).
using HandlingBook = std::function<std::optional<HandlingSettings>(const PolicyId&)>;

}  // namespace zhida
