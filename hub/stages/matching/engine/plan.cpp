#include "stages/matching/engine/plan.h"

#include <algorithm>

#include "base/assert.h"
#include "stages/matching/engine/row_verdict.h"

namespace zhida::matching::engine {

Code ColumnCoder::number_code(std::int64_t value) const {
  // A search without branches: where a value lies is not to be guessed.
  const auto* first = cuts.data();
  for (auto left = cuts.size(); left > 0; left /= 2) {
    const auto half = left - left / 2;
    first += half & (std::size_t{0} - static_cast<std::size_t>(first[half - 1] <= value));
  }
  return static_cast<Code>(1 + (first - cuts.data()));
}

std::string ColumnCoder::answers_of(const Model& model, std::string_view text) const {
  std::string out((tests.size() + 7) / 8, '\0');
  for (std::size_t i = 0; i < tests.size(); ++i)
    if (model.text_tests[tests[i]].holds(text))
      out[i / 8] = static_cast<char>(static_cast<unsigned char>(out[i / 8]) | 1u << (i % 8));
  return out;
}

std::optional<Code> ColumnCoder::text_code(const Model& model, std::string_view text) const {
  const auto found = classes.find(answers_of(model, text));
  if (found == classes.end()) return std::nullopt;
  return found->second;
}

Code Plan::row_code(const std::byte* row, std::uint32_t column) const {
  return detail::load_code(*this, row, column);
}

Verdict Plan::atom_verdict(const std::byte* row, std::uint32_t atom) const {
  const auto value = detail::atom_value(*this, row, atom);
  return value == 3 ? Verdict::met : value == 2 ? Verdict::unknown : Verdict::not_met;
}

Verdict Plan::evaluate(const std::byte* row, std::uint32_t item) const {
  const auto value = detail::program_value(*this, programs[program_of_item[item]], row, row) & 3;
  return value == 3 ? Verdict::met : value == 2 ? Verdict::unknown : Verdict::not_met;
}

std::shared_ptr<const Plan> with_text(const Plan& plan, std::uint32_t column, std::string_view text) {
  const auto physical = plan.value_column[column];
  const auto& coder = plan.coders[column];
  ZHIDA_ASSERT(coder.kind == ValueKind::text && physical != kNone);
  if (coder.codes >= plan.columns[physical].codes_max()) return nullptr;
  auto out = std::make_shared<Plan>(plan);
  auto& grown = out->coders[column];
  const auto code = static_cast<Code>(++grown.codes);
  out->columns[physical].codes = code;
  const auto answers = grown.answers_of(out->model, text);
  grown.classes.emplace(answers, code);
  grown.answers.push_back(answers);
  for (std::size_t i = 0; i < out->atoms.size(); ++i) {
    auto& atom = out->atoms[i];
    if (atom.column != physical) continue;
    const auto test = std::ranges::find(grown.tests, out->model.atoms[i].text_test) - grown.tests.begin();
    if ((static_cast<unsigned char>(answers[static_cast<std::size_t>(test) / 8]) >> (test % 8) & 1) == 0) continue;
    // Ranges are laid out end to end: those of a grown atom move to the end.
    const auto first = static_cast<std::uint32_t>(out->ranges.size());
    for (std::uint32_t k = 0; k < atom.ranges; ++k) {
      const auto range = out->ranges[atom.first_range + k];
      out->ranges.push_back(range);
    }
    out->ranges.push_back({code, code});
    atom.first_range = first;
    ++atom.ranges;
    for (auto& step : out->steps)
      if (step.kind == StepKind::leaf && step.atom == i) step.plain = false;
  }
  if (out->model.scope_column == column) {
    // A scope that nobody has seen: which groups it rules out is worked out like for the others.
    std::vector<std::byte> row(out->row_bytes);
    detail::set_row_code(*out, row.data(), physical, code);
    for (std::uint32_t group = 0; group < out->groups.size(); ++group) {
      const auto atom = out->groups[group].atom;
      if (atom == kNone || detail::atom_value(*out, row.data(), atom) != 0)
        out->index.groups_of_scope.values.push_back(group);
    }
    out->index.groups_of_scope.close();
  }
  return out;
}

std::shared_ptr<const Plan> with_day(const Plan& plan, Day day) {
  auto out = std::make_shared<Plan>(plan);
  const auto later = std::int64_t{day} - plan.model.day;
  out->model.day = day;
  for (auto& column : out->columns)
    for (auto& cut : column.age_cuts) cut += later;
  for (const auto& window : out->windows)
    out->steps[window.step].constant =
        window.days.low <= day && day <= window.days.high ? Verdict::met : Verdict::not_met;
  return out;
}

}  // namespace zhida::matching::engine
