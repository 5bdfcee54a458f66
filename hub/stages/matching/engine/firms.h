// All firms that a hub knows, as the engine sees them: in which partition a firm is, and what its verdicts are.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"
#include "domain/enterprise_profile.h"
#include "domain/entitlement.h"
#include "stages/matching/engine/lower.h"
#include "stages/matching/engine/names.h"
#include "stages/matching/engine/partition.h"
#include "stages/matching/policy.h"

namespace zhida::matching::engine {

/// Octets that the firms take, all of them together.
struct FirmsMemory {
  std::size_t codes = 0;   ///< By block and by row.
  std::size_t values = 0;  ///< Typed.
  std::size_t texts = 0;
  std::size_t names = 0;     ///< And where each firm stands.
  std::size_t calendar = 0;  ///< When the scalar evaluator has to be asked again.
  std::size_t all() const { return codes + values + texts + names + calendar; }
};

/// A cache of what the store holds: it can always be built anew. It says which firms and items have to be looked at;
/// what they come to is for evaluate() alone to say. One writer; readers hold snapshots().
class Firms {
 public:
  /// Firms in one partition at most.
  static constexpr std::size_t kPartitionFirms = std::size_t{1} << PlaceIndex::kRowBits;

  Firms(std::span<const Policy> policies, Date day, unsigned threads);

  // Building: several threads, each with batches of its own.

  /// Up to kPartitionFirms firms of one partition to be.
  class Batch {
   public:
    Batch(const Firms& firms, std::size_t firms_expected);
    void add(const EnterpriseProfile& profile);
    std::size_t size() const { return usccs_.size(); }

   private:
    friend class Firms;
    const Firms& firms_;
    Table table_;
    Names usccs_;
    std::vector<Day> turns_;
  };
  /// Codes the batch. A firm must come once.
  void take(Batch batch);

  // The writer only, from here on; what readers see, after publish().

  Date day() const { return day_; }
  std::size_t size() const { return places_.size(); }
  std::size_t partitions() const { return shards_.size(); }
  FirmsMemory memory() const;
  /// Whether these are its items, version by version.
  bool has_items(std::span<const Policy> policies) const;

  /// A new firm, or one that changed. `profile` is as of day(), with receipts. Gives how many verdicts changed.
  std::size_t put(const EnterpriseProfile& profile);
  /// A later day. Gives the firms to be put() anew, since columns alone do not say what the day makes of them.
  std::vector<std::string> move_to(Date day);
  /// Other items. False where they ask for what no column holds: then nothing is changed, and all must be built anew.
  bool replace(std::span<const Policy> policies);
  void publish();

  /// The verdicts of one firm, by item. False for a firm that never came.
  bool verdicts(const std::string& uscc, std::vector<Verdict>& out) const;

  /// Any thread; never waits for the writer's work.
  std::vector<std::shared_ptr<const Snapshot>> snapshots() const;

  /// All items on all firms, as last published. Must not outlive the firms, and they must not change meanwhile.
  class Survey {
   public:
    explicit Survey(const Firms& firms);
    struct Stored {
      std::string uscc;
      Verdict verdict = Verdict::not_met;
    };
    /// Adds the firms whose verdict on the item is not the stored one. `stored` holds those that are met or unknown;
    /// a firm that is not among them is not met.
    void add_differing(std::uint32_t item, std::span<const Stored> stored, std::set<std::string>& out) const;
    void add_met(std::uint32_t item, std::set<std::string>& out) const { add(item, true, out); }
    void add_possible(std::uint32_t item, std::set<std::string>& out) const { add(item, false, out); }

   private:
    void add(std::uint32_t item, bool met_only, std::set<std::string>& out) const;

    const Firms& firms_;
    std::vector<Results> results_;  // By partition.
  };

 private:
  struct Shard {
    std::unique_ptr<Partition> partition;
    Names usccs;             // By row.
    std::vector<Day> turns;  // By row; 0: never.
  };
  Shard& shard_with_room();
  std::string_view name_of(Place place) const { return shards_[place.shard].usccs[place.row]; }
  std::optional<Place> place_of(std::string_view uscc) const;
  void add_place(std::string_view uscc, Place place);
  std::vector<const Table*> tables() const;
  void await_turn(Place place, const EnterpriseProfile& profile);

  const unsigned threads_;
  Date day_;
  Lowering lowering_;
  std::vector<std::pair<PolicyId, std::string>> items_;  // With their versions.
  PlaceIndex places_;
  std::map<Day, std::vector<Place>> calendar_;
  std::vector<Diff> diffs_;
  mutable Mutex mutex_;        // Of what follows, while it is built, and for readers.
  std::vector<Shard> shards_;  // The writer reads them as it likes.
  std::shared_ptr<const Plan> plan_ GUARDED_BY(mutex_);
};

}  // namespace zhida::matching::engine
