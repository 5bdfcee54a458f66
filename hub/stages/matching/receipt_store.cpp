#include "stages/matching/receipt_store.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace zhida::matching {
namespace {

constexpr std::string_view kFieldPrefix = "received.";

/// The benefits that the items ask for, each with the narrowest window in months; 0: only windows without an end.
std::map<std::string, int> windows_asked(std::span<const Policy> policies) {
  std::map<std::string, int> out;
  for (const auto& policy : policies)
    for_each_clause_of(policy, [&](const Clause& clause) {
      const bool asked = clause.kind == Clause::Kind::condition && clause.op == Operator::not_received;
      if (!asked || !clause.field.starts_with(kFieldPrefix)) return;
      auto& window = out.try_emplace(clause.field.substr(kFieldPrefix.size()), 0).first->second;
      if (clause.months > 0) window = window == 0 ? clause.months : std::min(window, clause.months);
    });
  return out;
}

storage::Value day_or_null(const std::optional<Date>& day) {
  return day ? storage::Value(day->to_string()) : storage::Value(nullptr);
}

}  // namespace

std::string award_of(const std::string& uscc, const PolicyId& policy, const std::string& period) {
  return uscc + "/" + policy.str() + "/" + period;
}

Result<void> record_receipt(storage::Transaction& transaction, const Receipt& receipt) {
  if (receipt.is_person && !receipt.keep_until)
    return refuse("retention_missing", "It must be said until when the digest of a person is kept.");
  CHECK_OK(transaction.execute(
      "INSERT INTO received_benefit (benefit, subject, is_person, reference, received_on, source, keep_until, award, "
      "claimed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (benefit, subject, reference) DO UPDATE SET received_on "
      "= excluded.received_on, keep_until = excluded.keep_until, claimed = excluded.claimed, taken_back_on = NULL",
      {receipt.benefit, receipt.subject, static_cast<std::int64_t>(receipt.is_person), receipt.reference,
       receipt.received_on.to_string(), receipt.source, day_or_null(receipt.keep_until), receipt.award,
       static_cast<std::int64_t>(receipt.claimed)}));
  return ok();
}

Result<bool> knows_receipt(storage::Transaction& transaction, const Receipt& receipt) {
  const auto rows = TRY(
      transaction.query("SELECT received_on, keep_until FROM received_benefit WHERE benefit = ? AND subject = ? AND "
                        "reference = ? AND taken_back_on IS NULL AND claimed = 0",
                        {receipt.benefit, receipt.subject, receipt.reference}, "tt"));
  return !rows.empty() && rows.front().text(0) == receipt.received_on.to_string() &&
         rows.front().text_or(1, "") == (receipt.keep_until ? receipt.keep_until->to_string() : "");
}

Result<void> take_back_receipts(storage::Transaction& transaction, const std::string& reference, Date on) {
  CHECK_OK(transaction.execute(
      "UPDATE received_benefit SET taken_back_on = ? WHERE reference = ? AND is_person = 0 AND taken_back_on IS NULL",
      {on.to_string(), reference}));
  CHECK_OK(transaction.execute("UPDATE received_benefit SET claimed = 1 WHERE reference = ? AND is_person = 1",
                               {reference}));
  return ok();
}

Result<std::int64_t> free_claims(storage::Transaction& transaction, const std::string& reference) {
  return transaction.execute("DELETE FROM received_benefit WHERE reference = ? AND is_person = 1 AND claimed = 1",
                             {reference});
}

Result<void> claims_received(storage::Transaction& transaction, const std::string& reference, Date on) {
  const auto rows = TRY(transaction.query(
      "SELECT benefit, subject, received_on, keep_until FROM received_benefit WHERE reference = ? AND "
      "is_person = 1 AND claimed = 1",
      {reference}, "tttt"));
  for (const auto& row : rows) {
    // The months are counted from the payment, not from the day that money was asked for.
    const auto waited = on.days() - TRY(Date::parse(row.text(2))).days();
    const auto keep = Date(TRY(Date::parse(row.text(3))).days() + waited);
    CHECK_OK(
        transaction.execute("UPDATE received_benefit SET claimed = 0, received_on = ?, keep_until = ? WHERE benefit = "
                            "? AND subject = ? AND "
                            "reference = ?",
                            {on.to_string(), keep.to_string(), row.text(0), row.text(1), reference}));
  }
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
  std::vector<std::string> out;
  for (const auto& [benefit, window] : windows_asked(policies)) out.push_back(benefit);
  return out;
}

std::vector<std::string> benefits_given(const Policy& policy) {
  std::set<std::string> out(policy.benefits.begin(), policy.benefits.end());
  out.insert(policy.id.str());
  for (const auto& rule : policy.persons)
    if (!rule.benefit.empty()) out.insert(rule.benefit);
  return {out.begin(), out.end()};
}

Result<void> add_receipts(storage::Transaction& transaction, std::span<const Policy> policies,
                          std::span<EnterpriseProfile> profiles, const std::string& except_award) {
  for (const auto& [benefit, window] : windows_asked(policies)) {
    const auto words =
        TRY(transaction.query("SELECT vouched_on FROM receipt_history WHERE benefit = ?", {benefit}, "t"));
    const auto vouched_on =
        words.empty() ? std::optional<Date>() : std::optional(TRY(Date::parse(words.front().text(0))));
    for (auto& profile : profiles) {
      const auto last =
          TRY(transaction.query("SELECT received_on, source FROM received_benefit WHERE subject = ? AND benefit = ? "
                                "AND taken_back_on IS NULL AND (award = '' OR award <> ?) ORDER BY received_on DESC "
                                "LIMIT 1",
                                {profile.uscc, benefit, except_award}, "tt"));
      // Of what others paid since, nobody said anything: after a while that is not none.
      const bool vouched = vouched_on && vouched_on->plus_days(kVouchGoodForDays) >= profile.as_of;
      if (!vouched && last.empty()) continue;
      ProfileValue value;
      value.source = last.empty() ? "hub" : last.front().text(1);
      value.data = last.empty() ? never() : TRY(Date::parse(last.front().text(0)));
      value.as_of = vouched ? *vouched_on : std::get<Date>(value.data);
      if (!vouched) {
        // A later one that is not here would lie in the same windows; where this one does not, nothing is known.
        const bool within = window == 0 || std::get<Date>(value.data) > profile.as_of.plus_months(-window);
        if (!within) continue;
      }
      FieldState state;
      state.value = std::move(value);
      profile.fields.insert_or_assign(std::string(kFieldPrefix) + benefit, std::move(state));
    }
  }
  return ok();
}

Result<bool> person_received(storage::Transaction& transaction, const std::string& digest, const std::string& benefit,
                             const std::string& except_award) {
  const auto rows =
      TRY(transaction.query("SELECT 1 FROM received_benefit WHERE subject = ? AND benefit = ? AND is_person = 1 AND "
                            "(award = '' OR award <> ?) LIMIT 1",
                            {digest, benefit, except_award}, "i"));
  return !rows.empty();
}

Result<std::int64_t> forget_persons(storage::Transaction& transaction, Date today) {
  const auto receipts = TRY(
      transaction.execute("DELETE FROM received_benefit WHERE is_person = 1 AND keep_until < ?", {today.to_string()}));
  const auto rows = TRY(transaction.execute("DELETE FROM person_row WHERE keep_until < ?", {today.to_string()}));
  return receipts + rows;
}

Result<std::vector<ReceiptRow>> list_receipts(storage::Transaction& transaction, const std::string& uscc) {
  std::vector<ReceiptRow> out;
  const auto rows =
      TRY(transaction.query("SELECT benefit, reference, received_on, source, award, taken_back_on FROM "
                            "received_benefit WHERE subject = ? AND is_person = 0 ORDER BY received_on DESC, benefit, "
                            "reference",
                            {uscc}, "tttttt"));
  for (const auto& row : rows) {
    ReceiptRow one;
    one.receipt.benefit = row.text(0);
    one.receipt.subject = uscc;
    one.receipt.reference = row.text(1);
    one.receipt.received_on = TRY(Date::parse(row.text(2)));
    one.receipt.source = row.text(3);
    one.receipt.award = row.text(4);
    if (!row.is_null(5)) one.taken_back_on = TRY(Date::parse(row.text(5)));
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::vector<Vouched>> list_vouched(storage::Transaction& transaction) {
  std::vector<Vouched> out;
  const auto rows =
      TRY(transaction.query("SELECT benefit, vouched_by, vouched_on FROM receipt_history ORDER BY benefit", {}, "ttt"));
  for (const auto& row : rows) {
    const Date on = TRY(Date::parse(row.text(2)));
    out.push_back({row.text(0), row.text(1), on});
  }
  return out;
}

}  // namespace zhida::matching
