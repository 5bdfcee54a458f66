#include "stages/intake/acceptance_store.h"

#include <algorithm>

namespace zhida::intake {
namespace {

using storage::Blob;
using storage::Transaction;
using storage::Values;

constexpr std::size_t kAtOnce = 64;

/// Runs `sql` (which ends in `IN (`) for all of `wanted`, always with the same number of values, so that the statement
/// is prepared once.
template <class Each>
Result<void> for_each_of(Transaction& transaction, const std::string& sql, const Values& fixed,
                         const std::set<std::string>& wanted, const char* columns, Each each) {
  if (wanted.empty()) return ok();
  std::string text = sql + "?";
  for (std::size_t i = 1; i < kAtOnce; ++i) text += ", ?";
  text += ")";
  for (auto next = wanted.begin(); next != wanted.end();) {
    Values values = fixed;
    for (std::size_t i = 0; next != wanted.end() && i < kAtOnce; ++i, ++next) values.emplace_back(*next);
    values.resize(fixed.size() + kAtOnce, values.back());
    for (const auto& row : TRY(transaction.query(text, values, columns))) each(row);
  }
  return ok();
}

std::string column_value(const Finding& finding) {
  return finding.value.substr(0, 500);
}

}  // namespace

std::string Acceptance::as_of_text(std::size_t index) const {
  const auto& record = batch_.records[index];
  return record.as_of ? record.as_of->to_string() : Date::of(batch_.received_at).to_string();
}

std::string Acceptance::division_of(const std::string& uscc, const FirmFacts& facts) const {
  if (!facts.division.empty()) return facts.division;
  const auto found = divisions_.find(uscc);
  return found == divisions_.end() ? prepared_.default_division : found->second;
}

void Acceptance::outcome(std::size_t index, RecordOutcome::Kind kind, const Finding* finding) {
  const auto& record = batch_.records[index];
  RecordOutcome out;
  out.kind = kind;
  out.record_type = record.record_type;
  out.key = record.key;
  out.position = record.position;
  if (finding != nullptr) {
    out.code = finding->code;
    out.field = finding->field;
    out.value = column_value(*finding);
    out.message = finding->message;
  }
  switch (kind) {
    case RecordOutcome::Kind::accepted:
      ++result.accepted;
      break;
    case RecordOutcome::Kind::duplicate:
      ++result.duplicate;
      break;
    case RecordOutcome::Kind::quarantined:
      ++result.quarantined;
      break;
  }
  result.outcomes.push_back(std::move(out));
}

ProfileOperation Acceptance::operation(std::size_t index, ProfileOperation::Kind kind) const {
  const auto& record = batch_.records[index];
  ProfileOperation out;
  out.kind = kind;
  out.source = batch_.source;
  out.record_type = record.record_type;
  out.record_key = record.key;
  out.as_of = prepared_.outcomes[index].as_of;
  out.received = batch_.received_at;
  out.trace_id = batch_.trace_id.str();
  return out;
}

Result<void> Acceptance::load_known() {
  std::map<std::string, std::set<std::string>> keys;
  for (const auto& record : batch_.records) keys[record.record_type].insert(record.key);
  for (const auto& [type, wanted] : keys) {
    CHECK_OK(for_each_of(
        transaction_,
        "SELECT record_key, id, uscc, as_of, state, column_digest FROM source_record WHERE source = ? "
        "AND record_type = ? AND record_key IN (",
        {batch_.source, type}, wanted, "titttb", [&](const storage::Row& row) {
          known_[{type, row.text(0)}] = Known{row.integer(1), row.text(2), row.text(3), row.text(4), row.blob(5)};
        }));
    CHECK_OK(for_each_of(transaction_,
                         "SELECT record_key, id, columns FROM quarantine WHERE state = 'open' AND source = ? AND "
                         "record_type = ? AND record_key IN (",
                         {batch_.source, type}, wanted, "tit", [&](const storage::Row& row) {
                           waiting_[{type, row.text(0)}] = Waiting{row.integer(1), row.text_or(2, "")};
                         }));
  }
  return ok();
}

Result<void> Acceptance::load_firms() {
  std::set<std::string> usccs, codes, names;
  std::map<std::string, std::set<std::string>> references;
  for (const auto& mapped : prepared_.outcomes) {
    if (mapped.kind != MappingOutcome::Kind::profile) continue;
    const FirmKey& firm = mapped.firm;
    if (!firm.uscc.empty()) {
      usccs.insert(firm.uscc);
      continue;
    }
    if (!firm.organisation_code.empty()) codes.insert(firm.organisation_code);
    if (!firm.name_key.empty()) names.insert(firm.name_key);
    if (!firm.record_key.empty()) references[firm.record_type].insert(firm.record_key);
  }
  const auto remember = [&](const storage::Row& row) { divisions_[row.text(0)] = row.text(1); };
  CHECK_OK(
      for_each_of(transaction_, "SELECT uscc, division FROM enterprise WHERE uscc IN (", {}, usccs, "tt", remember));
  CHECK_OK(for_each_of(transaction_,
                       "SELECT uscc, division, organisation_code FROM enterprise WHERE organisation_code IN (", {},
                       codes, "ttt", [&](const storage::Row& row) {
                         remember(row);
                         by_organisation_code_[row.text(2)].insert(row.text(0));
                       }));
  CHECK_OK(for_each_of(transaction_, "SELECT uscc, division, name_key FROM enterprise WHERE name_key IN (", {}, names,
                       "ttt", [&](const storage::Row& row) {
                         remember(row);
                         by_name_[row.text(2)].insert(row.text(0));
                       }));
  for (const auto& [type, keys] : references) {
    CHECK_OK(for_each_of(transaction_,
                         "SELECT record_key, uscc FROM source_record WHERE uscc <> '' AND state <> 'withdrawn' AND "
                         "source = ? AND record_type = ? AND record_key IN (",
                         {batch_.source, type}, keys, "tt", [&](const storage::Row& row) {
                           by_record_[{type, row.text(0)}] = row.text(1);
                         }));
  }
  return ok();
}

Result<void> Acceptance::records() {
  CHECK_OK(load_known());
  CHECK_OK(load_firms());
  for (const auto& type : batch_.complete_for) complete_since_[type] = TRY(newest_complete(type));
  result.outcomes.reserve(batch_.records.size() + batch_.unreadable.size());
  result.profile.reserve(batch_.records.size());
  for (std::size_t i = 0; i < batch_.records.size(); ++i) {
    CHECK_OK(one(i));
  }
  return undo_name_matches();
}

Result<void> Acceptance::one(std::size_t index) {
  const auto& record = batch_.records[index];
  const auto& mapped = prepared_.outcomes[index];
  const auto found = known_.find({record.record_type, record.key});
  Known* const known = found == known_.end() ? nullptr : &found->second;

  // An older list than the one that counts says nothing any more, not even about rows that are new to us.
  const auto complete = complete_since_.find(record.record_type);
  const bool old_list = complete != complete_since_.end() && as_of_text(index) < complete->second;
  if (old_list || (known != nullptr && as_of_text(index) < known->as_of)) {
    outcome(index, RecordOutcome::Kind::duplicate);
    return ok();
  }
  if (mapped.withdraw) return withdraw(index, known);
  const bool same = known != nullptr && known->digest == prepared_.digests[index];
  if (same && known->state == "current") return duplicate(index, *known);
  if (mapped.kind == MappingOutcome::Kind::quarantined) {
    static const Finding kUnexplained{"", 0, 0, "mapping_failed", "The mapping gave no reason.", "", "", ""};
    return put_aside(index, known, mapped.findings.empty() ? kUnexplained : mapped.findings.front());
  }
  Firm firm;
  if (mapped.kind == MappingOutcome::Kind::profile) {
    if (const auto reason = TRY(find_firm(index, firm))) return put_aside(index, known, *reason);
  }
  return take_in(index, known, firm);
}

Result<void> Acceptance::withdraw(std::size_t index, Known* known) {
  const auto& record = batch_.records[index];
  const auto& mapped = prepared_.outcomes[index];
  if (known != nullptr && known->state == "withdrawn" && known->digest == prepared_.digests[index]) {
    outcome(index, RecordOutcome::Kind::duplicate);
    return ok();
  }
  Firm firm;
  if (known != nullptr) firm.uscc = known->uscc;
  const std::string uscc = firm.uscc;
  const std::int64_t id = TRY(store_record(index, known, firm, "withdrawn"));
  if (mapped.kind == MappingOutcome::Kind::ledger || mapped.kind == MappingOutcome::Kind::notice) {
    auto& rows = mapped.kind == MappingOutcome::Kind::ledger ? result.ledger : result.notices;
    rows.push_back(mapped.flat);
    rows.back().record_id = id;
  } else if (!uscc.empty()) {
    auto change = operation(index, ProfileOperation::Kind::withdraw);
    change.record_id = id;
    change.uscc = uscc;
    result.profile.push_back(std::move(change));
  }
  CHECK_OK(close_waiting({record.record_type, record.key}));
  outcome(index, RecordOutcome::Kind::accepted);
  return ok();
}

Result<void> Acceptance::duplicate(std::size_t index, Known& known) {
  const auto& record = batch_.records[index];
  const auto& mapped = prepared_.outcomes[index];
  const std::string as_of = as_of_text(index);
  if (as_of > known.as_of) {
    CHECK_OK(transaction_.execute("UPDATE source_record SET as_of = ?, received_at = ? WHERE id = ?",
                                  {as_of, to_millis(batch_.received_at), known.id}));
    known.as_of = as_of;
    if (mapped.kind == MappingOutcome::Kind::coverage) {
      auto change = operation(index, ProfileOperation::Kind::cover);
      change.record_id = known.id;
      change.list_id = mapped.list_id;
      result.profile.push_back(std::move(change));
    } else if (!known.uscc.empty() && mapped.kind == MappingOutcome::Kind::profile) {
      auto change = operation(index, ProfileOperation::Kind::touch);
      change.record_id = known.id;
      change.uscc = known.uscc;
      result.profile.push_back(std::move(change));
    }
  }
  if (!known.uscc.empty()) by_record_[{record.record_type, record.key}] = known.uscc;
  outcome(index, RecordOutcome::Kind::duplicate);
  return ok();
}

Result<std::optional<Finding>> Acceptance::find_firm(std::size_t index, Firm& firm) {
  const auto& record = batch_.records[index];
  const FirmKey& key = prepared_.outcomes[index].firm;
  const std::optional<Finding> found;
  if (!key.uscc.empty()) {
    firm = {key.uscc, "uscc"};
    return found;
  }
  if (const auto firms = by_organisation_code_.find(key.organisation_code);
      firms != by_organisation_code_.end() && firms->second.size() == 1) {
    firm = {*firms->second.begin(), "organisation_code"};
    return found;
  }
  if (const auto other = by_record_.find({key.record_type, key.record_key}); other != by_record_.end()) {
    firm = {other->second, "uscc"};
    return found;
  }
  const auto named = by_name_.find(key.name_key);
  const std::size_t firms = key.name_key.empty() || named == by_name_.end() ? 0 : named->second.size();
  if (firms == 1) {
    firm = {*named->second.begin(), "name"};
    return found;
  }
  Finding reason;
  reason.record = record.key;
  reason.field = "uscc";
  reason.value = key.name_key;
  if (firms > 1) {
    reason.code = "name_not_unique";
    reason.message = "The record names no code, and " + std::to_string(firms) + " firms have this name.";
  } else if (key.organisation_code.empty() && key.record_key.empty()) {
    reason.code = "name_unknown";
    reason.message = "The record names no code, and no firm with this name is known (yet).";
  } else {
    reason.code = "uscc_missing";
    reason.message = "The record names no code, and what else it names leads to no firm (yet).";
    if (reason.value.empty()) reason.value = key.organisation_code.empty() ? key.record_key : key.organisation_code;
  }
  return std::optional<Finding>(std::move(reason));
}

Result<std::int64_t> Acceptance::store_record(std::size_t index, Known* known, const Firm& firm, const char* state) {
  const auto& record = batch_.records[index];
  const auto& mapped = prepared_.outcomes[index];
  const std::string as_of = as_of_text(index);
  std::string division;
  if (!firm.uscc.empty() || mapped.kind == MappingOutcome::Kind::profile) {
    division = division_of(firm.uscc, mapped.facts);
  } else {
    const auto said = mapped.flat.values.find("division");
    division = said == mapped.flat.values.end() ? prepared_.default_division : to_text(said->second);
  }
  Values values{firm.uscc,
                firm.matched_by,
                division,
                Blob{prepared_.digests[index]},
                as_of,
                to_millis(batch_.received_at),
                batch_.batch_id,
                record.position,
                Blob{record.body},
                prepared_.columns_json[index],
                std::string(state),
                batch_.trace_id.str()};
  std::int64_t id = 0;
  if (known != nullptr) {
    id = known->id;
    values.emplace_back(id);
    CHECK_OK(
        transaction_.execute("UPDATE source_record SET uscc = ?, matched_by = ?, division = ?, column_digest = ?, "
                             "as_of = ?, received_at = ?, "
                             "batch_id = ?, position = ?, body = ?, columns = ?, state = ?, trace_id = ? WHERE id = ?",
                             values));
  } else {
    values.emplace_back(batch_.source);
    values.emplace_back(record.record_type);
    values.emplace_back(record.key);
    id = TRY(transaction_.insert(
        "INSERT INTO source_record (uscc, matched_by, division, column_digest, as_of, received_at, batch_id, position, "
        "body, columns, state, trace_id, source, record_type, record_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?)",
        values, "id"));
  }
  known_[{record.record_type, record.key}] = Known{id, firm.uscc, as_of, state, prepared_.digests[index]};
  return id;
}

Result<void> Acceptance::take_in(std::size_t index, Known* known, const Firm& firm) {
  const auto& record = batch_.records[index];
  const auto& mapped = prepared_.outcomes[index];
  const std::string old_uscc = known == nullptr ? std::string() : known->uscc;
  const bool is_new = known == nullptr || old_uscc != firm.uscc;
  const std::int64_t id = TRY(store_record(index, known, firm, "current"));
  switch (mapped.kind) {
    case MappingOutcome::Kind::profile: {
      if (!old_uscc.empty() && old_uscc != firm.uscc) {
        // The row speaks of another firm now.
        auto left = operation(index, ProfileOperation::Kind::withdraw);
        left.record_id = id;
        left.uscc = old_uscc;
        result.profile.push_back(std::move(left));
      }
      auto change = operation(index, ProfileOperation::Kind::put);
      change.record_id = id;
      change.is_new = is_new;
      change.uscc = firm.uscc;
      change.facts = mapped.facts;
      change.changes = mapped.changes;
      result.profile.push_back(std::move(change));
      by_record_[{record.record_type, record.key}] = firm.uscc;
      break;
    }
    case MappingOutcome::Kind::coverage: {
      auto change = operation(index, ProfileOperation::Kind::cover);
      change.record_id = id;
      change.list_id = mapped.list_id;
      result.profile.push_back(std::move(change));
      break;
    }
    case MappingOutcome::Kind::ledger:
      result.ledger.push_back(mapped.flat);
      result.ledger.back().record_id = id;
      break;
    case MappingOutcome::Kind::notice:
      result.notices.push_back(mapped.flat);
      result.notices.back().record_id = id;
      break;
    case MappingOutcome::Kind::quarantined:
      break;
  }
  CHECK_OK(close_waiting({record.record_type, record.key}));
  outcome(index, RecordOutcome::Kind::accepted);
  return ok();
}

Result<void> Acceptance::put_aside(std::size_t index, Known* known, const Finding& finding) {
  const auto& record = batch_.records[index];
  const auto& mapped = prepared_.outcomes[index];
  const Key key{record.record_type, record.key};
  const bool unmatched = finding.code == "name_unknown" || finding.code == "name_not_unique" ||
                         (finding.code == "uscc_missing" && mapped.kind == MappingOutcome::Kind::profile);
  const std::string uscc = mapped.firm.uscc;
  Values values{batch_.batch_id,
                record.position,
                finding.code,
                finding.file,
                static_cast<std::int64_t>(finding.line),
                finding.field,
                column_value(finding),
                finding.message,
                Blob{record.body},
                prepared_.columns_json[index],
                std::string(record.change == Change::withdraw ? "withdraw" : "upsert"),
                as_of_text(index),
                unmatched ? mapped.firm.name_key : std::string(),
                unmatched ? mapped.firm.organisation_code : std::string(),
                unmatched ? mapped.firm.record_type : std::string(),
                unmatched ? mapped.firm.record_key : std::string(),
                to_millis(now_),
                batch_.trace_id.str(),
                uscc,
                division_of(uscc, mapped.facts)};
  const auto waiting = waiting_.find(key);
  if (waiting != waiting_.end()) {
    values.emplace_back(waiting->second.id);
    CHECK_OK(
        transaction_.execute("UPDATE quarantine SET batch_id = ?, position = ?, code = ?, file = ?, line = ?, field = "
                             "?, value = ?, message = "
                             "?, body = ?, columns = ?, change = ?, as_of = ?, waits_name = ?, waits_code = ?, "
                             "waits_type = ?, waits_key = ?, "
                             "last_at = ?, trace_id = ?, uscc = ?, division = ?, attempts = attempts + 1 WHERE id = ?",
                             values));
  } else {
    values.emplace_back(batch_.source);
    values.emplace_back(record.record_type);
    values.emplace_back(record.key);
    values.emplace_back(to_millis(now_));
    const std::int64_t id = TRY(transaction_.insert(
        "INSERT INTO quarantine (batch_id, position, code, file, line, field, value, message, body, columns, change, "
        "as_of, waits_name, waits_code, waits_type, waits_key, last_at, trace_id, uscc, division, source, record_type, "
        "record_key, first_at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "'open')",
        values, "id"));
    waiting_[key] = Waiting{id, prepared_.columns_json[index]};
  }
  if (known != nullptr) {
    // There was a version that could be read: it no longer holds, and what holds instead is not known.
    if (known->state != "unreadable" && !known->uscc.empty()) {
      auto change = operation(index, ProfileOperation::Kind::unreadable);
      change.record_id = known->id;
      change.uscc = known->uscc;
      change.changes = mapped.changes;
      for (auto& field : change.changes) field.data.reset();
      result.profile.push_back(std::move(change));
    }
    CHECK_OK(
        transaction_.execute("UPDATE source_record SET state = 'unreadable', column_digest = ?, as_of = ? WHERE id = ?",
                             {Blob{prepared_.digests[index]}, as_of_text(index), known->id}));
    known->state = "unreadable";
    known->digest = prepared_.digests[index];
    known->as_of = as_of_text(index);
  }
  outcome(index, RecordOutcome::Kind::quarantined, &finding);
  return ok();
}

Result<void> Acceptance::close_waiting(const Key& key) {
  const auto waiting = waiting_.find(key);
  if (waiting == waiting_.end()) return ok();
  CHECK_OK(transaction_.execute("UPDATE quarantine SET state = 'replayed', last_at = ? WHERE id = ?",
                                {to_millis(now_), waiting->second.id}));
  waiting_.erase(waiting);
  return ok();
}

/// A second firm of the same name appeared: rows that were matched by that name are no longer certain.
Result<void> Acceptance::undo_name_matches() {
  std::map<std::string, std::set<std::string>> named;  // name key → firms of this batch
  std::set<std::string> names;
  for (const auto& change : result.profile) {
    if (change.facts.name_key.empty()) continue;
    named[change.facts.name_key].insert(change.uscc);
    names.insert(change.facts.name_key);
  }
  std::set<std::string> doubtful;
  CHECK_OK(for_each_of(transaction_, "SELECT uscc, name_key FROM enterprise WHERE name_key IN (", {}, names, "tt",
                       [&](const storage::Row& row) {
                         auto& firms = named[row.text(1)];
                         firms.insert(row.text(0));
                         if (firms.size() > 1) doubtful.insert(firms.begin(), firms.end());
                       }));
  struct Match {
    std::int64_t id;
    std::string source, type, key, uscc;
  };
  std::vector<Match> matches;
  CHECK_OK(
      for_each_of(transaction_,
                  "SELECT id, source, record_type, record_key, uscc FROM source_record WHERE matched_by = 'name' AND "
                  "uscc IN (",
                  {}, doubtful, "itttt", [&](const storage::Row& row) {
                    matches.push_back({row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4)});
                  }));
  for (const auto& match : matches) {
    CHECK_OK(transaction_.execute(
        "INSERT INTO quarantine (source, record_type, record_key, batch_id, position, code, file, line, field, value, "
        "message, body, columns, change, as_of, waits_name, state, first_at, last_at, trace_id, division) SELECT "
        "source, "
        "record_type, record_key, batch_id, position, 'name_not_unique', '', 0, 'uscc', '', 'A second firm of this "
        "name "
        "became known.', body, columns, 'upsert', as_of, (SELECT name_key FROM enterprise WHERE enterprise.uscc = "
        "source_record.uscc), 'open', CAST(? AS BIGINT), CAST(? AS BIGINT), trace_id, division FROM source_record "
        "WHERE id = ?",
        {to_millis(now_), to_millis(now_), match.id}));
    CHECK_OK(transaction_.execute(
        "UPDATE source_record SET state = 'unreadable', uscc = '', matched_by = '' WHERE id = ?", {match.id}));
    ProfileOperation change;
    change.kind = ProfileOperation::Kind::withdraw;
    change.record_id = match.id;
    change.source = match.source;
    change.record_type = match.type;
    change.record_key = match.key;
    change.uscc = match.uscc;
    change.as_of = Date::of(batch_.received_at);
    change.received = batch_.received_at;
    change.trace_id = batch_.trace_id.str();
    result.profile.push_back(std::move(change));
  }
  return ok();
}

Result<void> Acceptance::unreadable() {
  for (const auto& row : batch_.unreadable) {
    CHECK_OK(transaction_.execute(
        "INSERT INTO quarantine (source, record_type, record_key, batch_id, position, code, file, line, field, value, "
        "message, body, columns, change, as_of, state, first_at, last_at, trace_id, division) VALUES (?, ?, '', ?, ?, "
        "?, "
        "'', 0, '', '', ?, ?, NULL, 'upsert', ?, 'open', ?, ?, ?, ?)",
        {batch_.source, row.record_type, batch_.batch_id, row.position, row.code, row.message, Blob{row.body},
         Date::of(batch_.received_at).to_string(), to_millis(now_), to_millis(now_), batch_.trace_id.str(),
         prepared_.default_division}));
    RecordOutcome out;
    out.kind = RecordOutcome::Kind::quarantined;
    out.record_type = row.record_type;
    out.position = row.position;
    out.code = row.code;
    out.message = row.message;
    result.outcomes.push_back(std::move(out));
    ++result.quarantined;
  }
  return ok();
}

Result<std::string> Acceptance::newest_complete(const std::string& record_type) {
  const auto rows = TRY(transaction_.query("SELECT position FROM source_cursor WHERE source = ? AND stream = ?",
                                           {batch_.source, "@complete:" + record_type}, "t"));
  return rows.empty() ? std::string() : rows.front().text(0);
}

Result<void> Acceptance::complete_lists() {
  for (const auto& type : batch_.complete_for) {
    CHECK_OK(complete_list(type));
  }
  return ok();
}

/// Rows that the complete list lacks are gone. Where the list had rows that nobody could read, a missing row may be one
/// of those: it is then not known rather than gone.
Result<void> Acceptance::complete_list(const std::string& record_type) {
  std::set<std::string> present;
  std::string as_of;
  for (std::size_t i = 0; i < batch_.records.size(); ++i) {
    if (batch_.records[i].record_type == record_type) {
      present.insert(batch_.records[i].key);
      as_of = std::max(as_of, as_of_text(i));
    }
  }
  // An empty list is dated by what came with it, else by its arrival.
  for (std::size_t i = 0; as_of.empty() && i < batch_.records.size(); ++i) as_of = as_of_text(i);
  if (as_of.empty()) as_of = Date::of(batch_.received_at).to_string();
  if (as_of < complete_since_[record_type]) return ok();
  const bool doubtful = std::any_of(batch_.unreadable.begin(), batch_.unreadable.end(),
                                    [&](const auto& row) { return row.record_type == record_type; });
  for (const auto& row :
       TRY(transaction_.query("SELECT id, record_key, uscc, state FROM source_record WHERE source = ? "
                              "AND record_type = ? AND state <> 'withdrawn'",
                              {batch_.source, record_type}, "ittt"))) {
    if (present.contains(row.text(1))) continue;
    const bool spoil = doubtful && row.text(3) == "current";
    if (doubtful && !spoil) continue;
    CHECK_OK(transaction_.execute("UPDATE source_record SET state = ?, as_of = ? WHERE id = ?",
                                  {std::string(spoil ? "unreadable" : "withdrawn"), as_of, row.integer(0)}));
    if (row.text(2).empty()) continue;
    ProfileOperation change;
    change.kind = spoil ? ProfileOperation::Kind::unreadable : ProfileOperation::Kind::withdraw;
    change.record_id = row.integer(0);
    change.source = batch_.source;
    change.record_type = record_type;
    change.record_key = row.text(1);
    change.uscc = row.text(2);
    change.as_of = TRY(Date::parse(as_of));
    change.received = batch_.received_at;
    change.trace_id = batch_.trace_id.str();
    result.profile.push_back(std::move(change));
  }
  for (const auto& row :
       TRY(transaction_.query("SELECT id, record_key FROM quarantine WHERE state = 'open' AND source = "
                              "? AND record_type = ? AND columns IS NOT NULL",
                              {batch_.source, record_type}, "it"))) {
    if (present.contains(row.text(1))) continue;
    CHECK_OK(transaction_.execute("UPDATE quarantine SET state = 'replayed', last_at = ? WHERE id = ?",
                                  {to_millis(now_), row.integer(0)}));
  }
  CHECK_OK(
      transaction_.execute("INSERT INTO source_cursor (source, stream, position, updated_at) VALUES (?, ?, ?, ?) ON "
                           "CONFLICT (source, stream) DO UPDATE SET position = excluded.position, updated_at = "
                           "excluded.updated_at",
                           {batch_.source, "@complete:" + record_type, as_of, to_millis(now_)}));
  return ok();
}

}  // namespace zhida::intake
