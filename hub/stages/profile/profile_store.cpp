#include "stages/profile/profile_store.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/time.h"
#include "stages/profile/merge.h"

namespace zhida::profile {
namespace {

using storage::Transaction;
using storage::Value;
using storage::Values;

// How a row that says nothing, and one that cannot be read, are kept: without text, under these types.
constexpr const char* kNothing = "nothing";
constexpr const char* kUnreadable = "unreadable";

/// Inserts that wait until there are enough for one statement.
class RowBuffer {
 public:
  RowBuffer(Transaction& transaction, const std::string& head, std::size_t columns, const std::string& tail)
      : transaction_(transaction), columns_(columns) {
    std::string row = "(";
    for (std::size_t i = 0; i < columns; ++i) row += i == 0 ? "?" : ", ?";
    row += ")";
    one_ = head + " VALUES " + row + tail;
    many_ = head + " VALUES " + row;
    for (std::size_t i = 1; i < kRows; ++i) many_ += ", " + row;
    many_ += tail;
    values_.reserve(kRows * columns);
  }

  template <class... Cells>
  Result<void> add(Cells&&... cells) {
    (values_.emplace_back(std::forward<Cells>(cells)), ...);
    if (values_.size() < kRows * columns_) return ok();
    CHECK_OK(transaction_.execute(many_, values_));
    values_.clear();
    return ok();
  }

  Result<void> flush() {
    for (std::size_t at = 0; at < values_.size(); at += columns_) {
      const auto begin = values_.begin() + static_cast<std::ptrdiff_t>(at);
      CHECK_OK(transaction_.execute(one_, Values(begin, begin + static_cast<std::ptrdiff_t>(columns_))));
    }
    values_.clear();
    return ok();
  }

 private:
  static constexpr std::size_t kRows = 16;
  Transaction& transaction_;
  std::size_t columns_;
  std::string one_, many_;
  Values values_;
};

struct Enterprise {
  bool stored = false, changed = false;
  std::string division, name, kind, name_key, name_as_of, division_as_of;
  std::int64_t name_rank = 9, division_rank = 9;
};

struct StoredValue {
  std::string field, type, as_of;
  std::optional<std::string> text;
};

/// Carries out the operations of one batch.
class Update {
 public:
  Update(Transaction& transaction, const ProfileRules& rules, Instant now)
      : transaction_(transaction),
        rules_(rules),
        now_(now),
        today_(Date::of(now)),
        values_(transaction,
                "INSERT INTO profile_value (uscc, field, source, record_type, record_key, data_text, data_type, as_of, "
                "received_at, record_id)",
                10,
                " ON CONFLICT (uscc, field, source, record_type, record_key) DO UPDATE SET data_text = "
                "excluded.data_text, data_type = excluded.data_type, as_of = excluded.as_of, received_at = "
                "excluded.received_at, record_id = excluded.record_id"),
        changes_(transaction,
                 "INSERT INTO profile_change (uscc, division, field, old_text, new_text, record_id, at, trace_id)", 8,
                 "") {}

  Result<MergeOutcome> run(std::span<const ProfileOperation> operations) {
    CHECK_OK(load_enterprises(operations));
    for (const auto& operation : operations) {
      if (operation.kind == ProfileOperation::Kind::cover) {
        CHECK_OK(cover(operation));
        continue;
      }
      if (operation.uscc.empty()) continue;
      take_facts(operation);
      CHECK_OK(carry_out(operation));
    }
    CHECK_OK(values_.flush());
    CHECK_OK(changes_.flush());
    CHECK_OK(store_enterprises());
    outcome_.changed.assign(changed_.begin(), changed_.end());
    const auto last = TRY(transaction_.query("SELECT coalesce(max(sequence), 0) FROM profile_change", {}, "i"));
    outcome_.last_sequence = last.front().integer(0);
    return std::move(outcome_);
  }

 private:
  Result<void> carry_out(const ProfileOperation& operation) {
    switch (operation.kind) {
      case ProfileOperation::Kind::put:
        return put(operation);
      case ProfileOperation::Kind::withdraw:
        return withdraw(operation);
      case ProfileOperation::Kind::unreadable:
        return spoil(operation);
      case ProfileOperation::Kind::touch:
        return touch(operation);
      case ProfileOperation::Kind::cover:
        return cover(operation);
    }
    return ok();
  }

  Result<void> load_enterprises(std::span<const ProfileOperation> operations) {
    std::set<std::string> wanted;
    for (const auto& operation : operations) {
      if (!operation.uscc.empty()) wanted.insert(operation.uscc);
    }
    constexpr std::size_t kAtOnce = 64;
    static const std::string kSql = [] {
      std::string sql =
          "SELECT uscc, division, name, kind, name_key, name_rank, name_as_of, division_rank, division_as_of FROM "
          "enterprise WHERE uscc IN (?";
      for (std::size_t i = 1; i < kAtOnce; ++i) sql += ", ?";
      return sql + ")";
    }();
    for (auto next = wanted.begin(); next != wanted.end();) {
      Values values;
      for (; next != wanted.end() && values.size() < kAtOnce; ++next) values.emplace_back(*next);
      values.resize(kAtOnce, values.back());
      for (const auto& row : TRY(transaction_.query(kSql, values, "tttttitit"))) {
        Enterprise& enterprise = enterprises_[row.text(0)];
        enterprise.stored = true;
        enterprise.division = row.text(1);
        enterprise.name = row.text(2);
        enterprise.kind = row.text(3);
        enterprise.name_key = row.text(4);
        enterprise.name_rank = row.integer(5);
        enterprise.name_as_of = row.text(6);
        enterprise.division_rank = row.integer(7);
        enterprise.division_as_of = row.text(8);
      }
    }
    return ok();
  }

  /// A better rank wins; of the same rank the newer day, of the same day what came last.
  static bool wins(std::int64_t rank, const std::string& as_of, std::int64_t old_rank, const std::string& old_as_of) {
    return rank < old_rank || (rank == old_rank && as_of >= old_as_of);
  }

  void take_facts(const ProfileOperation& operation) {
    Enterprise& enterprise = enterprises_[operation.uscc];
    if (enterprise.division.empty()) enterprise.division = rules_.default_division;
    const FirmFacts& facts = operation.facts;
    if (facts.name_rank >= 9 && facts.division_rank >= 9 && facts.kind.empty()) return;
    const std::string as_of = operation.as_of.to_string();
    if (facts.name_rank < 9 && wins(facts.name_rank, as_of, enterprise.name_rank, enterprise.name_as_of)) {
      enterprise.changed = enterprise.changed || enterprise.name != facts.name ||
                           enterprise.name_key != facts.name_key || enterprise.name_rank != facts.name_rank;
      enterprise.name = facts.name;
      enterprise.name_key = facts.name_key;
      enterprise.name_rank = facts.name_rank;
      enterprise.name_as_of = as_of;
    }
    if (facts.division_rank < 9 &&
        wins(facts.division_rank, as_of, enterprise.division_rank, enterprise.division_as_of)) {
      enterprise.changed = enterprise.changed || enterprise.division != facts.division ||
                           enterprise.division_rank != facts.division_rank;
      enterprise.division = facts.division;
      enterprise.division_rank = facts.division_rank;
      enterprise.division_as_of = as_of;
    }
    if (!facts.kind.empty() && facts.kind != enterprise.kind) {
      enterprise.kind = facts.kind;
      enterprise.changed = true;
    }
  }

  Result<std::vector<StoredValue>> stored_values(const ProfileOperation& operation) {
    CHECK_OK(values_.flush());
    std::vector<StoredValue> out;
    for (const auto& row : TRY(transaction_.query("SELECT field, data_type, as_of, data_text FROM profile_value WHERE "
                                                  "uscc = ? AND source = ? AND record_type = ? AND record_key = ?",
                                                  row_key(operation), "tttt"))) {
      StoredValue value{row.text(0), row.text(1), row.text(2), std::nullopt};
      if (!row.is_null(3)) value.text = row.text(3);
      out.push_back(std::move(value));
    }
    return out;
  }

  static Values row_key(const ProfileOperation& operation) {
    return {operation.uscc, operation.source, operation.record_type, operation.record_key};
  }

  static Value nullable(const std::optional<std::string>& text) { return text ? Value(*text) : Value(nullptr); }

  Result<void> log_change(const ProfileOperation& operation, const std::string& field,
                          const std::optional<std::string>& old_text, const std::optional<std::string>& new_text) {
    changed_.insert(operation.uscc);
    return changes_.add(operation.uscc, enterprises_[operation.uscc].division, field, nullable(old_text),
                        nullable(new_text), operation.record_id, to_millis(now_), operation.trace_id);
  }

  Result<void> write_value(const ProfileOperation& operation, const std::string& field,
                           const std::optional<std::string>& text, const std::string& type) {
    return values_.add(operation.uscc, field, operation.source, operation.record_type, operation.record_key,
                       nullable(text), type, operation.as_of.to_string(), to_millis(operation.received),
                       operation.record_id);
  }

  std::string type_of(const std::string& field) const {
    const FieldSpec* const spec = rules_.catalogue.find(field);
    return spec == nullptr ? "text" : to_text(spec->row_type());
  }

  Result<void> remove_value(const ProfileOperation& operation, const std::string& field) {
    CHECK_OK(transaction_.execute(
        "DELETE FROM profile_value WHERE uscc = ? AND field = ? AND source = ? AND record_type = ? AND record_key = ?",
        {operation.uscc, field, operation.source, operation.record_type, operation.record_key}));
    return ok();
  }

  Result<void> put(const ProfileOperation& operation) {
    std::map<std::string, StoredValue> before;
    if (!operation.is_new) {
      for (auto& value : TRY(stored_values(operation))) before.emplace(value.field, value);
    }
    for (const auto& change : operation.changes) {
      const std::optional<std::string> text = change.data ? std::optional(to_text(*change.data)) : std::nullopt;
      const std::string type = text ? type_of(change.field) : kNothing;
      const auto old = before.find(change.field);
      CHECK_OK(write_value(operation, change.field, text, type));
      if (old == before.end()) {
        // A first row that says nothing may still turn "absent from the list" into "not known".
        CHECK_OK(log_change(operation, change.field, std::nullopt, text));
        continue;
      }
      if (old->second.text != text || old->second.type != type || old->second.as_of != operation.as_of.to_string()) {
        CHECK_OK(log_change(operation, change.field, old->second.text, text));
      }
      before.erase(old);
    }
    // What the row no longer speaks of.
    for (const auto& [field, value] : before) {
      CHECK_OK(remove_value(operation, field));
      CHECK_OK(log_change(operation, field, value.text, std::nullopt));
    }
    return ok();
  }

  Result<void> withdraw(const ProfileOperation& operation) {
    for (const auto& value : TRY(stored_values(operation))) {
      CHECK_OK(log_change(operation, value.field, value.text, std::nullopt));
    }
    CHECK_OK(transaction_.execute(
        "DELETE FROM profile_value WHERE uscc = ? AND source = ? AND record_type = ? AND record_key = ?",
        row_key(operation)));
    return ok();
  }

  Result<void> spoil(const ProfileOperation& operation) {
    std::set<std::string> fields;
    for (const auto& change : operation.changes) fields.insert(change.field);
    for (const auto& value : TRY(stored_values(operation))) {
      fields.insert(value.field);
      if (value.type == kUnreadable) continue;
      CHECK_OK(log_change(operation, value.field, value.text, std::nullopt));
    }
    for (const auto& field : fields) {
      CHECK_OK(write_value(operation, field, std::nullopt, kUnreadable));
    }
    return ok();
  }

  Result<void> touch(const ProfileOperation& operation) {
    const std::string as_of = operation.as_of.to_string();
    for (const auto& value : TRY(stored_values(operation))) {
      const FieldSpec* const spec = rules_.catalogue.find(value.field);
      const auto day = Date::parse(value.as_of);
      // A value that had gone stale counts again: that is news.
      if (spec != nullptr && day && value.as_of < as_of && !is_fresh(*spec, day.value(), today_)) {
        CHECK_OK(log_change(operation, value.field, value.text, value.text));
      }
    }
    CHECK_OK(
        transaction_.execute("UPDATE profile_value SET as_of = ?, received_at = ? WHERE uscc = ? AND source = ? "
                             "AND record_type = ? AND record_key = ? AND as_of < ?",
                             {as_of, to_millis(operation.received), operation.uscc, operation.source,
                              operation.record_type, operation.record_key, as_of}));
    return ok();
  }

  Result<void> cover(const ProfileOperation& operation) {
    const auto rows = TRY(transaction_.query("SELECT as_of FROM list_coverage WHERE source = ? AND list_id = ?",
                                             {operation.source, operation.list_id}, "t"));
    const std::string as_of = operation.as_of.to_string();
    if (!rows.empty() && rows.front().text(0) > as_of) return ok();
    for (const auto& [name, spec] : rules_.catalogue.all()) {
      if (spec.covered_by != operation.list_id) continue;
      const auto before = rows.empty() ? Result<Date>(refuse("none", "")) : Date::parse(rows.front().text(0));
      const bool was_fresh = before && is_fresh(spec, before.value(), today_);
      if (was_fresh != is_fresh(spec, operation.as_of, today_)) outcome_.coverage_changed = true;
    }
    CHECK_OK(transaction_.execute(
        "INSERT INTO list_coverage (source, list_id, as_of, received_at, record_id) VALUES (?, ?, ?, ?, ?) ON CONFLICT "
        "(source, list_id) DO UPDATE SET as_of = excluded.as_of, received_at = excluded.received_at, record_id = "
        "excluded.record_id",
        {operation.source, operation.list_id, as_of, to_millis(operation.received), operation.record_id}));
    return ok();
  }

  Result<void> store_enterprises() {
    const std::int64_t now = to_millis(now_);
    for (const auto& [uscc, enterprise] : enterprises_) {
      const bool log_moved = changed_.contains(uscc);
      if (enterprise.stored && !enterprise.changed && !log_moved) continue;
      CHECK_OK(transaction_.execute(
          enterprise.stored
              ? "UPDATE enterprise SET division = ?, name = ?, kind = ?, updated_at = ?, name_key = ?, name_rank = ?, "
                "name_as_of = ?, division_rank = ?, division_as_of = ?, sequence = (SELECT coalesce(max(sequence), 0) "
                "FROM profile_change WHERE uscc = ?) WHERE uscc = ?"
              : "INSERT INTO enterprise (division, name, kind, updated_at, name_key, name_rank, name_as_of, "
                "division_rank, division_as_of, sequence, uscc, first_seen, organisation_code) VALUES (?, ?, ?, ?, ?, "
                "?, ?, ?, ?, (SELECT coalesce(max(sequence), 0) FROM profile_change WHERE uscc = ?), ?, ?, ?)",
          enterprise_cells(uscc, enterprise, now)));
    }
    return ok();
  }

  static Values enterprise_cells(const std::string& uscc, const Enterprise& enterprise, std::int64_t now) {
    Values values{enterprise.division,
                  enterprise.name,
                  enterprise.kind,
                  now,
                  enterprise.name_key,
                  enterprise.name_rank,
                  enterprise.name_as_of,
                  enterprise.division_rank,
                  enterprise.division_as_of,
                  uscc,
                  uscc};
    if (!enterprise.stored) {
      values.emplace_back(now);
      values.emplace_back(uscc.size() == 18 ? uscc.substr(8, 9) : std::string());
    }
    return values;
  }

  Transaction& transaction_;
  const ProfileRules& rules_;
  const Instant now_;
  const Date today_;
  RowBuffer values_, changes_;
  std::unordered_map<std::string, Enterprise> enterprises_;
  std::set<std::string> changed_;
  MergeOutcome outcome_;
};

}  // namespace

Result<MergeOutcome> apply(Transaction& transaction, std::span<const ProfileOperation> operations,
                           const ProfileRules& rules, Instant now) {
  return Update(transaction, rules, now).run(operations);
}

}  // namespace zhida::profile
