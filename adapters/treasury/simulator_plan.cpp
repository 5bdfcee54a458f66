#include "adapters/treasury/simulator_plan.h"

#include <algorithm>

namespace zhida::treasury_simulator {
namespace {

unsigned draw(const std::string& text) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash ^ hash >> 15;
}

}  // namespace

std::vector<Step> plan(const Order& order, bool demo, const Calendar& calendar) {
  // 08:00 of the n-th working day after it was taken; day 0 is at once.
  const auto day = [&](int working_days) {
    return working_days == 0 ? order.taken_at
                             : calendar.plus_working_days(Date::of(order.taken_at), working_days).begins() + 8h;
  };
  const unsigned kind = demo && order.attempt == 1 ? draw(order.tracking_id) % 24 : 99;
  std::vector<Step> steps;
  const auto add = [&](Instant due, std::string state, std::string reason = {}) -> Step& {
    Step step;
    step.due = due;
    step.state = std::move(state);
    step.reason = std::move(reason);
    step.moves_money_out = step.state == "PAID";
    step.moves_money_back = step.state == "RETURNED";
    steps.push_back(std::move(step));
    return steps.back();
  };

  add(day(0), "ACCEPTED");
  switch (kind) {
    case 0:
    case 1:  // Sent back for correction.
      add(day(1), "SENT_BACK", "收款人开户行名称与行号不符，请核对后重新报送");
      break;
    case 2:
    case 3:  // Paid, and two days later the bank returns the money.
      add(day(1), "AUDITED");
      add(day(1), "VOUCHER");
      add(day(2), "PAID");
      add(day(4), "RETURNED", "收款账户状态异常，退汇");
      break;
    case 4:  // The return overtakes the word of the payment.
      add(day(1), "VOUCHER");
      add(day(2), "PAID").silent = true;
      add(day(3), "RETURNED", "户名不符，退汇");
      add(day(4), "PAID").moves_money_out = false;
      break;
    case 5:
    case 6:  // Everything is said twice.
      add(day(1), "AUDITED").wrong = Step::Wrong::sent_twice;
      add(day(1), "VOUCHER").wrong = Step::Wrong::sent_twice;
      add(day(2), "PAID").wrong = Step::Wrong::sent_twice;
      break;
    case 7:
    case 8:  // Late, and out of order: the voucher's number comes behind the payment.
      add(day(7), "PAID");
      add(day(8), "VOUCHER");
      add(day(8), "AUDITED");
      break;
    case 9:  // Somebody else's seal first, then the true word.
      add(day(1), "SENT_BACK", "此件印章非本单位").wrong = Step::Wrong::strange_seal;
      add(day(2), "PAID");
      break;
    case 10:  // An octet was changed after sealing, then the true word.
      add(day(1), "PAID").wrong = Step::Wrong::altered_octet;
      steps.back().moves_money_out = false;
      add(day(2), "PAID");
      break;
    default:
      add(day(1), "AUDITED");
      add(day(1), "VOUCHER");
      add(day(1), "PAID");
      break;
  }
  std::stable_sort(steps.begin(), steps.end(),
                   [](const Step& left, const Step& right) { return left.due < right.due; });
  for (std::size_t i = 0; i < steps.size(); ++i) steps[i].number = static_cast<int>(i);
  return steps;
}

}  // namespace zhida::treasury_simulator
