#include "flow/match_index.h"

#include <algorithm>
#include <utility>

#include "flow/source_door.h"
#include "stages/matching/engine/parallel.h"
#include "stages/matching/policy_store.h"
#include "stages/matching/receipt_store.h"
#include "stages/profile/profile_store.h"

namespace zhida::flow {
namespace {

using matching::engine::Firms;

constexpr std::size_t kFirmsAtOnce = 1'000;  // In one read of the store: its view is given back soon.
constexpr std::size_t kChangesAtOnce = 5'000;
constexpr std::chrono::seconds kTryAgain{30};  // After a load that failed; meanwhile the hub goes without.

}  // namespace

unsigned MatchIndexSettings::threads_or_processors() const {
  return threads != 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
}

const char* to_text(MatchIndexState::Phase phase) {
  switch (phase) {
    case MatchIndexState::Phase::loading:
      return "loading";
    case MatchIndexState::Phase::ready:
      return "ready";
    case MatchIndexState::Phase::failed:
      return "failed";
    case MatchIndexState::Phase::off:
      break;
  }
  return "off";
}

Json to_json(const MatchIndexState& state) {
  Json out = {{"engine", to_text(state.phase)},
              {"firms", state.firms},
              {"disagreements", state.disagreements},
              {"rounds_over_all", state.surveys},
              {"firms_looked_at", state.firms_looked}};
  if (state.phase == MatchIndexState::Phase::loading) out["firms_expected"] = state.firms_expected;
  if (!state.error_code.empty()) out["error"] = state.error_code;
  return out;
}

MatchIndex::MatchIndex(storage::Database& database, const profile::ProfileRules& rules,
                       const MatchIndexSettings& settings, std::function<void()> ready)
    : database_(database),
      rules_(rules),
      on_(settings.on),
      threads_(settings.threads_or_processors()),
      ready_(std::move(ready)) {}

MatchIndex::~MatchIndex() {
  stop();
}

void MatchIndex::stop() {
  stopping_ = true;
  if (loader_.joinable()) loader_.join();
}

MatchIndexState MatchIndex::state() const {
  const Lock lock(mutex_);
  auto state = state_;
  if (state.phase == MatchIndexState::Phase::loading) state.firms = read_.load(std::memory_order_relaxed);
  return state;
}

bool MatchIndex::loading() const {
  const Lock lock(mutex_);
  return state_.phase == MatchIndexState::Phase::loading;
}

// Loading.

void MatchIndex::take_items(std::span<const matching::Policy> policies) {
  items_.assign(policies.begin(), policies.end());
  engine_items_ = matching::for_engines(policies);
}

std::vector<matching::Policy> MatchIndex::policies_of_engine() const {
  std::vector<matching::Policy> out;
  for (const auto& item : engine_items_) out.push_back(item.policy);
  return out;
}

void MatchIndex::begin(std::span<const matching::Policy> policies, Date today) {
  if (loader_.joinable()) loader_.join();
  firms_.reset();
  due_.clear();
  noted_.clear();
  take_items(policies);
  read_ = 0;
  {
    const Lock lock(mutex_);
    state_.phase = MatchIndexState::Phase::loading;
    state_.firms = state_.firms_expected = state_.partitions = state_.octets = 0;
    loaded_.reset();
  }
  loader_ = std::jthread([this, firms = std::make_unique<Firms>(policies_of_engine(), today, threads_)]() mutable {
    auto loaded = load(std::move(firms));
    {
      const Lock lock(mutex_);
      loaded_ = std::move(loaded);
    }
    ready_();
  });
}

MatchIndex::Loaded MatchIndex::load(std::unique_ptr<Firms> firms) {
  Loaded loaded;
  loaded.firms = std::move(firms);
  const auto began = std::chrono::steady_clock::now();
  const auto done = read_all(loaded);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  if (!done) {
    loaded.error = done.error();
    return loaded;
  }
  log_.info("The matching engine has read all firms.", {{"firms", std::to_string(loaded.firms->size())},
                                                        {"partitions", std::to_string(loaded.firms->partitions())},
                                                        {"octets", std::to_string(loaded.firms->memory().all())},
                                                        {"milliseconds", std::to_string(took.count())}});
  const Lock lock(mutex_);
  ++state_.loads;
  state_.load_took = took;
  return loaded;
}

Result<void> MatchIndex::read_all(Loaded& loaded) {
  std::vector<std::string> usccs;
  CHECK_OK(database_.read([&](storage::Transaction& transaction) -> Result<void> {
    loaded.sequence = TRY(profile::last_change(transaction));
    loaded.list_rounds = TRY(matching::read_match_cursor(transaction, kRoundsWanted));
    usccs = TRY(profile::all_firms(transaction));
    return ok();
  }));
  {
    const Lock lock(mutex_);
    state_.firms_expected = static_cast<std::int64_t>(usccs.size());
  }
  // A slice becomes a partition; each thread has work to the end, and no partition is needlessly small.
  const auto share = (usccs.size() + threads_ - 1) / threads_;
  const auto slice = std::clamp<std::size_t>(share, 4'096, Firms::kPartitionFirms);
  std::atomic<std::size_t> next{0};
  Mutex mutex;
  std::optional<Error> failure;
  matching::engine::in_parallel(threads_, [&](unsigned) {
    for (auto from = next.fetch_add(slice); from < usccs.size() && !stopping_; from = next.fetch_add(slice)) {
      const auto part = std::span(usccs).subspan(from, std::min(slice, usccs.size() - from));
      const auto done = read_slice(*loaded.firms, part);
      if (done) continue;
      const Lock lock(mutex);
      failure = done.error();
      next = usccs.size();
    }
  });
  if (failure) return *failure;
  if (stopping_) return retry("hub_stopping", "The matching engine is read at the next start.");
  return ok();
}

Result<void> MatchIndex::read_slice(Firms& firms, std::span<const std::string> usccs) {
  Firms::Batch batch(firms, usccs.size());
  std::size_t at = 0;  // Firms that came meanwhile are not in the slice; the log of changes brings them.
  while (at < usccs.size()) {
    if (stopping_) return ok();
    const auto part = usccs.subspan(at, std::min(kFirmsAtOnce, usccs.size() - at));
    CHECK_OK(database_.read([&](storage::Transaction& transaction) -> Result<void> {
      auto profiles = TRY(profile::load_profiles_between(transaction, part.front(), part.back(), firms.day(), rules_));
      CHECK_OK(matching::add_receipts(transaction, items_, profiles));
      for (const auto& profile : profiles)
        if (std::ranges::binary_search(part, profile.uscc)) batch.add(profile);
      return ok();
    }));
    at += part.size();
    const auto before = read_.fetch_add(static_cast<std::int64_t>(part.size()));
    const auto all = state().firms_expected;
    if (all >= 10'000 && before * 10 / all != (before + static_cast<std::int64_t>(part.size())) * 10 / all)
      log_.info(
          "The matching engine reads the firms.",
          {{"firms", std::to_string(before + static_cast<std::int64_t>(part.size()))}, {"of", std::to_string(all)}});
  }
  firms.take(std::move(batch));
  return ok();
}

// The door.

Result<std::vector<EnterpriseProfile>> MatchIndex::profiles_of(const std::vector<std::string>& usccs, Date day) {
  std::vector<EnterpriseProfile> profiles;
  CHECK_OK(database_.read([&](storage::Transaction& transaction) -> Result<void> {
    profiles = TRY(profile::load_profiles(transaction, usccs, day, rules_));
    return matching::add_receipts(transaction, items_, profiles);
  }));
  return profiles;
}

Result<void> MatchIndex::catch_up(Loaded& loaded, std::int64_t cursor) {
  while (loaded.sequence < cursor) {
    profile::ProfileChanges changes;
    CHECK_OK(database_.read([&](storage::Transaction& transaction) -> Result<void> {
      changes = TRY(profile::changes_since(transaction, loaded.sequence, kChangesAtOnce));
      return ok();
    }));
    if (changes.usccs.empty()) break;
    for (const auto& profile : TRY(profiles_of(changes.usccs, loaded.firms->day()))) loaded.firms->put(profile);
    loaded.sequence = changes.through_sequence;
  }
  for (const auto& profile : TRY(profiles_of({noted_.begin(), noted_.end()}, loaded.firms->day())))
    loaded.firms->put(profile);
  noted_.clear();
  loaded.firms->publish();
  return ok();
}

Result<void> MatchIndex::settle(std::span<const matching::Policy> policies, Date today, std::int64_t cursor,
                                std::int64_t list_rounds) {
  if (!on_) return ok();
  std::optional<Loaded> loaded;
  {
    const Lock lock(mutex_);
    std::swap(loaded, loaded_);
  }
  if (loaded) {
    if (!loaded->error)
      if (const auto caught_up = catch_up(*loaded, cursor); !caught_up) loaded->error = caught_up.error();
    // A list that moved while the firms were read concerns some that were read before, some after.
    const bool torn = !loaded->error && loaded->list_rounds != list_rounds;
    const Lock lock(mutex_);
    if (loaded->error) {
      state_.phase = MatchIndexState::Phase::failed;
      state_.error_code = loaded->error->code;
      try_again_ = std::chrono::steady_clock::now() + kTryAgain;
      log_.error("The matching engine could not be read; the hub goes on without it and tries again.",
                 {{"code", loaded->error->code}, {"error", loaded->error->message}});
    } else if (torn) {
      state_.phase = MatchIndexState::Phase::off;
    } else {
      firms_ = std::move(loaded->firms);
      state_.phase = MatchIndexState::Phase::ready;
      state_.error_code.clear();
    }
  }
  if (loading()) return ok();
  if (firms_ != nullptr && firms_->day() > today) firms_.reset();  // The clock went back.
  if (firms_ != nullptr && !firms_->has_items(policies)) {
    take_items(policies);
    if (firms_->replace(policies_of_engine())) {
      log_.info("The matching engine has taken over the items.", {{"items", std::to_string(policies.size())}});
      const Lock lock(mutex_);
      state_.octets = 0;
    } else {
      firms_.reset();  // They ask for what was never read.
    }
  }
  if (firms_ == nullptr) {
    if (state().phase != MatchIndexState::Phase::failed || std::chrono::steady_clock::now() >= try_again_)
      begin(policies, today);
    return ok();
  }
  const Lock lock(mutex_);
  // What they take is counted firm by firm, so not in every round.
  if (state_.octets == 0 || state_.firms != static_cast<std::int64_t>(firms_->size()))
    state_.octets = static_cast<std::int64_t>(firms_->memory().all());
  state_.firms = static_cast<std::int64_t>(firms_->size());
  state_.partitions = static_cast<std::int64_t>(firms_->partitions());
  return ok();
}

void MatchIndex::move_to(Date today) {
  if (firms_->day() == today) return;
  for (auto& uscc : firms_->move_to(today)) due_.insert(std::move(uscc));
}

std::size_t MatchIndex::put(const EnterpriseProfile& profile) {
  due_.erase(profile.uscc);
  return firms_->put(profile);
}

void MatchIndex::check(const std::string& uscc, std::span<const Verdict> evaluated) {
  std::vector<Verdict> ours;
  if (evaluated.size() != items_.size() || !firms_->verdicts(uscc, ours)) return;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (ours[i] == evaluated[i] || !engine_items_[i].exact) continue;
    log_.error("The matching engine and the evaluator disagree; the evaluator's word stands.",
               {{"uscc", uscc},
                {"policy", items_[i].id.str()},
                {"engine", zhida::to_text(ours[i])},
                {"evaluator", zhida::to_text(evaluated[i])}});
    const Lock lock(mutex_);
    ++state_.disagreements;
  }
}

Result<std::set<std::string>> MatchIndex::differing(bool day_moved, bool items_new) {
  constexpr std::size_t kPairsAtOnce = 20'000;
  firms_->publish();
  const Firms::Survey survey(*firms_);
  std::set<std::string> out;
  for (std::uint32_t item = 0; item < items_.size(); ++item) {
    const auto& policy = items_[item];
    const auto& engine_item = engine_items_[item];
    // What the engine cannot say of an item, it says of nobody: all who may meet it are looked at.
    const bool all_possible = !engine_item.exact && (items_new || (day_moved && engine_item.dated));
    std::vector<Firms::Survey::Stored> stored;
    for (const auto verdict : {Verdict::met, Verdict::unknown}) {
      matching::VerdictPlace after;
      for (bool more = true; more;) {
        CHECK_OK(database_.read([&](storage::Transaction& transaction) -> Result<void> {
          auto pairs = TRY(matching::read_verdicts(transaction, policy.id, verdict, after, kPairsAtOnce));
          more = pairs.size() == kPairsAtOnce;
          if (more) after = {pairs.back().division, pairs.back().uscc};
          for (auto& pair : pairs) {
            if (all_possible || pair.version != policy.version) out.insert(pair.uscc);
            stored.push_back({std::move(pair.uscc), verdict});
          }
          return ok();
        }));
      }
    }
    if (all_possible) survey.add_possible(item, out);
    if (!engine_item.exact) continue;
    survey.add_differing(item, stored, out);
    if (day_moved && matching::sum_depends_on_day(policy)) survey.add_met(item, out);
  }
  const Lock lock(mutex_);
  ++state_.surveys;
  state_.firms_looked += static_cast<std::int64_t>(out.size());
  return out;
}

}  // namespace zhida::flow
