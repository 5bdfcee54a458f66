#include "stages/matching/facts.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "stages/matching/amount.h"

namespace zhida::matching {
namespace {

constexpr const char* kDerived = "derived";

/// Unknown if a part is, for the first reason found; as old as the oldest part. A sum of money is never below nothing,
/// not even by a fraction of a fen.
FieldState derive(const DerivedField& field, bool is_sum,
                  const std::function<const FieldState*(const std::string&)>& find, Date day) {
  FieldState out;
  ProfileValue value;
  value.as_of = day;
  for (const auto& name : field.formula.fields()) {
    const auto* state = find(name);
    if (state == nullptr || !state->value || !std::holds_alternative<std::int64_t>(state->value->data)) {
      if (state != nullptr && !state->value) out.reason = state->reason;
      return out;
    }
    value.as_of = std::min(value.as_of, state->value->as_of);
    value.received = std::max(value.received, state->value->received);
  }
  auto exact = field.formula.evaluate([&](const std::string& name) -> std::optional<std::int64_t> {
    return std::get<std::int64_t>(find(name)->value->data);
  });
  if (exact && is_sum && exact->negative()) return out;
  if (exact && field.type == FieldType::rate_ppm) exact = exact->times(Fraction(1'000'000));
  const auto whole = exact ? exact->rounded(field.rounding) : std::nullopt;
  if (!whole) return out;  // Division by zero, or out of range: there is no such value.
  value.data = *whole;
  value.source = kDerived;
  value.record_type = field.name;
  out.value = std::move(value);
  return out;
}

/// Whether somebody else says what the value is. A formula's sum is nobody's but the item's.
bool reported(const Policy& policy, const DerivedField& field, const EnterpriseProfile& profile) {
  const auto* state = profile.find(field.name);
  return state != nullptr && state->value && state->value->source != kDerived && field.name != formula_field(policy.id);
}

/// Whether what else happens to a formula's sum may need more room than the formula itself did.
bool goes_on(const Policy& policy) {
  const auto& amount = policy.amount;
  return std::holds_alternative<FormulaAmount>(amount.rule) && (!amount.multipliers.empty() || !amount.parts.empty());
}

}  // namespace

Facts::Facts(const Policy& policy, const EnterpriseProfile& profile, Date day)
    : policy_(policy), profile_(profile), day_(day) {
  for (const auto& datum : policy.region_data) {
    FieldState state;
    if (const auto* data = datum.find(profile.division)) {
      ProfileValue value;
      value.data = *data;
      value.source = "region";
      value.as_of = day;
      state.value = std::move(value);
    }
    own_[datum.name] = std::move(state);
  }
  for (const auto& field : policy.derived) {
    if (reported(policy, field, profile)) continue;
    own_[field.name] = derive(
        field, field.name == formula_field(policy.id), [this](const std::string& name) { return find(name); }, day);
  }
  if (!goes_on(policy)) return;
  // A sum that cannot be reckoned to its end is not known from its beginning either: who asks for what a sum needs is
  // told the same as who reckons it.
  const auto sum = own_.find(formula_field(policy.id));
  if (sum == own_.end() || !sum->second.value) return;
  const auto reckoned = compute_amount(policy, *this);
  if (reckoned.verdict == Verdict::unknown && reckoned.clause && reckoned.clause->unknown_reason == "out_of_range")
    sum->second = FieldState();
}

const FieldState* Facts::find(const std::string& field) const {
  if (!own_.empty()) {
    const auto own = own_.find(field);
    if (own != own_.end()) return &own->second;
  }
  return profile_.find(field);
}

const FieldData* Facts::datum(const std::string& name) const {
  const auto found = std::ranges::find(policy_.region_data, name, &RegionDatum::name);
  return found == policy_.region_data.end() ? nullptr : found->find(profile_.division);
}

void derive_into(const Policy& policy, EnterpriseProfile& profile) {
  if (policy.derived.empty()) return;
  const Facts facts(policy, profile, profile.as_of);
  std::vector<std::pair<std::string, FieldState>> made;
  for (const auto& field : policy.derived) {
    if (reported(policy, field, profile)) continue;
    made.emplace_back(field.name, *facts.find(field.name));
  }
  for (auto& [name, state] : made) profile.fields.insert_or_assign(name, std::move(state));
}

std::vector<std::string_view> codes_of(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kSeparators = {"、", ",", "，", ";", "；"};
  std::vector<std::string_view> out;
  std::size_t begin = 0, at = 0;
  const auto put = [&](std::size_t end) {
    auto part = text.substr(begin, end - begin);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) out.push_back(part);
  };
  while (at < text.size()) {
    std::size_t width = 0;
    for (const auto separator : kSeparators)
      if (text.substr(at).starts_with(separator)) width = separator.size();
    if (width == 0) {
      ++at;
      continue;
    }
    put(at);
    at += width;
    begin = at;
  }
  put(at);
  return out;
}

}  // namespace zhida::matching
