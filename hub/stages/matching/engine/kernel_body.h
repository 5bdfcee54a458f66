// Inside the engine only, and included once by each kernels_<set>.cpp, behind its choice of instructions and everything
// else it includes: what stands here is compiled for that set. `Isa` is a type of that file alone, so that the copies
// never meet in the linker.
#pragma once
#include "stages/matching/engine/kernels.h"

namespace zhida::matching::engine::detail {

/// One block, program by program. A vector (512 rows) that nobody can meet any more is left out of all later steps.
template <class Isa>
class BlockRun {
 public:
  BlockRun(const Plan& plan, const BlockCodes& block, Scratch& scratch, ResultPart& out)
      : plan_(plan), block_(block), scratch_(scratch), out_(out) {}

  void all() {
    for (const auto& group : plan_.groups) {
      const unsigned live = begin_group(group);
      if (live == 0) continue;
      for (std::uint32_t i = 0; i < group.programs; ++i) run(plan_.programs[group.first_program + i], live);
    }
  }

  void some(std::span<const std::uint32_t> only) {
    std::uint32_t group = kNone;
    unsigned live = 0;
    for (const auto number : only) {
      const auto& program = plan_.programs[number];
      if (program.group != group) live = begin_group(plan_.groups[group = program.group]);
      if (live != 0) run(program, live);
    }
  }

 private:
  using Register = typename Isa::Register;
  static constexpr unsigned kAll = (1u << kVectors) - 1;

  /// The group's own verdict goes to the slot behind all others.
  unsigned begin_group(const Group& group) {
    auto* met = scratch_.met(plan_.slots + 1);
    auto* possible = scratch_.possible(plan_.slots + 1);
    const std::uint64_t* truth = group.atom == kNone ? nullptr : truth_of(group.atom, kAll);
    const std::uint64_t* unknown = group.atom == kNone ? nullptr : unknown_of(plan_.atoms[group.atom].known, kAll);
    unsigned live = 0;
    for (std::size_t v = 0; v < kVectors; ++v) {
      const auto at = v * kVectorWords;
      auto rows = block_.live == nullptr ? Isa::ones() : Isa::load_unaligned(block_.live + at);
      if (truth == nullptr) {
        Isa::store(met + at, rows);
        Isa::store(possible + at, rows);
      } else {
        const auto t = Isa::load(truth + at);
        Isa::store(met + at, Isa::both(t, rows));
        rows = Isa::both(Isa::either(t, Isa::load(unknown + at)), rows);
        Isa::store(possible + at, rows);
      }
      live |= static_cast<unsigned>(Isa::any(rows)) << v;
    }
    return live;
  }

  /// Asks for some of the next block: memory then works while we do, and does not keep us waiting in its turn.
  [[gnu::always_inline]] void fetch_ahead() {
    constexpr int kLinesAtOnce = 6;
    if (block_.ahead == nullptr) return;
    for (int i = 0; i < kLinesAtOnce && ahead_column_ < plan_.columns.size(); ++i) {
      __builtin_prefetch(block_.ahead[ahead_column_] + ahead_at_, 0, 2);
      ahead_at_ += 64;
      if (ahead_at_ < plan_.columns[ahead_column_].block_bytes()) continue;
      ahead_at_ = 0;
      ++ahead_column_;
    }
  }

  void run(const Program& program, unsigned live) {
    const std::uint64_t* met = scratch_.met(plan_.slots + 1);
    const std::uint64_t* possible = scratch_.possible(plan_.slots + 1);
    const Pass* pass = plan_.passes.data() + program.first_pass;
    for (const Pass* const end = pass + program.passes; pass != end; ++pass) {
      fetch_ahead();
      live = go(*pass, met, possible, live);
      if (live == 0) return;
      met = scratch_.met(0);
      possible = scratch_.possible(0);
    }
    emit(program.item, met, possible, live);
  }

  void emit(std::uint32_t item, const std::uint64_t* met, const std::uint64_t* possible, unsigned live) {
    auto* const room = out_.room();
    auto* place = room;
    unsigned met_vectors = 0, unknown_vectors = 0;
    typename Isa::Count rows_met, rows_unknown;
    for (unsigned left = live; left != 0; left &= left - 1) {
      const auto v = static_cast<unsigned>(__builtin_ctz(left));
      const auto rows = Isa::load(met + v * kVectorWords);
      if (!Isa::any(rows)) continue;
      met_vectors |= 1u << v;
      Isa::store(place, rows);
      rows_met.add(rows);
      place += kVectorWords;
    }
    for (unsigned left = live; left != 0; left &= left - 1) {
      const auto v = static_cast<unsigned>(__builtin_ctz(left));
      const auto rows = Isa::without(Isa::load(possible + v * kVectorWords), Isa::load(met + v * kVectorWords));
      if (!Isa::any(rows)) continue;
      unknown_vectors |= 1u << v;
      Isa::store(place, rows);
      rows_unknown.add(rows);
      place += kVectorWords;
    }
    if ((met_vectors | unknown_vectors) == 0) return;
    out_.add(item, block_.number, static_cast<std::uint8_t>(met_vectors), static_cast<std::uint8_t>(unknown_vectors),
             rows_met.all(), rows_unknown.all());
  }

  /// What is said of one vector.
  struct Said {
    Register met, possible;
  };

  /// One pass over the vectors that are left; which ones are left then. What held before is read from `met` and
  /// `possible`, what holds now is in slot 0.
  unsigned go(const Pass& pass, const std::uint64_t* met, const std::uint64_t* possible, unsigned live) {
    static_assert(Pass::kLeavesMax == 4);
    const auto* leaves = plan_.leaves.data() + pass.first;
    switch (pass.kind) {
      case Pass::Kind::all:
        switch (pass.count) {
          case 1:
            return conjoin_all<1>(leaves, met, possible, live);
          case 2:
            return conjoin_all<2>(leaves, met, possible, live);
          case 3:
            return conjoin_all<3>(leaves, met, possible, live);
          default:
            return conjoin_all<4>(leaves, met, possible, live);
        }
      case Pass::Kind::any:
        switch (pass.count) {
          case 2:
            return conjoin_any<2>(leaves, met, possible, live);
          case 3:
            return conjoin_any<3>(leaves, met, possible, live);
          default:
            return conjoin_any<4>(leaves, met, possible, live);
        }
      case Pass::Kind::steps:
        break;
    }
    for (std::uint32_t i = 0; i + 1 < pass.count; ++i) into_slot(pass.first + i, live);
    return conjoin_step(pass.first + pass.count - 1, met, possible, live);
  }

  /// Where the rows of some leaves stand; the vectors asked for are worked out.
  template <unsigned kLeaves>
  struct Leaves {
    const std::uint64_t* truth[kLeaves];
    const std::uint64_t* unknown[kLeaves];
    [[gnu::always_inline]] Leaves(BlockRun& run, const BlockLeaf* leaves, unsigned live) {
      for (unsigned i = 0; i < kLeaves; ++i) {
        truth[i] = run.truth_of(leaves[i].truth, live);
        unknown[i] = run.unknown_of(leaves[i].unknown, live);
      }
    }
  };

  template <unsigned kLeaves>
  [[gnu::noinline]] unsigned conjoin_all(const BlockLeaf* leaves, const std::uint64_t* met,
                                         const std::uint64_t* possible, unsigned live) {
    const Leaves<kLeaves> rows(*this, leaves, live);
    return conjoin(met, possible, live, [&](Said before, std::size_t at) [[gnu::always_inline]] {
#pragma GCC unroll 4
      for (unsigned i = 0; i < kLeaves; ++i) {
        const auto t = Isa::load(rows.truth[i] + at);
        before.met = Isa::both(before.met, t);
        before.possible = Isa::narrowed(before.possible, t, Isa::load(rows.unknown[i] + at));
      }
      return before;
    });
  }

  template <unsigned kLeaves>
  [[gnu::noinline]] unsigned conjoin_any(const BlockLeaf* leaves, const std::uint64_t* met,
                                         const std::uint64_t* possible, unsigned live) {
    const Leaves<kLeaves> rows(*this, leaves, live);
    return conjoin(met, possible, live, [&](Said before, std::size_t at) [[gnu::always_inline]] {
      auto t = Isa::load(rows.truth[0] + at), u = Isa::load(rows.unknown[0] + at);
#pragma GCC unroll 4
      for (unsigned i = 1; i < kLeaves; ++i) {
        t = Isa::either(t, Isa::load(rows.truth[i] + at));
        u = Isa::either(u, Isa::load(rows.unknown[i] + at));
      }
      return Said{Isa::both(before.met, t), Isa::narrowed(before.possible, t, u)};
    });
  }

  template <class Narrow>
  [[gnu::always_inline]] unsigned conjoin(const std::uint64_t* met, const std::uint64_t* possible, unsigned live,
                                          const Narrow& narrow) {
    auto* const met_out = scratch_.met(0);
    auto* const possible_out = scratch_.possible(0);
    unsigned still = 0;
    for (unsigned left = live; left != 0; left &= left - 1) {
      const auto v = static_cast<unsigned>(__builtin_ctz(left));
      const auto at = v * kVectorWords;
      const Said said = narrow(Said{Isa::load(met + at), Isa::load(possible + at)}, at);
      Isa::store(met_out + at, said.met);
      Isa::store(possible_out + at, said.possible);
      still |= static_cast<unsigned>(Isa::any(said.possible)) << v;
    }
    return still;
  }

  static Said constant(const Step& step) {
    return {step.constant == Verdict::met ? Isa::ones() : Isa::zeros(),
            step.constant == Verdict::not_met ? Isa::zeros() : Isa::ones()};
  }

  unsigned conjoin_step(std::uint32_t number, const std::uint64_t* met, const std::uint64_t* possible, unsigned live) {
    const auto& step = plan_.steps[number];
    if (step.kind == StepKind::leaf) return conjoin_all<1>(&plan_.leaf_of_step[number], met, possible, live);
    const auto says = constant(step);
    const auto* m = scratch_.met(1);
    const auto* p = scratch_.possible(1);
    const bool merges = step.kind == StepKind::merge;
    return conjoin(met, possible, live, [&](const Said& before, std::size_t at) [[gnu::always_inline]] {
      if (!merges) return Said{Isa::both(before.met, says.met), Isa::both(before.possible, says.possible)};
      return Said{Isa::both(before.met, Isa::load(m + at)), Isa::both(before.possible, Isa::load(p + at))};
    });
  }

  template <class Say>
  [[gnu::always_inline]] void take_in(const Step& step, unsigned live, const Say& say) {
    auto* met = scratch_.met(step.slot);
    auto* possible = scratch_.possible(step.slot);
    for (unsigned left = live; left != 0; left &= left - 1) {
      const auto at = static_cast<std::size_t>(__builtin_ctz(left)) * kVectorWords;
      Said said = say(at);
      if (step.into == Into::disjoin)
        said = {Isa::either(Isa::load(met + at), said.met), Isa::either(Isa::load(possible + at), said.possible)};
      else if (step.into == Into::conjoin)
        said = {Isa::both(Isa::load(met + at), said.met), Isa::both(Isa::load(possible + at), said.possible)};
      Isa::store(met + at, said.met);
      Isa::store(possible + at, said.possible);
    }
  }

  void into_slot(std::uint32_t number, unsigned live) {
    const auto& step = plan_.steps[number];
    switch (step.kind) {
      case StepKind::leaf: {
        const Leaves<1> rows(*this, &plan_.leaf_of_step[number], live);
        return take_in(step, live, [&](std::size_t at) [[gnu::always_inline]] {
          const auto t = Isa::load(rows.truth[0] + at);
          return Said{t, Isa::either(t, Isa::load(rows.unknown[0] + at))};
        });
      }
      case StepKind::merge: {
        const auto* m = scratch_.met(step.slot + 1u);
        const auto* p = scratch_.possible(step.slot + 1u);
        return take_in(step, live, [&](std::size_t at) [[gnu::always_inline]] {
          return Said{Isa::load(m + at), Isa::load(p + at)};
        });
      }
      case StepKind::constant:
        break;
    }
    const auto says = constant(step);
    take_in(step, live, [&](std::size_t) [[gnu::always_inline]] { return says; });
  }

  // Atoms, worked out once a block and vector, when first needed.

  /// Which rows of a vector have `code - 1` >= limit, which is not 0: from the lowest bit of the limit that is set, a
  /// plane more each time: where the limit has the bit, the row must have it and what went before must hold; where it
  /// has not, a row that has it is greater.
  [[gnu::always_inline]] static Register at_least(const std::uint64_t* planes, unsigned bits, unsigned limit) {
    auto i = static_cast<unsigned>(__builtin_ctz(limit));
    auto rows = Isa::load(planes + i * kBlockWords);
    for (++i; i < bits; ++i) rows = Isa::weave(rows, Isa::load(planes + i * kBlockWords), (limit >> i & 1) != 0);
    return rows;
  }

  /// Which rows of a vector have `code - 1` == value.
  [[gnu::always_inline]] static Register equal(const std::uint64_t* planes, unsigned bits, unsigned value) {
    // Rows without a value have nothing in any plane.
    auto rows = value == 0 ? Isa::opposite(Isa::load(planes + bits * kBlockWords)) : Isa::ones();
    for (unsigned i = 0; i < bits; ++i)
      rows = Isa::pick(rows, Isa::load(planes + i * kBlockWords), (value >> i & 1) != 0);
    return rows;
  }

  /// Which rows of a vector have a code within the range.
  [[gnu::always_inline]] static Register within(const CodeColumn& column, const std::uint64_t* planes,
                                                CodeRange range) {
    if (range.low == range.high) return equal(planes, column.bits, range.low - 1u);
    auto rows = range.low > 1 ? at_least(planes, column.bits, range.low - 1u)
                              : Isa::opposite(Isa::load(planes + column.bits * kBlockWords));
    if (range.high < column.codes) rows = Isa::without(rows, at_least(planes, column.bits, range.high));
    return rows;
  }

  // The same for several vectors side by side: what a plane is asked is then worked out once for all of them, and none
  // waits for another. Written out vector by vector (a loop would keep them in memory).
  static constexpr unsigned kMany = Isa::kSideBySide;
  struct Many {
    Register rows[kMany];
  };
  struct Load {
    [[gnu::always_inline]] Register operator()(const Register&, const Register& y) const { return y; }
  };
  struct LoadOpposite {
    [[gnu::always_inline]] Register operator()(const Register&, const Register& y) const { return Isa::opposite(y); }
  };
  struct Both {
    [[gnu::always_inline]] Register operator()(const Register& x, const Register& y) const { return Isa::both(x, y); }
  };
  struct Either {
    [[gnu::always_inline]] Register operator()(const Register& x, const Register& y) const { return Isa::either(x, y); }
  };
  struct Without {
    [[gnu::always_inline]] Register operator()(const Register& x, const Register& y) const {
      return Isa::without(x, y);
    }
  };
  struct Weave {
    bool one;
    [[gnu::always_inline]] Register operator()(const Register& x, const Register& y) const {
      return Isa::weave(x, y, one);
    }
  };
  struct Pick {
    bool one;
    [[gnu::always_inline]] Register operator()(const Register& x, const Register& y) const {
      return Isa::pick(x, y, one);
    }
  };

  /// Takes a plane in.
  template <class Combine, unsigned kFirst = 0>
  [[gnu::always_inline]] static void each(Many& many, const std::uint64_t* from, Combine combine) {
    many.rows[kFirst] = combine(many.rows[kFirst], Isa::load(from + kFirst * kVectorWords));
    if constexpr (kFirst + 1 < kMany) each<Combine, kFirst + 1>(many, from, combine);
  }
  /// Takes others in.
  template <class Combine, unsigned kFirst = 0>
  [[gnu::always_inline]] static void each(Many& many, const Many& others, Combine combine) {
    many.rows[kFirst] = combine(many.rows[kFirst], others.rows[kFirst]);
    if constexpr (kFirst + 1 < kMany) each<Combine, kFirst + 1>(many, others, combine);
  }
  template <unsigned kFirst = 0>
  [[gnu::always_inline]] static void store_each(const Many& many, std::uint64_t* to) {
    Isa::store(to + kFirst * kVectorWords, many.rows[kFirst]);
    if constexpr (kFirst + 1 < kMany) store_each<kFirst + 1>(many, to);
  }
  template <unsigned kFirst = 0>
  [[gnu::always_inline]] static void set_each(Many& many) {
    many.rows[kFirst] = Isa::ones();
    if constexpr (kFirst + 1 < kMany) set_each<kFirst + 1>(many);
  }

  [[gnu::always_inline]] static void many_at_least(const std::uint64_t* planes, unsigned bits, unsigned limit,
                                                   Many& many) {
    auto i = static_cast<unsigned>(__builtin_ctz(limit));
    each(many, planes + i * kBlockWords, Load());
    for (++i; i < bits; ++i) {
      const bool one = (limit >> i & 1) != 0;
      const auto* plane = planes + i * kBlockWords;
      if constexpr (!Isa::kBranches)
        each(many, plane, Weave{one});
      else if (one)
        each(many, plane, Both());
      else
        each(many, plane, Either());
    }
  }

  [[gnu::always_inline]] static void many_equal(const std::uint64_t* planes, unsigned bits, unsigned value,
                                                Many& many) {
    if (value == 0)
      each(many, planes + bits * kBlockWords, LoadOpposite());
    else
      set_each(many);
    for (unsigned i = 0; i < bits; ++i) {
      const bool one = (value >> i & 1) != 0;
      const auto* plane = planes + i * kBlockWords;
      if constexpr (!Isa::kBranches)
        each(many, plane, Pick{one});
      else if (one)
        each(many, plane, Both());
      else
        each(many, plane, Without());
    }
  }

  [[gnu::always_inline]] static void many_within(const CodeColumn& column, const std::uint64_t* planes, CodeRange range,
                                                 Many& many) {
    if (range.low == range.high) return many_equal(planes, column.bits, range.low - 1u, many);
    if (range.low > 1)
      many_at_least(planes, column.bits, range.low - 1u, many);
    else
      each(many, planes + column.bits * kBlockWords, LoadOpposite());
    if (range.high >= column.codes) return;
    Many above;
    many_at_least(planes, column.bits, range.high, above);
    each(many, above, Without());
  }

  const std::uint64_t* planes_of(std::uint32_t column) const {
    return reinterpret_cast<const std::uint64_t*>(block_.slices[column]);
  }

  [[gnu::always_inline]] const std::uint64_t* unknown_of(std::uint32_t number, unsigned wanted) {
    const unsigned missing = wanted & ~unsigned{scratch_.unknowns_done()[number]};
    if (missing != 0) find_unknown(number, missing);
    return scratch_.unknown(number);
  }

  [[gnu::always_inline]] const std::uint64_t* truth_of(std::uint32_t number, unsigned wanted) {
    const unsigned missing = wanted & ~unsigned{scratch_.truths_done()[number]};
    if (missing != 0) find_truth(number, missing);
    return scratch_.truth(number);
  }

  /// With an age: there is no value, or it is too old.
  [[gnu::noinline]] void find_unknown(std::uint32_t number, unsigned missing) {
    const auto& known = plan_.knowns[number];
    const auto& ages = plan_.columns[known.age_column];
    const auto* unknown = planes_of(known.column) + plan_.columns[known.column].bits * kBlockWords;
    auto* const out = scratch_.unknown_room(number);
    auto& done = scratch_.unknowns_done()[number];
    done = static_cast<std::uint8_t>(done | missing);
    for (unsigned left = missing; left != 0; left &= left - 1) {
      const auto at = static_cast<std::size_t>(__builtin_ctz(left)) * kVectorWords;
      auto fresh = Isa::zeros();
      if (known.fresh.low <= known.fresh.high) fresh = within(ages, planes_of(known.age_column) + at, known.fresh);
      Isa::store(out + at, Isa::either(Isa::load(unknown + at), Isa::opposite(fresh)));
    }
  }

  [[gnu::noinline]] void find_truth(std::uint32_t number, unsigned missing) {
    if (number >= plan_.atoms.size()) return find_negated(number, missing);
    const auto& atom = plan_.atoms[number];
    const auto& column = plan_.columns[atom.column];
    const auto* planes = planes_of(atom.column);
    const CodeRange* ranges = plan_.ranges.data() + atom.first_range;
    auto* const out = scratch_.truth_room(number);
    auto& done = scratch_.truths_done()[number];
    const bool aged = plan_.knowns[atom.known].age_column != kNone;
    if (kMany > 1 && !aged && atom.ranges > 0 && __builtin_popcount(missing) >= 3) {
      // All of them take hardly longer than three.
      done = kAll;
      for (std::size_t at = 0; at < kBlockWords; at += kMany * kVectorWords) {
        Many many;
        many_within(column, planes + at, ranges[0], many);
        for (std::uint32_t i = 1; i < atom.ranges; ++i) {
          Many more;
          many_within(column, planes + at, ranges[i], more);
          each(many, more, Either());
        }
        store_each(many, out + at);
      }
      return;
    }
    done = static_cast<std::uint8_t>(done | missing);
    const auto* stale = aged ? unknown_of(atom.known, missing) : nullptr;
    for (unsigned left = missing; left != 0; left &= left - 1) {
      const auto at = static_cast<std::size_t>(__builtin_ctz(left)) * kVectorWords;
      auto rows = atom.ranges == 0 ? Isa::zeros() : within(column, planes + at, ranges[0]);
      for (std::uint32_t i = 1; i < atom.ranges; ++i) rows = Isa::either(rows, within(column, planes + at, ranges[i]));
      if (aged) rows = Isa::without(rows, Isa::load(stale + at));
      Isa::store(out + at, rows);
    }
  }

  /// Neither true nor unknown.
  [[gnu::noinline]] void find_negated(std::uint32_t number, unsigned missing) {
    const auto atom = plan_.negated[number - plan_.atoms.size()];
    const auto* truth = truth_of(atom, missing);
    const auto* unknown = unknown_of(plan_.atoms[atom].known, missing);
    auto* const out = scratch_.truth_room(number);
    auto& done = scratch_.truths_done()[number];
    done = static_cast<std::uint8_t>(done | missing);
    for (unsigned left = missing; left != 0; left &= left - 1) {
      const auto at = static_cast<std::size_t>(__builtin_ctz(left)) * kVectorWords;
      Isa::store(out + at, Isa::opposite(Isa::either(Isa::load(truth + at), Isa::load(unknown + at))));
    }
  }

  const Plan& plan_;
  const BlockCodes& block_;
  Scratch& scratch_;
  ResultPart& out_;
  std::size_t ahead_column_ = 0, ahead_at_ = 0;
};

template <class Isa>
void run_block(const Plan& plan, const BlockCodes& block, std::span<const std::uint32_t> only, Scratch& scratch,
               ResultPart& out) {
  scratch.begin_block(block.slices);
  BlockRun<Isa> run(plan, block, scratch, out);
  only.empty() ? run.all() : run.some(only);
}

/// Sixteen searches side by side, so that one need not wait for another; no branches.
template <class Isa, class Out>
void search_codes(const std::int64_t* values, const std::uint64_t* known, std::size_t count,
                  std::span<const std::int64_t> cuts, Out* out) {
  constexpr std::size_t kSideBySide = 16;
  const auto* first = cuts.data();
  for (std::size_t at = 0; at < count; at += kSideBySide) {
    std::uint32_t below[kSideBySide] = {};
    for (std::size_t left = cuts.size(); left > 0;) {
      const auto half = static_cast<std::uint32_t>(left - left / 2);
      for (std::size_t i = 0; i < kSideBySide; ++i)
        below[i] += half & (0u - static_cast<std::uint32_t>(first[below[i] + half - 1] <= values[at + i]));
      left /= 2;
    }
    const auto bits = known[at / 64] >> (at % 64);
    for (std::size_t i = 0; i < kSideBySide; ++i)
      out[at + i] = static_cast<Out>((below[i] + 1) & (0u - static_cast<std::uint32_t>(bits >> i & 1)));
  }
}

template <class Isa, class Out>
void encode(const std::int64_t* values, const std::uint64_t* known, std::size_t count,
            std::span<const std::int64_t> cuts, Out* out) {
  if (cuts.size() <= Isa::kCountCutsMax)
    Isa::count_codes(values, known, count, cuts, out);
  else
    search_codes<Isa>(values, known, count, cuts, out);
}

template <class Isa, bool kCodes>
void slice(const std::uint8_t* octets, std::size_t count, unsigned bits, std::uint64_t* planes) {
  for (std::size_t i = 0; i < count / 64; ++i)
    Isa::template slice<kCodes>(octets + 64 * i, bits, planes + i, planes + bits * kBlockWords + i);
}

template <class Isa>
void lay_octets(const std::byte* const* columns, std::size_t count, std::size_t rows, std::byte* out,
                std::size_t row_bytes) {
  for (std::size_t row = 0; row < rows; row += 16, out += 16 * row_bytes) {
    std::size_t column = 0;
    for (; column + 16 <= count; column += 16) Isa::lay16(columns + column, row, out + column, row_bytes);
    for (; column < count; ++column)
      for (std::size_t i = 0; i < 16; ++i) out[i * row_bytes + column] = columns[column][row + i];
  }
}

template <class Isa>
constexpr Kernels kernels_of() {
  return {&run_block<Isa>,   &encode<Isa, std::uint8_t>, &encode<Isa, std::uint16_t>,
          &slice<Isa, true>, &slice<Isa, false>,         &lay_octets<Isa>};
}

}  // namespace zhida::matching::engine::detail
