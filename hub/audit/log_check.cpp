#include "audit/log_check.h"

#include <algorithm>

#include "platform/crypto/digest.h"
#include "platform/crypto/sm3_many.h"
#include "platform/crypto/timestamp.h"

namespace zhida::audit {
namespace {

using crypto::TreeHash;

constexpr unsigned kTileHeight = 8;
constexpr std::size_t kTileBytes = kTileHashes * 32;

ByteView view(const crypto::Sm3Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

std::string record_number(std::int64_t seq) {
  return "Record " + std::to_string(seq);
}

void LogCheck::broken(std::int64_t at, std::string fault, std::string detail) {
  if (!report_.holds()) return;  // The first one counts.
  report_.broken_at = at;
  report_.fault = std::move(fault);
  report_.detail = std::move(detail);
}

void LogCheck::begin_after(std::int64_t seq, Bytes record_hash, std::optional<crypto::MerkleFrontier> tree) {
  next_ = seq + 1;
  previous_hash_ = std::move(record_hash);
  tree_ = std::move(tree);
  row_of_hashes_.clear();
}

Result<void> LogCheck::use_heads(HeadSource heads) {
  heads_ = std::move(heads);
  coming_ = TRY(heads_(static_cast<std::uint64_t>(next_ - 1)));
  std::reverse(coming_.begin(), coming_.end());
  return ok();
}

Result<void> LogCheck::check(std::span<const RecordToCheck> records, const NameDamage& name_damage) {
  // Each record names the hash of the one before, so that all of them can be hashed side by side.
  std::vector<ByteView> texts;
  texts.reserve(records.size() * 2);
  for (const auto& record : records) {
    texts.push_back(ByteView(record.canonical).substr(1));
    texts.emplace_back(record.canonical);
  }
  std::vector<crypto::Sm3Digest> hashes(texts.size());
  crypto::sm3_many(texts, hashes);
  for (std::size_t i = 0; i < records.size() && holds(); ++i) {
    NodeHash leaf;
    std::copy(hashes[2 * i + 1].begin(), hashes[2 * i + 1].end(), leaf.begin());
    CHECK_OK(check_one(records[i], view(hashes[2 * i]), leaf, i, name_damage));
  }
  if (!holds()) {
    // A record before this one may be another than its tile knows.
    const auto at = *report_.broken_at;
    CHECK_OK(look_for_rewritten());
    if (suspect_ && *suspect_ < at) {
      report_.broken_at.reset();
      report_.records = std::min(report_.records, *suspect_ - 1);
      broken(*suspect_, "rewritten",
             record_number(*suspect_) + " is sound in itself, but not the one that the log's tree was built from.");
    }
  }
  return ok();
}

Result<void> LogCheck::check_one(const RecordToCheck& record, ByteView record_hash, const NodeHash& leaf,
                                 std::size_t index, const NameDamage& name_damage) {
  const std::int64_t seq = record.seq;
  if (seq != next_) {
    broken(seq > next_ ? next_ : seq, seq > next_ ? "missing" : "inserted",
           seq > next_ ? record_number(next_) + " is missing; the next one there is " + std::to_string(seq) + "."
                       : record_number(seq) + " stands where no record can be.");
    return ok();
  }
  const bool own_hash_holds =
      (record.record_hash.empty() || record.record_hash == record_hash) && record.leaf_hash == crypto::octets_of(leaf);
  if (!own_hash_holds) return name_damage(index, report_);
  if (record.prev_hash != previous_hash_) {
    broken(seq, "inserted",
           record_number(seq) +
               " is sound in itself but does not follow the record before it: something was put in, "
               "taken out or written anew here.");
    return ok();
  }
  if (options_.known_head && options_.known_head->seq == seq && options_.known_head->record_hash != record_hash) {
    broken(seq, "head_differs",
           record_number(seq) + " is not the one that was known as the head: the trail was written anew.");
    return ok();
  }
  previous_hash_ = Bytes(record_hash);
  if (!report_.head) report_.head.emplace();
  report_.head->seq = seq;
  report_.head->record_hash = previous_hash_;
  ++report_.records;
  ++next_;
  if (!tree_) return ok();
  CHECK_OK(grow(leaf));
  return check_heads_here();
}

Result<void> LogCheck::grow(const NodeHash& leaf) {
  std::optional<Error> failed;
  tree_->append(leaf, [&](unsigned level, std::uint64_t index, const NodeHash& hash) {
    if (level % kTileHeight != 0 || failed) return;
    if (level > 0) {
      if (const auto compared = compare_tile(level / kTileHeight - 1, index, hash); !compared)
        failed = compared.error();
    }
    row_of_hashes_[level / kTileHeight].append(crypto::octets_of(hash));
  });
  if (failed) return *failed;
  return ok();
}

Result<void> LogCheck::compare_tile(unsigned level, std::uint64_t place, const NodeHash& root) {
  auto& hashes = row_of_hashes_[level];
  const auto tile = tiles_ && hashes.size() == kTileBytes ? TRY(tiles_(level, place)) : std::nullopt;
  if (tile && (tile->root != root || tile->hashes != hashes) && !suspect_) {
    const auto differs = std::mismatch(hashes.begin(), hashes.end(), tile->hashes.begin(), tile->hashes.end()).first;
    const auto entry =
        std::min<std::uint64_t>(static_cast<std::uint64_t>(differs - hashes.begin()) / 32, kTileHashes - 1);
    suspect_ = static_cast<std::int64_t>(((place * kTileHashes + entry) << (kTileHeight * level)) + 1);
  }
  hashes.clear();
  return ok();
}

// Before the tile under way is full: which of its records are not those that its stored form knows?
Result<void> LogCheck::look_for_rewritten() {
  if (suspect_ || !tiles_ || !tree_) return ok();
  const Bytes& hashes = row_of_hashes_[0];
  const std::uint64_t place = tree_->size() / kTileHashes;
  if (hashes.empty() || hashes.size() != (tree_->size() - place * kTileHashes) * 32) return ok();
  const auto tile = TRY(tiles_(0, place));
  if (!tile) return ok();
  const auto differs = std::mismatch(hashes.begin(), hashes.end(), tile->hashes.begin(), tile->hashes.end()).first;
  if (differs == hashes.end()) return ok();
  suspect_ =
      static_cast<std::int64_t>(place * kTileHashes + static_cast<std::uint64_t>(differs - hashes.begin()) / 32 + 1);
  return ok();
}

Result<void> LogCheck::check_heads_here() {
  if (options_.known_tree && options_.known_tree->size == tree_->size() && tree_->root() != options_.known_tree->root) {
    CHECK_OK(look_for_rewritten());
    broken(suspect_.value_or(static_cast<std::int64_t>(last_head_) + 1), "head_differs",
           "The first " + std::to_string(tree_->size()) +
               " records are not those of the head that was kept elsewhere: "
               "the log was written anew, or there are two of them.");
  }
  while (holds() && !coming_.empty() && coming_.back().head.size <= tree_->size()) {
    if (coming_.back().head.size == tree_->size()) {
      CHECK_OK(check_head(coming_.back(), tree_->root()));
    }
    coming_.pop_back();
  }
  if (holds() && coming_.empty() && heads_) {
    coming_ = TRY(heads_(tree_->size()));
    std::reverse(coming_.begin(), coming_.end());
    if (coming_.empty()) heads_ = {};
  }
  return ok();
}

Result<void> LogCheck::check_head(const HeadToCheck& one, const NodeHash& root) {
  const auto& head = one.head;
  const auto size = static_cast<std::int64_t>(head.size);
  if (root != head.root) {
    CHECK_OK(look_for_rewritten());
    if (suspect_) {
      broken(*suspect_, "rewritten",
             record_number(*suspect_) + " is sound in itself, but not the one that the sealed head of " +
                 std::to_string(size) + " records tells of.");
    } else {
      broken(static_cast<std::int64_t>(last_head_) + 1, "head_differs",
             "The sealed head of " + std::to_string(size) +
                 " records tells of other records: the first that differs is "
                 "from " +
                 std::to_string(last_head_ + 1) + " to " + std::to_string(size) + ".");
    }
    return ok();
  }
  if (suspect_ && *suspect_ <= size) {
    broken(*suspect_, "tile_differs",
           "The stored tree differs from its records at record " + std::to_string(*suspect_) +
               ", while the sealed heads agree with the records.");
    return ok();
  }
  const auto said = seal::parse_tree_head(head.payload);
  if (!said || said.value().size != head.size || said.value().root != head.root) {
    broken(size, "head_malformed", "The head of " + std::to_string(size) + " records does not say what it stands for.");
    return ok();
  }
  if (!check_seals(one) || !check_token(one)) return ok();
  last_head_ = head.size;
  ++report_.heads;
  report_.sealed_records = size;
  return ok();
}

bool LogCheck::check_seals(const HeadToCheck& one) {
  const auto& head = one.head;
  const auto size = static_cast<std::int64_t>(head.size);
  const std::string name = "the head of " + std::to_string(size) + " records";
  report_.seals_judged = options_.trust != nullptr;
  if (options_.trust == nullptr) {
    if (seal::signature_value(head.seal)) {
      report_.countersignatures += std::ssize(one.countersignatures);
      return true;
    }
    broken(size, "head_seal_wrong", "The seal of " + name + " cannot be read.");
    return false;
  }
  const auto sealed = seal::verify(head.seal, head.payload, *options_.trust, {.now = options_.now});
  if (!sealed.passed() || sealed.media_type != seal::kTreeHeadMedia) {
    broken(
        size, "head_seal_wrong",
        "The seal of " + name + " does not hold: " + (sealed.passed() ? "it is for something else." : sealed.detail));
    return false;
  }
  for (const auto& witness : one.countersignatures) {
    const auto judged = seal::verify(witness.seal, head.payload, *options_.trust, {.now = options_.now});
    if (judged.passed()) {
      ++report_.countersignatures;
      continue;
    }
    broken(size, "countersignature_wrong",
           "The countersignature of " + witness.peer + " on " + name + " does not hold: " + judged.detail);
    return false;
  }
  return true;
}

bool LogCheck::check_token(const HeadToCheck& one) {
  if (!one.token) return true;
  const auto size = static_cast<std::int64_t>(one.head.size);
  report_.tokens_judged = options_.authorities != nullptr;
  const auto stamped = seal::signature_value(one.head.seal);
  const auto token = !stamped ? Result<crypto::TimestampToken>(stamped.error())
                     : options_.authorities == nullptr
                         ? crypto::read_timestamp_token(one.token->token)
                         : crypto::verify_timestamp_token(one.token->token, stamped.value(),
                                                          {.authorities = *options_.authorities, .now = options_.now});
  if (token && token.value().time == one.token->gen_time) {
    ++report_.tokens;
    return true;
  }
  broken(size, "time_wrong",
         "The time-stamp of the head of " + std::to_string(size) + " records does not hold" +
             (token ? "." : ": " + token.error().message));
  return false;
}

Result<void> LogCheck::check_head_beyond(const HeadToCheck& one, const std::vector<NodeHash>& consistency) {
  if (!tree_) return ok();
  if (!crypto::verify_consistency(TreeHash::sm3, tree_->size(), tree_->root(), one.head.size, one.head.root,
                                  consistency)) {
    CHECK_OK(look_for_rewritten());
    broken(suspect_.value_or(static_cast<std::int64_t>(last_head_) + 1), "head_differs",
           "The sealed head of " + std::to_string(one.head.size) + " records does not go on from these records.");
    return ok();
  }
  return check_head(one, one.head.root);
}

Result<void> LogCheck::check_end() {
  if (!holds()) return ok();
  std::uint64_t told = coming_.empty() ? 0 : coming_.front().head.size;
  if (options_.known_head) told = std::max(told, static_cast<std::uint64_t>(options_.known_head->seq));
  if (options_.known_tree) told = std::max(told, options_.known_tree->size);
  if (told >= static_cast<std::uint64_t>(next_)) {
    broken(
        next_, "truncated",
        "The trail ends at " + std::to_string(next_ - 1) + ", but " + std::to_string(told) + " was already written.");
    return ok();
  }
  if (suspect_)
    broken(*suspect_, "tile_differs",
           "The stored tree differs from its records at record " + std::to_string(*suspect_) + ".");
  return ok();
}

}  // namespace zhida::audit
