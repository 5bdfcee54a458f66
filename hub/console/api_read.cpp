#include "audit/audit_trail.h"
#include "console/api.h"
#include "console/lists.h"
#include "console/scoped_status.h"
#include "console/views.h"
#include "console/words.h"
#include "flow/policy_book.h"
#include "stages/intake/intake_store.h"
#include "stages/treasury/commands.h"

namespace zhida::console::api {
namespace {

using storage::Transaction;

}  // namespace

Result<Slice> slice_of(const Call& call, std::size_t parts) {
  Slice slice;
  const std::string limit = call.parameter("limit");
  if (!limit.empty()) slice.limit = std::stoll(limit);  // A whole number: check_query() saw to it.
  if (slice.limit < 1 || slice.limit > 500)
    return refuse("parameter_malformed", "The parameter \"limit\" must be from 1 to 500.");
  slice.after = TRY(key_of(call.parameter("cursor"), parts));
  return slice;
}

Result<Json> me(App&, const Call& call) {
  const auto& person = *call.person;
  return Json{{"id", person.id},
              {"name", person.name},
              {"roles", person.roles},
              {"departments", person.departments},
              {"divisions", person.divisions}};
}

Result<Json> status(App& app, const Call& call) {
  return status_for(app, *call.person);
}

Result<Json> entitlements(App& app, const Call& call) {
  const auto slice = TRY(slice_of(call, 2));
  return read<Json>(app, [&](Transaction& transaction) {
    return list_entitlements(transaction, app.hub.rooms(), *call.person,
                             {call.parameter("policy"), call.parameter("verdict"), call.parameter("uscc")}, slice);
  });
}

Result<Json> profiles(App& app, const Call& call) {
  const auto slice = TRY(slice_of(call));
  return read<Json>(app, [&](Transaction& transaction) {
    return list_profiles(transaction, app.hub.rooms(), *call.person, call.parameter("q"), slice);
  });
}

Result<Json> profile(App& app, const Call& call) {
  return read<Json>(app, [&](Transaction& transaction) {
    return profile_view(transaction, app.hub.rooms(), call.captures[0], call.person);
  });
}

Result<Json> policies(App& app, const Call&) {
  Json items = Json::array();
  for (const auto& policy : app.hub.rooms().policies.all())
    items.push_back({{"id", policy.id.str()},
                     {"version", policy.version},
                     {"title", policy.title},
                     {"channel", to_text(policy.handling.channel)},
                     {"valid_from", policy.valid_from ? Json(policy.valid_from->to_string()) : Json(nullptr)},
                     {"valid_to", policy.valid_to ? Json(policy.valid_to->to_string()) : Json(nullptr)}});
  return Json{{"items", std::move(items)}, {"next", nullptr}};
}

Result<Json> policy(App& app, const Call& call) {
  return policy_view(app.hub.rooms(), PolicyId(call.captures[0]));
}

Result<Json> cases(App& app, const Call& call) {
  const auto slice = TRY(slice_of(call));
  const std::string state = call.parameter("state");
  if (!state.empty() && !case_state_from(state))
    return refuse("parameter_malformed", "There is no case state \"" + state + "\".");
  return read<Json>(app, [&](Transaction& transaction) {
    return list_cases(transaction, app.hub.rooms(), *call.person,
                      {state, call.parameter("policy"), call.parameter("uscc")}, slice);
  });
}

Result<Json> benefit_case(App& app, const Call& call) {
  return read<Json>(app, [&](Transaction& transaction) {
    return case_view(transaction, app.hub.rooms(), CaseId(call.captures[0]), call.person);
  });
}

Result<Json> quarantine(App& app, const Call& call) {
  const auto slice = TRY(slice_of(call));
  return read<Json>(app, [&](Transaction& transaction) {
    return list_quarantine(transaction, app.hub.rooms(), *call.person,
                           {call.parameter("source"), call.parameter("code"), call.parameter("state")}, slice);
  });
}

Result<Json> quarantined(App& app, const Call& call) {
  return read<Json>(app, [&](Transaction& transaction) {
    return quarantine_view(transaction, app.hub.rooms(), call.captures[0], *call.person);
  });
}

Result<Json> adapters(App& app, const Call& call) {
  const Json status = TRY(status_for(app, *call.person));
  return Json{{"items", status.at("sources")}, {"next", nullptr}};
}

Result<Json> payments(App& app, const Call& call) {
  const auto slice = TRY(slice_of(call));
  return read<Json>(app, [&](Transaction& transaction) {
    return list_payments(transaction, app.hub.rooms(), *call.person, call.parameter("state"), slice);
  });
}

Result<Json> appropriations(App& app, const Call& call) {
  const auto slice = TRY(slice_of(call));
  return read<Json>(app, [&](Transaction& transaction) {
    return list_appropriations(transaction, app.hub.rooms(), *call.person, slice);
  });
}

Result<Json> reconciliation(App& app, const Call& call) {
  const auto day = TRY(Date::parse(call.captures[0]));
  const std::string division = call.parameter("division");
  if (!call.person->sees(division.empty() ? app.hub.rooms().city : division))
    return refuse("division_not_yours", "Name one of your divisions with ?division=.");
  return read<Json>(app, [&](Transaction& transaction) -> Result<Json> {
    return treasury::to_json(TRY(treasury::reconcile_day(transaction, day, division)));
  });
}

Result<Json> messages(App& app, const Call& call) {
  return read<Json>(app, [&](Transaction& transaction) {
    return timeline(transaction, app.hub.rooms(), *call.person, call.parameter("trace"));
  });
}

Result<Json> dead_letters(App& app, const Call& call) {
  const auto slice = TRY(slice_of(call));
  return read<Json>(app, [&](Transaction& transaction) {
    return list_dead_letters(transaction, app.hub.rooms(), *call.person, call.parameter("state"), slice);
  });
}

Result<Json> dead_letter(App& app, const Call& call) {
  return read<Json>(app, [&](Transaction& transaction) {
    return dead_letter_view(transaction, app.hub.rooms(), call.captures.at(0), *call.person);
  });
}

Result<Json> audit_records(App& app, const Call& call) {
  const auto slice = TRY(slice_of(call));
  audit::AuditFilter filter;
  filter.case_id = call.parameter("case");
  filter.uscc = call.parameter("uscc");
  filter.trace_id = call.parameter("trace");
  const std::string after = slice.after.empty() ? call.parameter("after") : slice.after[0];
  if (after.size() > 18 || after.find_first_not_of("0123456789") != std::string::npos)
    return refuse("cursor_malformed", "This cursor is not one of ours.");
  if (!after.empty()) filter.after_seq = std::stoll(after);
  filter.limit = slice.limit;
  return read<Json>(app, [&](Transaction& transaction) -> Result<Json> {
    const auto records = TRY(audit::read_records(transaction, filter));
    Json items = Json::array();
    for (const auto& record : records) {
      const auto& entry = record.entry;
      // What belongs to no division is about the hub itself.
      if (!call.person->sees(entry.division.empty() ? app.hub.rooms().city : entry.division)) continue;
      items.push_back({{"seq", record.seq},
                       {"at", to_rfc3339(record.at)},
                       {"kind", entry.kind},
                       {"actor", entry.actor},
                       {"subject_type", entry.subject_type},
                       {"subject_id", entry.subject_id},
                       {"case", entry.case_id},
                       {"uscc", entry.uscc},
                       {"division", entry.division},
                       {"trace_id", entry.trace_id},
                       {"detail", entry.detail},
                       {"payload_digest", entry.payload_digest},
                       {"record_hash", to_hex(record.record_hash)}});
    }
    const bool more = static_cast<std::int64_t>(records.size()) == filter.limit;
    return Json{{"items", std::move(items)},
                {"next", more ? Json(cursor_of({std::to_string(records.back().seq)})) : Json(nullptr)}};
  });
}

}  // namespace zhida::console::api
