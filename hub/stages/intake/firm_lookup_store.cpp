// What is known already: rows of earlier deliveries, and the firms that records speak of.
#include <map>
#include <set>

#include "stages/intake/acceptance_store.h"
#include "stages/intake/lookup_store.h"

namespace zhida::intake {

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

}  // namespace zhida::intake
