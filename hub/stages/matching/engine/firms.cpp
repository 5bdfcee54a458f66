#include "stages/matching/engine/firms.h"

#include <algorithm>
#include <atomic>

#include "base/assert.h"
#include "stages/matching/engine/parallel.h"

namespace zhida::matching::engine {
namespace {

Day number_of(Date day) {
  return static_cast<Day>(day.days().time_since_epoch().count());
}

Day number_of(std::optional<Date> day) {
  return day ? number_of(*day) : 0;
}

}  // namespace

Firms::Firms(std::span<const Policy> policies, Date day, unsigned threads)
    : threads_(std::max(1u, threads)), day_(day), lowering_(policies, day) {
  for (const auto& policy : policies) items_.emplace_back(policy.id, policy.version);
}

Firms::Batch::Batch(const Firms& firms, std::size_t firms_expected)
    : firms_(firms), table_(firms.lowering_.empty_table()) {
  usccs_.reserve(firms_expected);
  turns_.reserve(firms_expected);
}

void Firms::Batch::add(const EnterpriseProfile& profile) {
  ZHIDA_ASSERT(usccs_.size() < kPartitionFirms);
  const auto row = table_.append();
  const auto intern = [&](std::uint32_t column, std::string_view text) { return table_.intern(column, text); };
  for (const auto& update : firms_.lowering_.cells_of(profile, intern))
    if (update.cell.known) table_.set(row, update.column, update.cell);
  usccs_.push_back(profile.uscc);
  turns_.push_back(number_of(firms_.lowering_.turn(profile)));
}

std::optional<Place> Firms::place_of(std::string_view uscc) const {
  return places_.find(uscc, [this](Place place) { return name_of(place); });
}

void Firms::add_place(std::string_view uscc, Place place) {
  const bool fresh = places_.add(uscc, place, [this](Place known) { return name_of(known); });
  ZHIDA_ASSERT(fresh);
}

std::vector<const Table*> Firms::tables() const {
  std::vector<const Table*> out;
  for (const auto& shard : shards_) out.push_back(&shard.partition->table());
  return out;
}

void Firms::take(Batch batch) {
  if (batch.usccs_.size() == 0) return;
  std::shared_ptr<const Plan> plan;
  {
    const Lock lock(mutex_);
    plan = plan_;
  }
  if (plan == nullptr) {
    const Table* tables[] = {&batch.table_};
    plan = compile(lowering_.model(), tables);
  }
  const auto order = order_of(*plan, batch.table_);
  batch.table_.reorder(order);
  auto partition = std::make_unique<Partition>(plan, std::move(batch.table_), best_path(), 1);
  partition->pack_values();
  Names usccs;
  usccs.reserve(order.size());
  for (const auto row : order) usccs.push_back(batch.usccs_[row]);
  std::vector<Day> turns;
  turns.reserve(order.size());
  for (const auto row : order) turns.push_back(batch.turns_[row]);

  const Lock lock(mutex_);
  // Whoever comes next begins with the texts that this one met: partitions then share a plan.
  if (plan_ == nullptr || plan_ == plan) plan_ = partition->snapshot()->plan;
  ZHIDA_ASSERT(shards_.size() < PlaceIndex::kShardsMax);
  auto& shard = shards_.emplace_back();
  shard.partition = std::move(partition);
  shard.usccs = std::move(usccs);
  shard.turns = std::move(turns);
  for (std::uint32_t row = 0; row < order.size(); ++row) {
    const Place place{static_cast<std::uint32_t>(shards_.size() - 1), row};
    add_place(shard.usccs[row], place);
    if (shard.turns[row] != 0) calendar_[shard.turns[row]].push_back(place);
  }
}

FirmsMemory Firms::memory() const {
  FirmsMemory out;
  out.names = places_.bytes();
  for (const auto& shard : shards_) {
    const auto& table = shard.partition->table();
    out.codes += shard.partition->bytes_per_row() * table.capacity();
    out.values += table.bytes();
    out.texts += table.text_bytes();
    out.names += shard.usccs.bytes();
    out.calendar += shard.turns.capacity() * sizeof(Day);
  }
  for (const auto& [day, places] : calendar_) out.calendar += places.capacity() * sizeof(Place);
  return out;
}

bool Firms::has_items(std::span<const Policy> policies) const {
  return std::ranges::equal(policies, items_, [](const Policy& policy, const auto& item) {
    return policy.id == item.first && policy.version == item.second;
  });
}

Firms::Shard& Firms::shard_with_room() {
  for (auto& shard : shards_)
    if (shard.usccs.size() < kPartitionFirms) return shard;
  const Lock lock(mutex_);
  auto table = lowering_.empty_table();
  const Table* tables[] = {&table};
  auto& shard = shards_.emplace_back();
  shard.partition =
      std::make_unique<Partition>(compile(lowering_.model(), tables), std::move(table), best_path(), threads_);
  shard.partition->pack_values();
  return shard;
}

void Firms::await_turn(Place place, const EnterpriseProfile& profile) {
  auto& turn = shards_[place.shard].turns[place.row];
  const auto next = number_of(lowering_.turn(profile));
  if (next == turn) return;
  turn = next;
  if (next != 0) calendar_[next].push_back(place);
}

std::size_t Firms::put(const EnterpriseProfile& profile) {
  diffs_.clear();
  if (const auto known = place_of(profile.uscc)) {
    auto& partition = *shards_[known->shard].partition;
    const auto intern = [&](std::uint32_t column, std::string_view text) { return partition.intern(column, text); };
    partition.apply(known->row, lowering_.cells_of(profile, intern), diffs_);
    await_turn(*known, profile);
    return diffs_.size();
  }
  auto& shard = shard_with_room();
  auto& partition = *shard.partition;
  const auto intern = [&](std::uint32_t column, std::string_view text) { return partition.intern(column, text); };
  const auto row = partition.add(lowering_.cells_of(profile, intern), diffs_);
  const Place place{static_cast<std::uint32_t>(&shard - shards_.data()), static_cast<std::uint32_t>(row)};
  shard.usccs.push_back(profile.uscc);
  shard.turns.push_back(0);
  add_place(profile.uscc, place);
  await_turn(place, profile);
  return diffs_.size();
}

std::vector<std::string> Firms::move_to(Date day) {
  ZHIDA_ASSERT(day >= day_);
  day_ = day;
  lowering_.move_to(day);
  // Partitions that share a plan go on sharing one.
  std::map<const Plan*, std::shared_ptr<const Plan>> plans;
  for (const auto& shard : shards_) {
    const auto& before = shard.partition->plan();
    auto& after = plans[before.model.looks_back() ? nullptr : &before];
    if (after == nullptr) after = plan_on(before, number_of(day), tables());
  }
  std::atomic<std::size_t> next{0};
  in_parallel(threads_, [&](unsigned) {
    std::vector<Diff> ignored;
    for (auto i = next.fetch_add(1); i < shards_.size(); i = next.fetch_add(1)) {
      ignored.clear();
      auto& partition = *shards_[i].partition;
      const auto& before = partition.plan();
      partition.advance(number_of(day), ignored, plans.at(before.model.looks_back() ? nullptr : &before));
    }
  });
  std::vector<std::string> due;
  while (!calendar_.empty() && calendar_.begin()->first <= number_of(day)) {
    for (const auto place : calendar_.begin()->second) {
      auto& shard = shards_[place.shard];
      if (shard.turns[place.row] != calendar_.begin()->first) continue;  // It changed meanwhile, and has another turn.
      shard.turns[place.row] = 0;
      due.emplace_back(shard.usccs[place.row]);
    }
    calendar_.erase(calendar_.begin());
  }
  return due;
}

bool Firms::replace(std::span<const Policy> policies) {
  auto lowering = lowering_;
  lowering.replace(policies);
  if (!lowering_.makes_cells_for(lowering)) return false;
  lowering_ = std::move(lowering);
  items_.clear();
  for (const auto& policy : policies) items_.emplace_back(policy.id, policy.version);
  const auto plan = compile(lowering_.model(), tables());
  std::atomic<std::size_t> next{0};
  in_parallel(threads_, [&](unsigned) {
    for (auto i = next.fetch_add(1); i < shards_.size(); i = next.fetch_add(1))
      shards_[i].partition->replace_plan(plan);
  });
  return true;
}

void Firms::publish() {
  for (auto& shard : shards_) shard.partition->publish();
}

bool Firms::verdicts(const std::string& uscc, std::vector<Verdict>& out) const {
  const auto known = place_of(uscc);
  if (!known) return false;
  out.assign(items_.size(), Verdict::not_met);
  shards_[known->shard].partition->for_each_item(known->row,
                                                 [&](std::uint32_t item, Verdict verdict) { out[item] = verdict; });
  return true;
}

std::vector<std::shared_ptr<const Snapshot>> Firms::snapshots() const {
  std::vector<std::shared_ptr<const Snapshot>> out;
  const Lock lock(mutex_);
  for (const auto& shard : shards_) out.push_back(shard.partition->snapshot());
  return out;
}

Firms::Survey::Survey(const Firms& firms) : firms_(firms), results_(firms.shards_.size()) {
  std::atomic<std::size_t> next{0};
  in_parallel(firms.threads_, [&](unsigned) {
    for (auto i = next.fetch_add(1); i < results_.size(); i = next.fetch_add(1)) {
      run(*firms.shards_[i].partition->snapshot(), best_path(), 1, results_[i]);
      results_[i].index();
    }
  });
}

void Firms::Survey::add_differing(std::uint32_t item, std::span<const Stored> stored,
                                  std::set<std::string>& out) const {
  std::vector<std::vector<Verdict>> by_row;
  for (const auto& shard : firms_.shards_) by_row.emplace_back(shard.usccs.size(), Verdict::not_met);
  for (const auto& pair : stored) {
    if (const auto known = firms_.place_of(pair.uscc))
      by_row[known->shard][known->row] = pair.verdict;
    else
      out.insert(pair.uscc);
  }
  for (std::size_t i = 0; i < results_.size(); ++i) {
    const auto& usccs = firms_.shards_[i].usccs;
    results_[i].for_each(item, [&](std::size_t row, Verdict verdict) {
      if (std::exchange(by_row[i][row], Verdict::not_met) != verdict) out.emplace(usccs[row]);
    });
    // What is left was stored as met or unknown and is neither.
    for (std::size_t row = 0; row < by_row[i].size(); ++row)
      if (by_row[i][row] != Verdict::not_met) out.emplace(usccs[row]);
  }
}

void Firms::Survey::add(std::uint32_t item, bool met_only, std::set<std::string>& out) const {
  for (std::size_t i = 0; i < results_.size(); ++i)
    results_[i].for_each(item, [&](std::size_t row, Verdict verdict) {
      if (!met_only || verdict == Verdict::met) out.emplace(firms_.shards_[i].usccs[row]);
    });
}

}  // namespace zhida::matching::engine
