// policy simulate, export-sql: what stands beside the hub's own work and touches nothing of it.
#include <algorithm>
#include <charconv>
#include <functional>
#include <ostream>

#include "base/bytes.h"
#include "base/json.h"
#include "stages/matching/command_context.h"
#include "stages/matching/explain.h"
#include "stages/matching/facts.h"
#include "stages/matching/literal.h"
#include "stages/matching/simulate.h"
#include "stages/matching/sql.h"

namespace zhida::matching {
namespace {

Json to_json(const Tally& tally) {
  return {{"firms", tally.firms}, {"fen", tally.sum.fen()}};
}

Json to_json(const std::map<std::string, Tally>& parts) {
  Json out = Json::object();
  for (const auto& [name, tally] : parts) out[name] = to_json(tally);
  return out;
}

Json data_json(const FieldData& data) {
  if (const auto* number = std::get_if<std::int64_t>(&data)) return *number;
  return zhida::to_text(data);
}

Json to_json(const Policy& policy, const SimulationReport& report, const Funnel& funnel, Date day) {
  Json out = {{"policy", policy.id.str()},
              {"version", policy.version},
              {"at", day.to_string()},
              {"firms", report.firms},
              {"met", to_json(report.met)},
              {"unknown", report.unknown},
              {"not_met", report.not_met},
              {"beyond_quota", report.beyond_quota},
              {"by_region", to_json(report.by_region)},
              {"by_industry", to_json(report.by_industry)},
              {"by_size", to_json(report.by_size)},
              {"overlap", Json::array()},
              {"funnel", funnel.to_json()}};
  for (const auto& overlap : report.overlap)
    out["overlap"].push_back({{"policy", overlap.policy}, {"title", overlap.title}, {"both", to_json(overlap.both)}});
  if (!report.curve.empty()) {
    Json points = Json::array();
    for (const auto& point : report.curve)
      points.push_back(
          {{"threshold", data_json(point.threshold)}, {"written", point.written}, {"met", to_json(point.met)}});
    out["curve"] = {{"clause", report.curve_clause}, {"field", report.curve_field}, {"points", points}};
  }
  if (report.budget) {
    out["budget"] = {
        {"fen", report.budget->fen()}, {"firms_within", report.firms_within_budget}, {"lasts", report.budget_lasts}};
    out["budget"]["exhausted_on"] = report.exhausted_on ? Json(report.exhausted_on->to_string()) : Json(nullptr);
  }
  return out;
}

void print_part(std::ostream& out, const char* title, const std::map<std::string, Tally>& parts,
                const std::function<std::string(const std::string&)>& name_of) {
  out << title << "\n";
  for (const auto& [code, tally] : parts)
    out << "  " << name_of(code) << "  " << tally.firms << "户  " << tally.sum.to_yuan() << "元\n";
}

void print(std::ostream& out, const Policy& policy, const SimulationReport& report, const Funnel& funnel, Date day,
           const CodeNames* names) {
  out << "《" << policy.title << "》试算，" << day.to_string() << "\n";
  out << "企业" << report.firms << "户：符合" << report.met.firms << "户，" << report.met.sum.to_yuan() << "元；未知"
      << report.unknown << "户；不符合" << report.not_met << "户";
  if (report.beyond_quota > 0) out << "；名额之外" << report.beyond_quota << "户";
  out << "\n逐项\n";
  for (const auto& step : funnel.steps())
    out << "  " << step.id << " " << step.text << "：符合" << step.met << "，不符合" << step.not_met << "，未知"
        << step.unknown << "，仅此一项不符合" << step.alone << "，至此剩余" << step.left << "\n";
  const auto named = [&](const char* field) {
    return [names, field](const std::string& code) { return names == nullptr ? code : names->of_field(field, code); };
  };
  print_part(out, "按区划", report.by_region, named("ent.region_code"));
  print_part(out, "按行业", report.by_industry, named("ent.industry_code"));
  print_part(out, "按规模", report.by_size, named("ent.size"));
  if (!report.overlap.empty()) out << "与其他事项同时符合\n";
  for (const auto& overlap : report.overlap)
    out << "  " << overlap.policy << " " << overlap.title << "  " << overlap.both.firms << "户  "
        << overlap.both.sum.to_yuan() << "元\n";
  if (!report.curve.empty()) out << "改变 " << report.curve_clause << "（" << report.curve_field << "）的限度\n";
  for (const auto& point : report.curve)
    out << "  " << zhida::to_text(point.threshold) << (point.written ? "（现行）" : "") << "  " << point.met.firms
        << "户  " << point.met.sum.to_yuan() << "元\n";
  if (!report.budget) return;
  out << "预算" << report.budget->to_yuan() << "元：够付" << report.firms_within_budget << "户";
  if (report.budget_lasts) out << "，足额";
  if (report.exhausted_on) out << "，" << report.exhausted_on->to_string() << "用完";
  out << "\n";
}

bool read_budget(CommandContext& context, SimulationSettings& settings) {
  if (const auto budget = context.option("--budget")) {
    const auto amount = parse_money_literal(*budget);
    if (!amount) {
      context.code = context.usage(amount.error().message);
      return false;
    }
    settings.budget = amount.value();
  }
  const auto per_day = context.option("--per-day");
  if (!per_day) return true;
  const auto [end, fault] = std::from_chars(per_day->data(), per_day->data() + per_day->size(), settings.firms_per_day);
  if (fault == std::errc() && end == per_day->data() + per_day->size() && settings.firms_per_day > 0) return true;
  context.code = context.usage("--per-day is a whole number of firms.");
  return false;
}

/// The item to try out, and the items it is compared with. A draft may be a new version of one of them.
std::optional<Policy> load_item(CommandContext& context, std::vector<Policy>& others) {
  const auto draft = context.option("--draft");
  const auto folder = context.option("--policies");
  std::vector<PolicySource> beside;
  if (folder) {
    if (!context.load_flawless({*folder})) return std::nullopt;
    beside = std::move(context.policies);
  }
  if (draft) {
    if (!context.load_flawless({*draft})) return std::nullopt;
    context.fields = extended(context.fields, beside);
  }
  const auto& candidates = draft ? context.policies : beside;
  std::optional<Policy> item;
  for (const auto& source : candidates)
    if (draft || source.policy.id.str() == context.option("--policy").value_or("")) item = source.policy;
  if (!item) {
    context.code = context.usage("There is no item " + context.option("--policy").value_or(draft.value_or("")) + ".");
    return std::nullopt;
  }
  for (auto& source : beside)
    if (source.policy.id != item->id) others.push_back(std::move(source.policy));
  return item;
}

/// A row for the exported table.
std::string row_of(const EnterpriseProfile& profile, const std::vector<PolicySource>& policies,
                   const std::vector<SqlColumn>& columns, const std::string& table) {
  auto full = profile;
  for (const auto& source : policies) derive_into(source.policy, full);
  std::string names = "uscc, division", values = sql_text(profile.uscc) + ", " + sql_text(profile.division);
  for (const auto& column : columns) {
    const bool as_of = column.name.ends_with(".as_of"), source = column.name.ends_with(".source");
    const auto field = as_of    ? column.name.substr(0, column.name.size() - 6)
                       : source ? column.name.substr(0, column.name.size() - 7)
                                : column.name;
    const auto* state = full.find(field);
    if (state == nullptr || !state->value) continue;
    names += ", " + sql_name(column.name);
    const auto& value = *state->value;
    const auto* number = std::get_if<std::int64_t>(&value.data);
    const auto* truth = std::get_if<bool>(&value.data);
    values += ", " + (as_of    ? sql_text(value.as_of.to_string())
                      : source ? sql_text(value.source)
                      : number ? std::to_string(*number)
                      : truth  ? std::string(*truth ? "TRUE" : "FALSE")
                               : sql_text(zhida::to_text(value.data)));
  }
  return "INSERT INTO " + table + " (" + names + ") VALUES (" + values + ");\n";
}

}  // namespace

int simulate_command(CommandContext& context) {
  const auto draft = context.option("--draft");
  const auto folder = context.option("--policies");
  if (!draft && (!folder || !context.option("--policy")))
    return context.usage("simulate needs --policies and --policy, or --draft.");
  SimulationSettings settings;
  if (!context.read_day() || !read_budget(context, settings)) return context.code;
  std::vector<Policy> others;
  const auto item = load_item(context, others);
  if (!item) return context.code;
  settings.day = context.day;
  settings.curve_clause = context.option("--curve").value_or("");
  Simulation simulation(*item, others, settings);
  const auto code = context.for_each_profile([&](const EnterpriseProfile& profile) { simulation.add(profile); });
  if (code == kUsage) return code;
  const auto days = read_file(context.folder_of_fields() + "/codes/workdays.csv");
  const auto calendar = days ? Calendar::parse(days.value()) : Result<Calendar>(Calendar{});
  const auto report = simulation.report(calendar ? &calendar.value() : nullptr);
  if (context.json())
    context.out << to_json(*item, report, simulation.funnel(), context.day).dump() << "\n";
  else
    print(context.out, *item, report, simulation.funnel(), context.day, context.names());
  return code;
}

int export_sql_command(CommandContext& context) {
  const auto folder = context.option("--policies");
  if (!folder && context.paths().empty()) return context.usage("export-sql needs --policies.");
  if (!context.read_day() || !context.load_flawless(folder ? std::vector{*folder} : context.paths()))
    return context.code;
  if (!context.choose_policy()) return context.code;
  const auto table = context.option("--table").value_or("profile");
  std::vector<Policy> items;
  for (const auto& source : context.policies) items.push_back(source.policy);
  const auto columns = sql_columns(items);
  if (context.json()) {
    for (const auto& item : items) {
      const auto verdict = sql_verdict(item, context.day);
      context.out << Json{{"policy", item.id.str()}, {"met", verdict}, {"unknown", "(" + verdict + ") IS NULL"}}.dump()
                  << "\n";
    }
    return kFine;
  }
  context.out << "-- PostgreSQL. A column is NULL where the field is unknown. As of " << context.day.to_string()
              << ".\n"
              << "CREATE TABLE " << table << " (\n  uscc text PRIMARY KEY,\n  division text";
  for (const auto& column : columns) context.out << ",\n  " << sql_name(column.name) << " " << column.type;
  context.out << "\n);\n";
  auto code = kFine;
  if (context.option("--profiles"))
    code = context.for_each_profile(
        [&](const EnterpriseProfile& profile) { context.out << row_of(profile, context.policies, columns, table); });
  for (const auto& item : items) {
    const auto verdict = sql_verdict(item, context.day);
    context.out << "\n-- " << item.id.str() << " " << item.title << ": met\nSELECT uscc FROM " << table << " WHERE "
                << verdict << ";\n-- " << item.id.str() << ": unknown\nSELECT uscc FROM " << table << " WHERE ("
                << verdict << ") IS NULL;\n";
  }
  return code;
}

}  // namespace zhida::matching
