// Who is shown what of a case's evidence. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/audit_trail.h"
#include "base/result.h"

namespace zhida::flow {

/// For whom a pack is made: each is shown less than the one before.
enum class PackLevel {
  auditor,  ///< Everything.
  firm,     ///< Its own data and account; not which persons decided or objected.
  public_,  ///< What is published anyway: firm, item, amount, verdicts, steps and days; digests of documents.
};
const char* to_text(PackLevel level);  ///< `auditor`, `firm`, `public`
/// Error `level_malformed`.
Result<PackLevel> pack_level_from(std::string_view text);

/// The level and what is withheld beyond it.
class PackView {
 public:
  /// `withhold`: names of facts, or beginnings of names followed by `*`. Errors `withhold_needed` for a fact without
  /// which no pack can be checked.
  static Result<PackView> create(PackLevel level, std::vector<std::string> withhold);

  PackLevel level() const { return level_; }
  bool shows_fact(std::string_view name) const;
  /// A document or a source's payload as a whole; `names_others`: other firms stand in it too.
  bool shows_octets(bool names_others) const;
  /// A record of the trail by itself; see shown_records().
  bool shows_record(const audit::AuditRecord& record) const;
  /// Patterns of `withhold` that fit none of the names.
  std::vector<std::string> idle(const std::vector<std::string>& names) const;

 private:
  PackView(PackLevel level, std::vector<std::string> withhold) : level_(level), withhold_(std::move(withhold)) {}
  bool withheld(std::string_view name) const;

  PackLevel level_;
  std::vector<std::string> withhold_;
};

/// For records in the order of their numbers: which are shown. A record bears the hash of the one before, which is what
/// keeps a withheld one from being found by guessing: so who withholds a record withholds the one right before it too.
std::vector<bool> shown_records(const PackView& view, const std::vector<audit::AuditRecord>& records);

}  // namespace zhida::flow
