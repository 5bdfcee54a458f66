// policy check, test, match, explain.
#include "stages/matching/commands.h"

#include <ostream>

#include "base/bytes.h"
#include "base/json.h"
#include "stages/matching/check.h"
#include "stages/matching/command_context.h"
#include "stages/matching/engine/match_all.h"
#include "stages/matching/evaluate.h"
#include "stages/matching/example_file.h"
#include "stages/matching/explain.h"
#include "stages/matching/near_miss.h"

namespace zhida::matching {
namespace {

std::vector<std::string> texts(const std::vector<Finding>& findings) {
  std::vector<std::string> out;
  for (const auto& finding : findings) out.push_back(zhida::to_text(finding));
  return out;
}

Json line_of(const Entitlement& entitlement) {
  Json clauses = Json::array();
  for (const auto& clause : entitlement.clauses)
    clauses.push_back({{"id", clause.id}, {"verdict", zhida::to_text(clause.verdict)}});
  Json line = {{"policy", entitlement.policy.str()},
               {"uscc", entitlement.uscc},
               {"verdict", zhida::to_text(entitlement.verdict)},
               {"clauses", std::move(clauses)}};
  line["amount_fen"] = entitlement.amount ? Json(entitlement.amount->fen()) : Json(nullptr);
  return line;
}

/// The line of match with everything that a person needs besides.
Json explanation_of(const Policy& policy, const EnterpriseProfile& profile, Date day) {
  const auto entitlement = evaluate(policy, profile, day);
  auto out = line_of(entitlement);
  out["clauses"] = Json::array();
  for (const auto& clause : entitlement.clauses) out["clauses"].push_back(clause_json(clause));
  out["amount_trace"] = entitlement.amount_trace;
  out["policy_version"] = policy.version;
  out["near_misses"] = Json::array();
  for (const auto& miss : near_misses(policy, profile, day))
    out["near_misses"].push_back(
        {{"clause", miss.clause.id}, {"gap", miss.clause.gap}, {"then", zhida::to_text(miss.then)}});
  out["open_questions"] = Json::array();
  for (const auto& question : open_questions(policy, profile, day))
    out["open_questions"].push_back({{"clause", question.clause.id},
                                     {"field", question.clause.field},
                                     {"if_met", zhida::to_text(question.if_met)},
                                     {"if_not_met", zhida::to_text(question.if_not_met)}});
  return out;
}

std::string explanation_text(const Policy& policy, const EnterpriseProfile& profile, Date day, const CodeNames* names) {
  auto out = explain(policy, evaluate(policy, profile, day), names);
  for (const auto& miss : near_misses(policy, profile, day))
    out += "  差一项 " + miss.clause.id + " " + explain_clause(policy, miss.clause, names) +
           (miss.then == Verdict::unknown ? "（符合后仍缺数据）" : "") + "\n";
  for (const auto& question : open_questions(policy, profile, day))
    out += "  待查 " + question.clause.id + " " + question.clause.text +
           (question.decides() ? "（查明即可判定）" : "（查明后还缺其他数据）") + "\n";
  return out;
}

/// Examples that leave a condition untried are an error; an item without examples cannot be published, and may be
/// written all the same.
void check_beside(CommandContext& context, const PolicySource& source) {
  const auto path = example_path_of(source.path);
  const auto text = read_file(path);
  if (!text) return context.add(source, false, "examples_missing", "There are no examples beside it: " + path + ".");
  const auto examples = parse_examples(text.value(), path, source.policy, context.fields, context.findings.errors);
  for (const auto& remark : check_examples(source.policy, examples))
    context.add({path, source.policy}, remark.error, remark.code, remark.message);
}

}  // namespace

int check_command(CommandContext& context) {
  if (!context.load(context.paths())) return context.code;
  for (const auto& source : context.policies) check_beside(context, source);
  const auto& findings = context.findings;
  if (context.json()) {
    Json ids = Json::object(), rendered = Json::object();
    for (const auto& source : context.policies) {
      ids[source.policy.id.str()] = source.policy.version;
      if (context.flag("--text")) rendered[source.policy.id.str()] = render(source.policy, context.names());
    }
    Json out = {{"policies", ids}, {"errors", texts(findings.errors)}, {"notes", texts(findings.notes)}};
    if (context.flag("--text")) out["text"] = rendered;
    context.out << out.dump() << "\n";
  } else {
    for (const auto& finding : findings.errors) context.out << zhida::to_text(finding) << "\n";
    for (const auto& finding : findings.notes) context.err << zhida::to_text(finding) << "\n";
    if (context.flag("--text"))
      for (const auto& source : context.policies) context.out << render(source.policy, context.names()) << "\n";
    context.err << context.policies.size() << " policies without errors, " << findings.errors.size() << " errors, "
                << findings.notes.size() << " notes\n";
  }
  return findings.errors.empty() ? kFine : kFindings;
}

int test_command(CommandContext& context) {
  if (!context.load(context.paths())) return context.code;
  std::int64_t passed = 0, failed = 0;
  std::vector<std::string> failures;
  for (const auto& source : context.policies) {
    const auto path = example_path_of(source.path);
    const auto text = read_file(path);
    if (!text) {
      context.add(source, true, "examples_missing", "There are no examples beside it: " + path + ".");
      continue;
    }
    for (const auto& example :
         parse_examples(text.value(), path, source.policy, context.fields, context.findings.errors)) {
      const auto differences = run_example(source.policy, example);
      ++(differences.empty() ? passed : failed);
      for (const auto& difference : differences)
        failures.push_back(example.place + ": example_failed " + example.name + ": " + difference);
    }
  }
  if (context.json()) {
    context.out << Json{{"passed", passed},
                        {"failed", failed},
                        {"failures", failures},
                        {"errors", texts(context.findings.errors)}}
                       .dump()
                << "\n";
  } else {
    for (const auto& finding : context.findings.errors) context.out << zhida::to_text(finding) << "\n";
    for (const auto& failure : failures) context.out << failure << "\n";
    context.out << passed << " examples passed, " << failed << " failed\n";
  }
  return failed == 0 && context.findings.errors.empty() ? kFine : kFindings;
}

int match_command(CommandContext& context) {
  if (!context.option("--policies") || !context.option("--profiles"))
    return context.usage("match needs --policies and --profiles.");
  if (!context.read_day() || !context.load_flawless({*context.option("--policies")})) return context.code;
  if (!context.choose_policy()) return context.code;
  std::vector<Policy> items;
  for (auto& source : context.policies) items.push_back(std::move(source.policy));
  const bool json = context.json();
  const auto put = [&](std::string& out, const Policy& item, const EnterpriseProfile& profile, bool not_met_too) {
    const auto entitlement = evaluate(item, profile, context.day);
    if (entitlement.verdict == Verdict::not_met && !not_met_too) return;
    if (json)
      out += line_of(entitlement).dump() + "\n";
    else
      out += entitlement.uscc + "  " + entitlement.policy.str() + "  " + zhida::to_text(entitlement.verdict) + "  " +
             (entitlement.amount ? entitlement.amount->to_yuan() : "-") + "\n";
  };
  if (context.flag("--all"))
    return context.for_each_portion([&](unsigned, std::span<const EnterpriseProfile> profiles) {
      std::string out;
      for (const auto& profile : profiles)
        for (const auto& item : items) put(out, item, profile, true);
      return out;
    });
  // The engine says which pairs there are something to say of; clauses and sums are the scalar evaluator's.
  const engine::Lowering lowering(items, context.day);
  std::vector<engine::PortionMatcher> matchers(context.threads(), engine::PortionMatcher(lowering));
  return context.for_each_portion([&](unsigned thread, std::span<const EnterpriseProfile> profiles) {
    std::string out;
    for (const auto& match : matchers[thread].match(profiles))
      put(out, items[match.policy], profiles[match.profile], false);
    return out;
  });
}

int explain_command(CommandContext& context) {
  // `show DIR` reads as well as `show --policies DIR`.
  const auto folder = context.option("--policies");
  if (!folder && context.paths().empty()) return context.usage("explain needs --policies.");
  if (!context.read_day() || !context.load(folder ? std::vector{*folder} : context.paths())) return context.code;
  if (!context.choose_policy()) return context.code;
  if (!context.option("--profiles")) {
    for (const auto& source : context.policies)
      context.out << (context.json() ? to_json(source.policy).dump() + "\n" : render(source.policy) + "\n");
    for (const auto& finding : context.findings.errors) context.err << zhida::to_text(finding) << "\n";
    return context.findings.errors.empty() ? kFine : kFindings;
  }
  bool found = false;
  const auto code = context.for_each_profile([&](const EnterpriseProfile& profile) {
    if (const auto uscc = context.option("--uscc"); uscc && *uscc != profile.uscc) return;
    found = true;
    for (const auto& source : context.policies)
      context.out << (context.json() ? explanation_of(source.policy, profile, context.day).dump() + "\n"
                                     : explanation_text(source.policy, profile, context.day, context.names()));
  });
  if (code == kFine && !found) return context.usage("No profile has that code.");
  return code;
}

}  // namespace zhida::matching
