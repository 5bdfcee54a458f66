#include "stages/profile/merge.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

namespace zhida::profile {
namespace {

/// An order among values that does not depend on their arrival: who stands for a combined value, and how set-aside
/// values are listed.
bool earlier(const ProfileValue& left, const ProfileValue& right) {
  return std::tie(left.as_of, left.record_id, left.source, left.record_type) <
         std::tie(right.as_of, right.record_id, right.source, right.record_type);
}

/// What one source says after its rows were combined.
struct Opinion {
  std::optional<ProfileValue> value;
  bool conflict = false;
};

const ProfileValue& newest_of(const std::vector<const Candidate*>& rows) {
  const Candidate* best = rows.front();
  for (const Candidate* row : rows) {
    if (earlier(best->value, row->value)) best = row;
  }
  return best->value;
}

/// The value `data` with the provenance of the newest row; old as its oldest row, since it needs them all.
Opinion combined(FieldData data, const std::vector<const Candidate*>& rows) {
  Opinion opinion;
  opinion.value = newest_of(rows);
  opinion.value->data = std::move(data);
  for (const Candidate* row : rows) opinion.value->as_of = std::min(opinion.value->as_of, row->value.as_of);
  return opinion;
}

Opinion latest(const std::vector<const Candidate*>& rows) {
  Date newest = rows.front()->value.as_of;
  for (const Candidate* row : rows) newest = std::max(newest, row->value.as_of);
  std::vector<const Candidate*> decisive;
  for (const Candidate* row : rows) {
    if (row->value.as_of == newest) decisive.push_back(row);
  }
  Opinion opinion;
  const Candidate& first = *decisive.front();
  for (const Candidate* row : decisive) {
    const bool same =
        row->kind == first.kind && (first.kind != Candidate::Kind::value || row->value.data == first.value.data);
    if (!same) opinion.conflict = true;
  }
  if (!opinion.conflict && first.kind == Candidate::Kind::value) opinion.value = newest_of(decisive);
  return opinion;
}

Opinion sum(const std::vector<const Candidate*>& rows) {
  Opinion opinion;
  std::int64_t total = 0;
  for (const Candidate* row : rows) {
    const auto* const number = std::get_if<std::int64_t>(&row->value.data);
    if (row->kind != Candidate::Kind::value || number == nullptr) return opinion;
    if (__builtin_add_overflow(total, *number, &total)) {
      opinion.conflict = true;
      return opinion;
    }
  }
  return combined(total, rows);
}

Opinion combine(const FieldSpec& field, const std::vector<const Candidate*>& rows) {
  if (field.combine == Combine::latest) return latest(rows);
  if (field.combine == Combine::sum) return sum(rows);
  std::vector<const Candidate*> speaking;
  for (const Candidate* row : rows) {
    if (row->kind == Candidate::Kind::value) speaking.push_back(row);
  }
  if (speaking.empty()) return {};
  switch (field.combine) {
    case Combine::count:
      return combined(static_cast<std::int64_t>(speaking.size()), speaking);
    case Combine::count_distinct: {
      std::set<std::string> different;
      for (const Candidate* row : speaking) different.insert(to_text(row->value.data));
      return combined(static_cast<std::int64_t>(different.size()), speaking);
    }
    case Combine::any:
    case Combine::max:
    case Combine::latest:
    case Combine::sum:
      break;
  }
  // The greatest value: for `any` true is greater than false. Only the rows that say it stand for it.
  const auto less = [](const Candidate* left, const Candidate* right) { return left->value.data < right->value.data; };
  const FieldData best = (*std::max_element(speaking.begin(), speaking.end(), less))->value.data;
  std::erase_if(speaking, [&](const Candidate* row) { return row->value.data != best; });
  Opinion opinion;
  opinion.value = newest_of(speaking);
  return opinion;
}

}  // namespace

bool is_fresh(const FieldSpec& field, Date as_of, Date on) {
  return field.fresh_for_days == 0 || on <= as_of.plus_days(field.fresh_for_days);
}

FieldState merge_field(const FieldSpec& field, const std::vector<Candidate>& candidates,
                       const std::vector<Coverage>& coverage, Date on) {
  FieldState state;
  const auto set_aside = [&](const Candidate& row) {
    if (row.kind == Candidate::Kind::value) state.set_aside.push_back(row.value);
  };
  const auto in_order = [&] { std::sort(state.set_aside.begin(), state.set_aside.end(), earlier); };

  if (candidates.empty()) {
    const Coverage* best = nullptr;
    for (const auto& seen : coverage) {
      if (best == nullptr || std::tie(best->as_of, best->source) < std::tie(seen.as_of, seen.source)) best = &seen;
    }
    if (best == nullptr || !field.when_absent) return state;
    if (!is_fresh(field, best->as_of, on)) {
      state.reason = UnknownReason::stale;
      return state;
    }
    ProfileValue value;
    value.data = *field.when_absent;
    value.source = best->source;
    value.record_type = best->source + ".list_coverage";
    value.as_of = best->as_of;
    value.received = best->received;
    value.record_id = best->record_id;
    state.value = std::move(value);
    return state;
  }

  std::map<std::string, std::vector<const Candidate*>> by_source;
  for (const auto& row : candidates) by_source[row.value.source].push_back(&row);
  // rank → opinions of the sources of that rank
  std::map<std::size_t, std::vector<Opinion>> by_rank;
  bool stale = false;
  for (const auto& [source, rows] : by_source) {
    const bool unreadable = std::any_of(rows.begin(), rows.end(),
                                        [](const Candidate* row) { return row->kind == Candidate::Kind::unreadable; });
    std::vector<const Candidate*> fresh;
    for (const Candidate* row : rows) {
      if (is_fresh(field, row->value.as_of, on)) {
        fresh.push_back(row);
      } else {
        set_aside(*row);
        stale = stale || row->kind == Candidate::Kind::value;
      }
    }
    if (unreadable || fresh.empty()) continue;
    Opinion opinion = combine(field, fresh);
    if (opinion.conflict) {
      for (const Candidate* row : fresh) set_aside(*row);
    }
    if (opinion.value || opinion.conflict) by_rank[field.rank_of(source)].push_back(std::move(opinion));
  }
  if (by_rank.empty()) {
    state.reason = stale ? UnknownReason::stale : UnknownReason::missing;
    in_order();
    return state;
  }
  std::vector<Opinion>& best = by_rank.begin()->second;
  const bool disagree = std::any_of(best.begin(), best.end(), [&](const Opinion& opinion) {
    return opinion.conflict || best.front().conflict || opinion.value->data != best.front().value->data;
  });
  if (disagree) {
    for (const auto& opinion : best) {
      if (opinion.value) state.set_aside.push_back(*opinion.value);
    }
    state.reason = UnknownReason::conflict;
  } else {
    const auto newest = std::max_element(best.begin(), best.end(), [](const Opinion& left, const Opinion& right) {
      return earlier(*left.value, *right.value);
    });
    state.value = std::move(newest->value);
  }
  in_order();
  return state;
}

}  // namespace zhida::profile
