#include "adapters/town/make_town.h"

#include <filesystem>

#include "adapters/town/builder.h"
#include "adapters/town/numbers.h"
#include "base/bytes.h"
#include "base/json.h"

namespace zhida::town {

namespace {

std::string line_of(const Json& object) {
  return object.dump() + "\n";
}

Json to_json(const Person& person) {
  return Json{{"uscc", person.uscc},
              {"phone", person.phone},
              {"behaviour", to_text(person.behaviour)},
              {"answers_after_days", person.answers_after_days},
              {"account_name", person.account_name},
              {"account_no", person.account_no},
              {"bank_name", person.bank_name},
              {"bank_no", person.bank_no},
              {"wrong_account_name", person.wrong_account_name},
              {"wrong_account_no", person.wrong_account_no}};
}

Json to_json(const Fault& fault) {
  return Json{{"kind", fault.kind}, {"system", fault.system}, {"record_type", fault.record_type},
              {"key", fault.key},   {"uscc", fault.uscc},     {"expect", fault.expect},
              {"code", fault.code}, {"detail", fault.detail}, {"at", to_rfc3339(fault.at)}};
}

Person introduce(const Firm& firm, const TownOptions& options) {
  struct Bank {
    const char* code;
    const char* name;
  };
  static const std::vector<Bank> kBanks{{"102", "中国工商银行湖州分行"},
                                        {"103", "中国农业银行湖州分行"},
                                        {"105", "中国建设银行湖州分行"},
                                        {"301", "交通银行湖州分行"},
                                        {"313", "湖州银行"},
                                        {"402", "浙江南浔农村商业银行"}};
  Random random = Random::stream(options.seed, "person", firm.index);
  Person person;
  person.uscc = firm.uscc;
  person.phone = "1" + std::to_string(random.between(30, 99)) + padded(random.between(0, 99'999'999), 8);
  const auto drawn = random.below(100);
  person.behaviour = drawn < 60   ? Behaviour::prompt
                     : drawn < 75 ? Behaviour::late
                     : drawn < 80 ? Behaviour::refuses
                     : drawn < 90 ? Behaviour::wrong_account_first
                                  : Behaviour::silent;
  person.answers_after_days = person.behaviour == Behaviour::late ? static_cast<int>(random.between(2, 4)) : 0;
  const Bank& bank = random.pick(kBanks);
  const auto branch = random.between(1, 60);
  person.bank_name = bank.name + std::string(branch % 3 == 0 ? "营业部" : branch % 3 == 1 ? "城东支行" : "织里支行");
  person.bank_no = make_bank_number(bank.code, "3360", branch);  // 3360: the area of Huzhou.
  person.account_name = firm.name;
  person.account_no = std::string(bank.code) + "3360" + padded(static_cast<std::int64_t>(firm.index) + 1, 8) +
                      padded(random.between(0, 9'999), 4);
  if (person.behaviour == Behaviour::wrong_account_first) {
    // Another name on the account, or two digits of the number the wrong way round.
    const bool other_name = random.percent(50);
    person.wrong_account_name = other_name ? firm.representative : firm.name;
    person.wrong_account_no = "9" + person.account_no.substr(1);
  }
  return person;
}

/// What the firm's awards can cost at most: those of today, and those that may become due while the demo runs.
std::int64_t worst_case_fen(const Firm& firm, const std::string& policy, const Outcome& outcome) {
  const std::int64_t now = outcome.amount_fen.value_or(0);
  if (policy == "IN-005" && firm.is(Role::hnte_2022)) return std::max<std::int64_t>(now, 30'000'000);
  if (policy == "IN-012" && firm.is(Role::above_scale)) return std::max<std::int64_t>(now, 50'000'000);
  return now;
}

}  // namespace

std::string Summary::to_text() const {
  std::string text =
      "firms " + std::to_string(firms) + ", known to the hub " + std::to_string(known_firms) + "\n\nrows\n";
  for (const auto& [type, rows] : rows_by_type) text += "  " + type + " " + std::to_string(rows) + "\n";
  text += "\nfaults\n";
  for (const auto& [kind, count] : faults_by_kind) text += "  " + kind + " " + std::to_string(count) + "\n";
  text += "\nverdicts: met, not met, unknown, sum in yuan\n";
  for (const auto& [policy, count] : verdicts) {
    text += "  " + policy + " " + std::to_string(count.met) + " " + std::to_string(count.not_met) + " " +
            std::to_string(count.unknown) + " " + decimal(count.fen, 2) + "\n";
  }
  return text;
}

Result<Summary> make_town(const TownOptions& options, const std::string& folder) {
  if (options.enterprises < 1 || options.enterprises > 100'000) {
    return refuse("town_options",
                  "A town has 1 to 100,000 enterprises, not " + std::to_string(options.enterprises) + ".");
  }
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure)
    return refuse("world_unwritable", "The folder " + folder + " cannot be made: " + failure.message() + ".");
  auto writer = TRY(WorldWriter::create(folder + "/world.db"));
  writer.set("seed", std::to_string(options.seed));
  writer.set("enterprises", std::to_string(options.enterprises));
  writer.set("start", options.start.to_string());
  writer.set("faults", options.faults ? "demo" : "none");

  const std::vector<Firm> firms = settle(options);
  const Coverage coverage = coverage_at_start(options);
  Builder out(options, writer);
  write_department_files(out);
  Summary summary;
  summary.firms = options.enterprises;
  std::string truth;
  std::string people;
  std::map<std::string, std::int64_t> need;
  std::map<std::string, std::int64_t> county_need;
  for (const Firm& firm : firms) {
    out.turn_to(&firm);
    write_tax(out, firm);
    write_market(out, firm);
    write_social(out, firm);
    write_credit(out, firm);
    write_departments(out, firm);
    const Person person = introduce(firm, options);
    writer.add_person(person);
    people += line_of(to_json(person));
    if (!is_known(out.observations(), options.opens())) continue;
    ++summary.known_firms;
    for (const auto& [policy, outcome] : judge(out.observations(), coverage, options.opens())) {
      truth += line_of(Json{{"uscc", firm.uscc},
                            {"policy", policy},
                            {"verdict", zhida::to_text(outcome.verdict)},
                            {"amount_fen", outcome.amount_fen ? Json(*outcome.amount_fen) : Json(nullptr)}});
      Summary::Verdicts& verdicts = summary.verdicts[policy];
      ++(outcome.verdict == Verdict::met       ? verdicts.met
         : outcome.verdict == Verdict::not_met ? verdicts.not_met
                                               : verdicts.unknown);
      verdicts.fen += outcome.amount_fen.value_or(0);
      need[policy] += worst_case_fen(firm, policy, outcome);
      if (firm.division == "330522") county_need[policy] += worst_case_fen(firm, policy, outcome);
    }
  }
  out.turn_to(nullptr);
  write_tax_faults(out);
  write_market_rest(out);
  write_credit_rest(out, firms.size());
  write_budget(out, need, county_need);
  out.send_all();
  CHECK_OK(writer.finish());

  std::string faults;
  for (const Fault& fault : out.faults) faults += line_of(to_json(fault));
  CHECK_OK(write_file_atomically(folder + "/truth.jsonl", truth));
  CHECK_OK(write_file_atomically(folder + "/people.jsonl", people));
  CHECK_OK(write_file_atomically(folder + "/faults.jsonl", faults));
  summary.rows_by_type = out.rows_by_type;
  summary.faults_by_kind = out.faults_by_kind;
  return summary;
}

}  // namespace zhida::town
