#include "stages/matching/engine/kernels.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace zhida::matching::engine {

const char* to_text(Path path) {
  switch (path) {
    case Path::portable:
      return "portable";
    case Path::baseline:
      return "baseline";
    case Path::avx2:
      return "avx2";
    case Path::avx512:
      break;
  }
  return "avx512";
}

std::vector<Path> available_paths() {
  std::vector<Path> out{Path::portable, Path::baseline};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt")) out.push_back(Path::avx2);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("popcnt"))
    out.push_back(Path::avx512);
#endif
  return out;
}

Path best_path() {
  return available_paths().back();
}

const Kernels& kernels(Path path) {
  switch (path) {
#if defined(__x86_64__)
    case Path::avx512:
      return detail::kAvx512Kernels;
    case Path::avx2:
      return detail::kAvx2Kernels;
#else
    case Path::avx512:
    case Path::avx2:
#endif
    case Path::baseline:
      return detail::kBaselineKernels;
    case Path::portable:
      break;
  }
  return detail::kPortableKernels;
}

void Scratch::Free::operator()(std::uint64_t* words) const {
  std::free(words);
}

Scratch::Words Scratch::words(std::size_t count) {
  auto* out = static_cast<std::uint64_t*>(std::aligned_alloc(64, std::max<std::size_t>(count, 8) * 8));
  if (out == nullptr) throw std::bad_alloc();
  return Words(out);
}

Scratch::Scratch(const Plan& plan)
    : truths_(words((plan.atoms.size() + plan.negated.size()) * kBlockWords)),
      unknowns_(words((plan.knowns.size() + 1) * kBlockWords)),
      slots_(words((plan.slots + 2) * 2 * kBlockWords)),
      truths_at_first_(plan.atoms.size() + plan.negated.size()),
      unknowns_at_first_(plan.knowns.size() + 1) {
  for (std::uint32_t i = 0; i < plan.atoms.size(); ++i) {
    truths_at_.push_back(truth_room(i));
    const auto& atom = plan.atoms[i];
    const auto& column = plan.columns[atom.column];
    if (plan.knowns[atom.known].age_column != kNone || atom.ranges != 1) continue;
    // From the upper half of the codes on: the highest plane says it.
    const auto range = plan.ranges[atom.first_range];
    if (range.low - 1u != 1u << (column.bits - 1) || range.high < column.codes) continue;
    direct_truths_.push_back({i, atom.column, column.bits - 1u});
    truths_at_first_[i] = UINT8_MAX;
  }
  for (std::size_t i = plan.atoms.size(); i < truths_at_first_.size(); ++i) truths_at_.push_back(truth_room(i));
  for (std::uint32_t i = 0; i < plan.knowns.size(); ++i) {
    unknowns_at_.push_back(unknown_room(i));
    const auto& known = plan.knowns[i];
    if (known.age_column != kNone) continue;
    direct_unknowns_.push_back({i, known.column, plan.columns[known.column].bits});
    unknowns_at_first_[i] = UINT8_MAX;
  }
  // Nobody is unknown.
  unknowns_at_.push_back(unknown_room(plan.knowns.size()));
  unknowns_at_first_.back() = UINT8_MAX;
  std::fill_n(unknown_room(plan.knowns.size()), kBlockWords, std::uint64_t{0});
}

void Scratch::begin_block(const std::byte* const* slices) {
  truths_done_ = truths_at_first_;
  unknowns_done_ = unknowns_at_first_;
  const auto plane = [&](const Direct& direct) {
    return reinterpret_cast<const std::uint64_t*>(slices[direct.column]) + direct.plane * kBlockWords;
  };
  for (const auto& direct : direct_truths_) truths_at_[direct.number] = plane(direct);
  for (const auto& direct : direct_unknowns_) unknowns_at_[direct.number] = plane(direct);
}

}  // namespace zhida::matching::engine
