#include "stages/profile/derive.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "stages/profile/derived_inputs.h"

#include "base/money.h"

namespace zhida::profile {
namespace {

constexpr std::int64_t kFenPerWan = 1'000'000;  // 万元

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

/// `51`, `7010`, `54-58`: whether the code lies below.
bool below(std::string_view code, std::string_view prefix) {
  const auto dash = prefix.find('-');
  if (dash == std::string_view::npos) return code.starts_with(prefix);
  const auto low = number(prefix.substr(0, dash));
  const auto high = number(prefix.substr(dash + 1));
  if (!low || !high || code.size() < 2) return false;
  const auto own = number(code.substr(0, 2));
  return own.has_value() && own.value() >= low.value() && own.value() <= high.value();
}

std::string_view digits_of(std::string_view code) {
  while (!code.empty() && (code.front() < '0' || code.front() > '9')) code.remove_prefix(1);
  return code;
}

const std::int64_t* whole(const EnterpriseProfile& profile, const char* field) {
  const FieldState* const state = profile.find(field);
  return state == nullptr || !state->value ? nullptr : std::get_if<std::int64_t>(&state->value->data);
}

/// A derived value is as old as the oldest of what it follows from; unknown for the first reason found.
FieldState follow(const EnterpriseProfile& profile, const std::string& name, const std::vector<const char*>& inputs,
                  std::optional<FieldData> data) {
  FieldState out;
  std::optional<ProfileValue> origin;
  for (const char* input : inputs) {
    const FieldState* const state = profile.find(input);
    if (state == nullptr || !state->value) {
      if (state != nullptr) out.reason = state->reason;
      return out;
    }
    if (!origin) {
      origin = *state->value;
    } else {
      origin->as_of = std::min(origin->as_of, state->value->as_of);
      origin->received = std::max(origin->received, state->value->received);
    }
  }
  if (!data || !origin) return out;
  origin->data = std::move(*data);
  origin->source = "derived";
  origin->record_type = name;
  origin->record_id = 0;
  out.value = std::move(origin);
  return out;
}

FieldState sme_size(const EnterpriseProfile& profile, const std::string& name, const SizeRules& sizes) {
  SizeRules::Input input;
  const FieldState* const industry = profile.find("ent.industry_code");
  if (industry != nullptr && industry->value) input.industry_code = to_text(industry->value->data);
  input.employees = whole(profile, "report.employees");
  input.revenue_fen = whole(profile, "report.revenue_fen");
  input.assets_fen = whole(profile, "report.assets_fen");
  std::vector<std::string> missing;
  const auto size = sizes.classify(input, missing);
  std::vector<const char*> inputs{"ent.industry_code"};
  for (const auto& indicator : sizes.indicators(input.industry_code)) {
    inputs.push_back(indicator == "employees" ? "report.employees"
                     : indicator == "revenue" ? "report.revenue_fen"
                                              : "report.assets_fen");
  }
  static constexpr std::array<const char*, 4> kNames{"large", "medium", "small", "micro"};
  std::optional<FieldData> data;
  if (missing.empty() && size != SizeRules::Size::not_classifiable)
    data = std::string(kNames[static_cast<std::size_t>(size)]);
  return follow(profile, name, inputs, std::move(data));
}

FieldState layoff_rate(const EnterpriseProfile& profile, const std::string& name) {
  const std::int64_t* const leaving = whole(profile, "ui.new_benefit_count");
  const std::int64_t* const insured = whole(profile, "ui.insured_count");
  std::optional<FieldData> data;
  if (leaving != nullptr && insured != nullptr && *insured > 0 && *leaving >= 0) {
    // Money does the same arithmetic in 128 bits.
    const auto rate = Money::from_fen(*leaving).times(1'000'000, *insured, Rounding::half_up);
    if (rate) data = rate.value().fen();
  }
  return follow(profile, name, {"ui.new_benefit_count", "ui.insured_count"}, std::move(data));
}

}  // namespace

Result<SizeRules> SizeRules::parse(std::string_view csv) {
  SizeRules rules;
  std::size_t line_number = 0;
  for (auto line : split(csv, '\n')) {
    ++line_number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line_number == 1 || line.empty()) continue;
    const auto cells = split(line, ',');
    const auto wrong = [&](const std::string& what) {
      return refuse("size_rules_malformed",
                    "Line " + std::to_string(line_number) + " of the size table: " + what + ".");
    };
    if (cells.size() != 6) return wrong("there are not six cells");
    Bound bound;
    bound.indicator = std::string(cells[2]);
    if (bound.indicator != "employees" && bound.indicator != "revenue" && bound.indicator != "assets")
      return wrong("the indicator is unknown");
    const auto large = number(cells[3]);
    const auto medium = number(cells[4]);
    const auto small = number(cells[5]);
    if (!large || !medium || !small || *large < *medium || *medium < *small) return wrong("the bounds do not fall");
    bound.large_min = *large;
    bound.medium_min = *medium;
    bound.small_min = *small;
    if (rules.groups_.empty() || rules.groups_.back().name != cells[0]) {
      Group group;
      group.name = std::string(cells[0]);
      for (const auto prefix : split(cells[1], ';')) group.prefixes.emplace_back(prefix);
      rules.groups_.push_back(std::move(group));
    }
    rules.groups_.back().bounds.push_back(std::move(bound));
  }
  if (rules.groups_.empty()) return refuse("size_rules_malformed", "The size table is empty.");
  return rules;
}

const SizeRules::Group* SizeRules::group_of(std::string_view industry_code) const {
  const auto code = digits_of(industry_code);
  if (code.empty()) return nullptr;
  // The longest prefix decides: 7010 before the whole of 70.
  const Group* best = nullptr;
  std::size_t length = 0;
  for (const auto& group : groups_) {
    for (const auto& prefix : group.prefixes) {
      const std::size_t own = prefix.find('-') == std::string::npos ? prefix.size() : 1;
      if (own > length && below(code, prefix)) {
        best = &group;
        length = own;
      }
    }
  }
  return best;
}

std::vector<std::string> SizeRules::indicators(std::string_view industry_code) const {
  std::vector<std::string> out;
  if (const Group* const group = group_of(industry_code)) {
    for (const auto& bound : group->bounds) out.push_back(bound.indicator);
  }
  return out;
}

SizeRules::Size SizeRules::classify(const Input& input, std::vector<std::string>& missing) const {
  const Group* const group = group_of(input.industry_code);
  if (group == nullptr) return Size::not_classifiable;
  auto size = Size::large;
  for (const auto& bound : group->bounds) {
    const bool people = bound.indicator == "employees";
    const std::int64_t* const value = people                         ? input.employees
                                      : bound.indicator == "revenue" ? input.revenue_fen
                                                                     : input.assets_fen;
    if (value == nullptr) {
      missing.push_back(bound.indicator);
      continue;
    }
    const std::int64_t unit = people ? 1 : kFenPerWan;
    const auto reaches = [&](std::int64_t least) { return *value >= least * unit; };
    const auto own = reaches(bound.large_min)    ? Size::large
                     : reaches(bound.medium_min) ? Size::medium
                     : reaches(bound.small_min)  ? Size::small
                                                 : Size::micro;
    size = std::max(size, own);
  }
  return size;
}

std::vector<std::string> inputs_of(std::string_view derived_by) {
  if (derived_by == "sme_size")
    return {"ent.industry_code", "report.employees", "report.revenue_fen", "report.assets_fen"};
  if (derived_by == "layoff_rate") return {"ui.new_benefit_count", "ui.insured_count"};
  return {};
}

void derive_fields(EnterpriseProfile& profile, const FieldCatalogue& catalogue, const SizeRules& sizes) {
  for (const auto& [name, field] : catalogue.all()) {
    if (field.derived_by.empty()) continue;
    FieldState state;
    if (field.derived_by == "sme_size") {
      state = sme_size(profile, name, sizes);
    } else if (field.derived_by == "layoff_rate") {
      state = layoff_rate(profile, name);
    }
    if (state.value || state.reason != UnknownReason::missing) profile.fields.insert_or_assign(name, std::move(state));
  }
}

}  // namespace zhida::profile
