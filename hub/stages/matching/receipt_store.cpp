#include "stages/matching/receipt_store.h"

#include <algorithm>
#include <set>
#include <utility>

namespace zhida::matching {
namespace {

constexpr std::string_view kFieldPrefix = "received.";

}  // namespace

Result<void> record_receipt(storage::Transaction& transaction, const Receipt& receipt) {
  if (receipt.is_person && !receipt.keep_until)
    return refuse("retention_missing", "It must be said until when the digest of a person is kept.");
  const storage::Value keep =
      receipt.keep_until ? storage::Value(receipt.keep_until->to_string()) : storage::Value(nullptr);
  CHECK_OK(transaction.execute(
      "INSERT INTO received_benefit (benefit, subject, is_person, reference, received_on, source, keep_until) VALUES "
      "(?, "
      "?, ?, ?, ?, ?, ?) ON CONFLICT (benefit, subject, reference) DO UPDATE SET received_on = excluded.received_on, "
      "keep_until = excluded.keep_until",
      {receipt.benefit, receipt.subject, static_cast<std::int64_t>(receipt.is_person), receipt.reference,
       receipt.received_on.to_string(), receipt.source, keep}));
  return ok();
}

Result<void> vouch_for_history(storage::Transaction& transaction, const std::string& benefit,
                               const std::string& vouched_by, Date on) {
  CHECK_OK(
      transaction.execute("INSERT INTO receipt_history (benefit, vouched_by, vouched_on) VALUES (?, ?, ?) ON CONFLICT "
                          "(benefit) DO UPDATE SET "
                          "vouched_by = excluded.vouched_by, vouched_on = excluded.vouched_on",
                          {benefit, vouched_by, on.to_string()}));
  return ok();
}

std::vector<std::string> benefits_asked(std::span<const Policy> policies) {
  std::set<std::string> out;
  for (const auto& policy : policies)
    for_each_clause_of(policy, [&](const Clause& clause) {
      const bool asked = clause.kind == Clause::Kind::condition && clause.op == Operator::not_received;
      if (asked && clause.field.starts_with(kFieldPrefix)) out.insert(clause.field.substr(kFieldPrefix.size()));
    });
  return {out.begin(), out.end()};
}

Result<void> add_receipts(storage::Transaction& transaction, std::span<const Policy> policies,
                          std::span<EnterpriseProfile> profiles) {
  for (const auto& benefit : benefits_asked(policies)) {
    const auto vouched =
        TRY(transaction.query("SELECT vouched_on FROM receipt_history WHERE benefit = ?", {benefit}, "t"));
    if (vouched.empty()) continue;
    for (auto& profile : profiles) {
      const auto last =
          TRY(transaction.query("SELECT received_on FROM received_benefit WHERE subject = ? AND benefit = ? ORDER BY "
                                "received_on DESC LIMIT 1",
                                {profile.uscc, benefit}, "t"));
      ProfileValue value;
      value.data = last.empty() ? never() : TRY(Date::parse(last.front().text(0)));
      value.source = "hub";
      value.as_of = TRY(Date::parse(vouched.front().text(0)));
      FieldState state;
      state.value = std::move(value);
      profile.fields.insert_or_assign(std::string(kFieldPrefix) + benefit, std::move(state));
    }
  }
  return ok();
}

Result<bool> person_received(storage::Transaction& transaction, const std::string& digest, const std::string& benefit) {
  const auto rows = TRY(
      transaction.query("SELECT 1 FROM received_benefit WHERE subject = ? AND benefit = ? AND is_person = 1 LIMIT 1",
                        {digest, benefit}, "i"));
  return !rows.empty();
}

Result<std::int64_t> forget_persons(storage::Transaction& transaction, Date today) {
  return transaction.execute("DELETE FROM received_benefit WHERE is_person = 1 AND keep_until < ?",
                             {today.to_string()});
}

}  // namespace zhida::matching
