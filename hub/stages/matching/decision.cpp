#include "stages/matching/decision.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"
#include "platform/crypto/digest.h"
#include "stages/matching/beyond.h"
#include "stages/matching/evaluate.h"

namespace zhida::matching {
namespace {

constexpr std::array kReasons = {UnknownReason::missing, UnknownReason::conflict, UnknownReason::stale};

Error malformed(const std::string& what) {
  return refuse("facts_malformed", "What a decision stood on cannot be read back: " + what + ".");
}

/// The kind of a value, beside its text: one letter.
std::string kind_of(const FieldData& data) {
  if (std::holds_alternative<bool>(data)) return "b";
  if (std::holds_alternative<std::int64_t>(data)) return "i";
  return std::holds_alternative<Date>(data) ? "d" : "t";
}

Result<FieldData> data_from(const std::string& kind, const std::string& text) {
  if (kind == "b") return parse_field_data(FieldType::boolean, text);
  if (kind == "i") return parse_field_data(FieldType::integer, text);
  if (kind == "d") return parse_field_data(FieldType::date, text);
  if (kind == "t") return FieldData(text);
  return malformed("kind " + kind);
}

Json to_json(const FieldState& state) {
  if (!state.value) return {{"unknown", zhida::to_text(state.reason)}};
  const auto& value = *state.value;
  Json out = {{"kind", kind_of(value.data)},
              {"value", zhida::to_text(value.data)},
              {"source", value.source},
              {"as_of", value.as_of.to_string()}};
  if (value.record_id != 0) out["record"] = value.record_id;
  return out;
}

Result<FieldState> state_from(const Json& json) {
  FieldState out;
  if (json.contains("unknown")) {
    const auto name = TRY(get_string(json, "unknown"));
    const auto reason =
        std::ranges::find_if(kReasons, [&](UnknownReason known) { return name == zhida::to_text(known); });
    if (reason == kReasons.end()) return malformed("reason " + name);
    out.reason = *reason;
    return out;
  }
  ProfileValue value;
  value.data = TRY(data_from(TRY(get_string(json, "kind")), TRY(get_string(json, "value"))));
  value.source = TRY(get_string(json, "source"));
  value.as_of = TRY(Date::parse(TRY(get_string(json, "as_of"))));
  value.record_id = TRY(get_int_or(json, "record", 0));
  out.value = std::move(value);
  return out;
}

/// The day that the facts name; empty where they are malformed.
std::string day_of(const std::string& facts) {
  const auto json = parse_json(facts);
  return json && json.value().is_object() ? json.value().value("on", "") : "";
}

std::string fen_text(const std::optional<Money>& amount) {
  return amount ? std::to_string(amount->fen()) : "";
}

/// What an exclusive group, a ranking or a pool decided is taken as it was decided; what follows from it is done again.
void repeat_beyond(const Entitlement& stored, Entitlement& again) {
  for (const auto& clause : stored.clauses) {
    if (!is_beyond(clause.id)) continue;
    again.clauses.push_back(clause);
    if (clause.verdict != Verdict::met) {
      take_away(again, clause.verdict);
    } else if (clause.id == "pool") {
      if (const auto given = parse_field_data(FieldType::integer, clause.value))
        reduce_to(again, Money::from_fen(std::get<std::int64_t>(given.value())));
    }
  }
}

class Comparison {
 public:
  explicit Comparison(std::vector<Difference>& out) : out_(out) {}

  void text(const std::string& what, const std::string& stored, const std::string& again) {
    if (stored != again) out_.push_back({what, stored, again});
  }

  void clause(const ClauseVerdict& stored, const ClauseVerdict& again) {
    const auto name = "clause." + stored.id;
    text(name + ".verdict", zhida::to_text(stored.verdict), zhida::to_text(again.verdict));
    text(name + ".text", stored.text, again.text);
    text(name + ".field", stored.field, again.field);
    text(name + ".value", stored.value, again.value);
    text(name + ".threshold", stored.threshold, again.threshold);
    text(name + ".gap", stored.gap, again.gap);
    text(name + ".source", stored.source, again.source);
    text(name + ".as_of", stored.as_of, again.as_of);
    text(name + ".unknown_reason", stored.unknown_reason, again.unknown_reason);
  }

  void clauses(const std::vector<ClauseVerdict>& stored, const std::vector<ClauseVerdict>& again) {
    for (std::size_t i = 0; i < std::max(stored.size(), again.size()); ++i) {
      const bool both = i < stored.size() && i < again.size() && stored[i].id == again[i].id;
      if (both) {
        clause(stored[i], again[i]);
      } else {
        text("clauses[" + std::to_string(i) + "].id", i < stored.size() ? stored[i].id : "",
             i < again.size() ? again[i].id : "");
      }
    }
  }

  void tranches(const std::vector<Tranche>& stored, const std::vector<Tranche>& again) {
    const auto line = [](const std::vector<Tranche>& parts, std::size_t i) {
      return i < parts.size() ? parts[i].id + " " + std::to_string(parts[i].amount.fen()) : std::string();
    };
    for (std::size_t i = 0; i < std::max(stored.size(), again.size()); ++i)
      text("tranches[" + std::to_string(i) + "]", line(stored, i), line(again, i));
  }

 private:
  std::vector<Difference>& out_;
};

Json to_json(const Entitlement& entitlement) {
  Json clauses = Json::array(), tranches = Json::array();
  for (const auto& clause : entitlement.clauses)
    clauses.push_back({clause.id, clause.text, zhida::to_text(clause.verdict), clause.field, clause.value,
                       clause.threshold, clause.gap, clause.source, clause.as_of, clause.unknown_reason});
  for (const auto& tranche : entitlement.tranches)
    tranches.push_back({tranche.id, std::to_string(tranche.amount.fen())});
  return {{"uscc", entitlement.uscc},
          {"division", entitlement.division},
          {"policy", entitlement.policy.str()},
          {"version", entitlement.policy_version},
          {"evaluated_on", entitlement.evaluated_on.to_string()},
          {"profile_sequence", entitlement.profile_sequence},
          {"verdict", zhida::to_text(entitlement.verdict)},
          {"channel", to_text(entitlement.channel)},
          {"amount_fen", fen_text(entitlement.amount)},
          {"tranches", std::move(tranches)},
          {"clauses", std::move(clauses)},
          {"amount_trace", entitlement.amount_trace}};
}

}  // namespace

std::string facts_text(const Policy& policy, const EnterpriseProfile& profile, Date day) {
  auto names = fields_of(policy);
  // A derived field that a source reports stands against the formula.
  for (const auto& field : policy.derived) names.insert(field.name);
  Json fields = Json::object();
  for (const auto& name : names)
    if (const auto* state = profile.find(name)) fields[name] = to_json(*state);
  const auto canonical =
      canonical_json({{"as_of", profile.as_of.to_string()}, {"on", day.to_string()}, {"fields", std::move(fields)}});
  ZHIDA_ASSERT(canonical.has_value());  // Numbers of rows, and texts that the store gave as UTF-8.
  return canonical.value();
}

Result<EnterpriseProfile> profile_from(const Decision& decision) {
  if (!decision.facts) return malformed("there are none");
  const auto json = parse_json(*decision.facts);
  if (!json || !json.value().is_object() || !json.value().contains("fields")) return malformed("no object");
  EnterpriseProfile out;
  out.uscc = decision.entitlement.uscc;
  out.division = decision.entitlement.division;
  out.sequence = decision.entitlement.profile_sequence;
  out.as_of = TRY(Date::parse(TRY(get_string(json.value(), "as_of"))));
  for (const auto& [name, state] : json.value().at("fields").items()) out.fields[name] = TRY(state_from(state));
  return out;
}

std::string decision_digest(const Decision& decision) {
  auto json = to_json(decision.entitlement);
  json["purpose"] = decision.purpose;
  json["case"] = decision.case_id;
  json["facts"] = decision.facts.value_or("");
  json["code_lists"] = decision.context.code_lists;
  json["program"] = decision.context.program;
  const auto canonical = canonical_json(json);
  ZHIDA_ASSERT(canonical.has_value());
  return to_hex(crypto::sha256(canonical.value()));
}

Replay replay(const Decision& decision, const std::string& body) {
  Replay out;
  const auto& stored = decision.entitlement;
  Comparison compare(out.differences);
  compare.text("policy.version", stored.policy_version, to_hex(crypto::sha256(body)));
  const auto json = parse_json(body);
  auto policy = json ? policy_from_json(json.value()) : Result<Policy>(json.error());
  if (!policy) {
    out.why_not = policy.error().message;
    return out;
  }
  out.policy = std::move(policy.value());
  out.policy->version = stored.policy_version;
  if (decision.purpose == "withdrawn") {  // Nothing was evaluated: the item went out of force.
    out.possible = true;
    compare.text("verdict", zhida::to_text(stored.verdict), zhida::to_text(Verdict::not_met));
    compare.text("clauses[0].id", stored.clauses.size() == 1 ? stored.clauses.front().id : "", "in_force");
    compare.text("amount_fen", fen_text(stored.amount), "");
    return out;
  }
  if (!decision.facts) {
    out.why_not = "It was decided by a program that did not keep what the decision stood on.";
    return out;
  }
  const auto profile = profile_from(decision);
  if (!profile) {
    out.why_not = profile.error().message;
    return out;
  }
  out.possible = true;
  compare.text("evaluated_on", stored.evaluated_on.to_string(), day_of(*decision.facts));
  auto again = evaluate(*out.policy, profile.value(), stored.evaluated_on);
  repeat_beyond(stored, again);
  compare.text("policy.id", stored.policy.str(), again.policy.str());
  compare.text("verdict", zhida::to_text(stored.verdict), zhida::to_text(again.verdict));
  compare.text("channel", to_text(stored.channel), to_text(again.channel));
  compare.text("amount_fen", fen_text(stored.amount), fen_text(again.amount));
  compare.tranches(stored.tranches, again.tranches);
  compare.clauses(stored.clauses, again.clauses);
  compare.text("amount_trace", stored.amount_trace, again.amount_trace);
  return out;
}

}  // namespace zhida::matching
