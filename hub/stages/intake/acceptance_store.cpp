#include "stages/intake/acceptance_store.h"

namespace zhida::intake {
namespace {

using storage::Blob;
using storage::Values;

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
  CHECK_OK(transaction_.execute(
      "UPDATE quarantine SET state = 'replayed', last_at = ?, attempts = attempts + 1 WHERE id = ?",
      {to_millis(now_), waiting->second.id}));
  result.closed[key] = waiting->second.id;
  waiting_.erase(waiting);
  return ok();
}

}  // namespace zhida::intake
