// Inside this folder only.
#pragma once
#include <set>
#include <string>

#include "platform/storage/database.h"

namespace zhida::intake {

inline constexpr std::size_t kAtOnce = 64;

/// Runs `sql` (which ends in `IN (`) for all of `wanted`, always with the same number of values, so that the statement
/// is prepared once.
template <class Each>
Result<void> for_each_of(storage::Transaction& transaction, const std::string& sql, const storage::Values& fixed,
                         const std::set<std::string>& wanted, const char* columns, Each each) {
  if (wanted.empty()) return ok();
  std::string text = sql + "?";
  for (std::size_t i = 1; i < kAtOnce; ++i) text += ", ?";
  text += ")";
  for (auto next = wanted.begin(); next != wanted.end();) {
    storage::Values values = fixed;
    for (std::size_t i = 0; next != wanted.end() && i < kAtOnce; ++i, ++next) values.emplace_back(*next);
    values.resize(fixed.size() + kAtOnce, values.back());
    for (const auto& row : TRY(transaction.query(text, values, columns))) each(row);
  }
  return ok();
}

}  // namespace zhida::intake
