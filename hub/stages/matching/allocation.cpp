#include "stages/matching/allocation.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "stages/matching/exact.h"
#include "stages/matching/exclusion.h"

namespace zhida::matching {
namespace {

/// Whether the left value comes strictly before the right one.
bool before(const Ranking& ranking, const FieldData& left, const FieldData& right) {
  return ranking.descending ? right < left : left < right;
}

}  // namespace

std::vector<Place> rank_candidates(const Ranking& ranking, std::span<const Candidate> candidates) {
  std::vector<const Candidate*> in;
  for (const auto& candidate : candidates)
    if (candidate.verdict != Verdict::not_met) in.push_back(&candidate);
  // Places by counting: sort the known values once, and look the unknown ones up in it.
  std::vector<FieldData> sure, open;
  std::int64_t unknown_values = 0;
  for (const auto* candidate : in) {
    if (!candidate->by)
      ++unknown_values;
    else
      (candidate->verdict == Verdict::met ? sure : open).push_back(*candidate->by);
  }
  const auto order = [&](const FieldData& left, const FieldData& right) { return before(ranking, left, right); };
  std::ranges::sort(sure, order);
  std::ranges::sort(open, order);
  const auto ahead = [&](const std::vector<FieldData>& values, const FieldData& own) {
    return static_cast<std::int64_t>(std::ranges::lower_bound(values, own, order) - values.begin());
  };
  std::vector<Place> out;
  for (const auto* candidate : in) {
    Place place;
    place.uscc = candidate->uscc;
    if (candidate->by) {
      place.best = 1 + ahead(sure, *candidate->by);
      place.worst = place.best + ahead(open, *candidate->by) + unknown_values;
    } else {
      place.best = 1;
      place.worst = static_cast<std::int64_t>(in.size());
    }
    if (ranking.quota == 0 || place.worst <= ranking.quota)
      place.within_quota = Verdict::met;
    else if (place.best > ranking.quota)
      place.within_quota = Verdict::not_met;
    if (candidate->verdict == Verdict::unknown && place.within_quota == Verdict::met)
      place.within_quota = Verdict::unknown;
    out.push_back(std::move(place));
  }
  std::ranges::stable_sort(out, {}, [](const Place& place) { return std::pair(place.best, place.worst); });
  return out;
}

std::vector<Share> distribute(const Pool& pool, const std::optional<Ranking>& ranking,
                              std::span<const Candidate> candidates) {
  std::vector<const Candidate*> in;
  for (const auto& candidate : candidates)
    if (candidate.verdict == Verdict::met) in.push_back(&candidate);
  if (ranking)
    std::ranges::stable_sort(in, [&](const Candidate* left, const Candidate* right) {
      if (!left->by || !right->by) return left->by.has_value() && !right->by.has_value();
      return before(*ranking, *left->by, *right->by);
    });
  Wide wanted = 0;
  for (const auto* candidate : in) wanted += candidate->amount.fen();
  std::vector<Share> out;
  auto rest = pool.total.fen();
  for (const auto* candidate : in) {
    const auto fen = candidate->amount.fen();
    std::int64_t given = std::min(fen, rest);
    if (pool.in_proportion && wanted > pool.total.fen())
      given = static_cast<std::int64_t>(Wide{fen} * pool.total.fen() / wanted);
    rest -= given;
    out.push_back({candidate->uscc, candidate->amount, Money::from_fen(given)});
  }
  return out;
}

namespace {

/// Draws up one round; the firms stand in the order of their places.
class Round {
 public:
  Round(const Policy& policy, std::span<const RoundInput> inputs) : policy_(policy), inputs_(inputs) {}

  std::vector<RoundLine> run() {
    for (const auto& input : inputs_)
      if (input.kept) keep(input);
    for (const auto& input : inputs_)
      if (!input.kept && input.verdict != Verdict::not_met) free_.push_back(&input);
    place();
    if (policy_.pool) share();
    std::vector<RoundLine> out = std::move(kept_);
    for (auto& one : lines_) out.push_back(std::move(one.line));
    return out;
  }

 private:
  struct Line {
    const RoundInput* input = nullptr;
    RoundLine line;
    std::int64_t equals = 0;  // Others that share its place, or might.
  };

  /// What an earlier round gave stands first; nothing of it is given twice.
  void keep(const RoundInput& input) {
    RoundLine line;
    line.uscc = input.uscc;
    line.best = line.worst = policy_.ranking ? std::ssize(kept_) + 1 : 0;
    line.outcome = Verdict::met;
    line.reason = "kept";
    line.wanted = std::max(input.amount, *input.kept);
    line.given = *input.kept;
    spent_ += line.given.fen();
    kept_.push_back(std::move(line));
  }

  void place() {
    if (!policy_.ranking) {
      for (const auto* input : free_) {
        auto& one = add(*input);
        settle(one, input->verdict, input->verdict == Verdict::met ? "within" : "own_unknown");
      }
      return;
    }
    auto ranking = *policy_.ranking;
    const bool limited = ranking.quota > 0;
    const auto before_us = std::ssize(kept_);
    const auto quota = ranking.quota - before_us;
    std::vector<Candidate> candidates;
    for (const auto* input : free_) candidates.push_back({input->uscc, input->verdict, input->by, input->amount});
    ranking.quota = 0;
    std::map<std::string_view, const RoundInput*> by_uscc;
    std::map<FieldData, std::int64_t> of_value;
    for (const auto* input : free_) {
      by_uscc[input->uscc] = input;
      if (input->by) ++of_value[*input->by];
    }
    for (const auto& place : rank_candidates(ranking, candidates)) {
      const auto* input = by_uscc.at(place.uscc);
      auto& one = add(*input);
      one.line.best = before_us + place.best;
      one.line.worst = before_us + place.worst;
      if (input->by) one.equals = of_value.at(*input->by) - 1;
      const bool own_unknown = input->verdict != Verdict::met;
      if (limited && place.best > quota)
        settle(one, Verdict::not_met, "beyond");
      else if (own_unknown || !input->by)
        settle(one, Verdict::unknown, "own_unknown");
      else if (!limited || place.worst + one.equals <= quota)
        settle(one, Verdict::met, "within");
      else
        settle(one, Verdict::unknown, place.worst <= quota ? "tie" : "open");
    }
  }

  Line& add(const RoundInput& input) {
    Line one;
    one.input = &input;
    one.line.uscc = input.uscc;
    one.line.wanted = input.amount;
    lines_.push_back(std::move(one));
    return lines_.back();
  }
  static void settle(Line& one, Verdict outcome, const char* reason) {
    one.line.outcome = outcome;
    one.line.reason = reason;
    one.line.given = outcome == Verdict::met ? one.line.wanted : Money{};
  }

  /// The most that a firm may take of the pool.
  Wide demand(const Line& one) const {
    if (one.line.outcome == Verdict::not_met) return 0;
    if (one.input->verdict == Verdict::met) return one.input->amount.fen();
    const auto most = most_of(policy_);
    return most ? Wide{most->fen()} : Wide{policy_.pool->total.fen()};
  }

  void share() {
    const Wide rest = std::max<Wide>(0, Wide{policy_.pool->total.fen()} - spent_);
    Wide sure = 0, open = 0;
    for (const auto& one : lines_) (one.line.outcome == Verdict::met ? sure : open) += demand(one);
    if (sure + open <= rest) return;  // Enough for everybody, whatever becomes of the unknown.
    const bool in_proportion = policy_.pool->in_proportion || !policy_.ranking;
    const auto ahead = in_proportion ? std::map<FieldData, Ahead>() : demand_by_value();
    std::vector<Line*> undecided;
    for (auto& one : lines_) {
      if (one.line.outcome != Verdict::met) continue;
      const Wide wanted = one.line.wanted.fen();
      if (in_proportion) {
        if (open > 0)
          undecided.push_back(&one);
        else
          give(one, wanted * rest / sure);
        continue;
      }
      // Equals may come before it or after it, and so may those whose value is unknown.
      const auto& before_it = ahead.at(*one.input->by);
      const Wide most = std::clamp<Wide>(rest - before_it.sure, 0, wanted);
      const Wide least = std::clamp<Wide>(rest - (before_it.possible + before_it.equal - wanted), 0, wanted);
      if (most == least)
        give(one, most);
      else
        undecided.push_back(&one);
    }
    for (auto* one : undecided) settle(*one, Verdict::unknown, open > 0 ? "open" : "tie");
  }

  /// What those with a better value take of the pool, at least and at most, and those with the same value.
  struct Ahead {
    Wide sure = 0, possible = 0, equal = 0;
  };
  std::map<FieldData, Ahead> demand_by_value() const {
    std::map<FieldData, std::pair<Wide, Wide>> of_value;  // Of those who are met, of all.
    Wide unknown_value = 0;
    for (const auto& one : lines_) {
      const auto wanted = demand(one);
      if (!one.input->by) {
        unknown_value += wanted;
        continue;
      }
      auto& [met, all] = of_value[*one.input->by];
      all += wanted;
      if (one.line.outcome == Verdict::met) met += wanted;
    }
    std::map<FieldData, Ahead> out;
    Wide sure = 0, possible = unknown_value;
    const auto step = [&](const auto& entry) {
      out[entry.first] = {sure, possible, entry.second.second};
      sure += entry.second.first;
      possible += entry.second.second;
    };
    if (policy_.ranking->descending)
      std::for_each(of_value.rbegin(), of_value.rend(), step);
    else
      std::for_each(of_value.begin(), of_value.end(), step);
    return out;
  }

  static void give(Line& one, Wide fen) {
    one.line.given = Money::from_fen(static_cast<std::int64_t>(fen));
    if (one.line.given == one.line.wanted) return;
    one.line.outcome = fen > 0 ? Verdict::met : Verdict::not_met;
    one.line.reason = fen > 0 ? "reduced" : "exhausted";
  }

  const Policy& policy_;
  const std::span<const RoundInput> inputs_;
  std::vector<const RoundInput*> free_;
  std::vector<RoundLine> kept_;
  std::vector<Line> lines_;
  Wide spent_ = 0;
};

}  // namespace

std::vector<RoundLine> draw_up_round(const Policy& policy, std::span<const RoundInput> inputs) {
  return Round(policy, inputs).run();
}

}  // namespace zhida::matching
