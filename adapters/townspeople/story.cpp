#include "adapters/townspeople/story.h"

#include <cstdio>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

#include "base/bytes.h"

namespace zhida::townspeople {
namespace {

constexpr auto kLook = 50ms;

/// Money and people: everything a case can still wait for.
constexpr const char* kOpenStates[] = {"matched",      "notified",   "confirmed", "payee_check",
                                       "payee_repair", "in_review",  "publicity", "held",
                                       "approved",     "rechecking", "requested", "sent_to_fund"};

class Teller {
 public:
  Teller(const StoryOptions& options, town::World world, std::unique_ptr<Clock> clock, Calendar calendar)
      : options_(options),
        world_(std::move(world)),
        clock_(std::move(clock)),
        calendar_(std::move(calendar)),
        people_(options.town, world_, *clock_, calendar_),
        operator_(options.town.hub_url, options.town.certs, "operator", options.town.patience) {}

  static Result<std::unique_ptr<Teller>> create(const StoryOptions& options) {
    auto world = TRY(town::World::open(options.town.folder + "/world.db"));
    std::unique_ptr<Clock> clock(TRY(FileClock::create(options.clock_file)));
    auto calendar = TRY(Calendar::parse(TRY(read_file(options.town.folder + "/workdays.csv"))));
    return std::make_unique<Teller>(options, std::move(world), std::move(clock), std::move(calendar));
  }

  Result<void> wait_for_first_sweeps() {
    const auto deadline = std::chrono::steady_clock::now() + 300s;
    for (;;) {
      const Json status = TRY(operator_.get("/api/v1/status"));
      bool swept = true;
      std::string waiting;
      for (const auto& source : status.at("sources"))
        if (!source.at("first_sweep_done").get<bool>()) {
          swept = false;
          waiting += " " + source.at("name").get<std::string>();
        }
      if (swept && status.at("idle").get<bool>()) return ok();
      if (std::chrono::steady_clock::now() > deadline)
        return refuse("sources_incomplete", "After five minutes these sources were not read to their end:" + waiting +
                                                "; waiting: " + status.at("waiting").dump() + ".");
      std::this_thread::sleep_for(kLook);
    }
  }

  /// Until nothing moves: the hub is idle and the simulated systems have caught up with the clock.
  Result<void> settle() {
    const auto deadline = std::chrono::steady_clock::now() + 180s;
    int quiet = 0;
    std::string last;
    while (quiet < 3) {
      const Json status = TRY(operator_.get("/api/v1/status"));
      // The same counts at three looks, while the hub calls itself idle and the simulators have seen the day.
      const std::string now = status.at("cases").dump() + status.at("payments").dump() + status.at("records").dump();
      const bool idle = status.at("idle").get<bool>() && simulators_caught_up();
      quiet = idle && now == last ? quiet + 1 : 0;
      last = now;
      if (std::chrono::steady_clock::now() > deadline)
        return refuse("hub_not_idle",
                      "The hub did not come to rest within three minutes: " + status.at("waiting").dump() + ".");
      std::this_thread::sleep_for(kLook);
    }
    return ok();
  }

  Result<Json> compare_with_truth() {
    const std::string kept = options_.town.folder + "/verdicts.json";
    if (const auto before = read_file(kept)) return parse_json(before.value());
    std::map<std::string, std::pair<std::string, std::string>> found;  // "uscc policy" → verdict, fen
    std::map<std::string, std::int64_t> counts{{"met", 0}, {"not_met", 0}, {"unknown", 0}};
    CHECK_OK(operator_.each("/api/v1/entitlements", [&](const Json& item) -> Result<void> {
      const std::string verdict = TRY(get_string(item, "verdict"));
      found[TRY(get_string(item, "uscc")) + " " + TRY(get_string(item, "policy"))] = {
          verdict, item.at("amount_fen").is_null() ? "" : item.at("amount_fen").get<std::string>()};
      ++counts[verdict];
      return ok();
    }));
    std::int64_t agree = 0;
    Json differences = Json::array();
    const auto differs = [&](const std::string& key, const std::string& truth, const std::string& ours) {
      differences.push_back(key + ": truth " + truth + ", hub " + ours);
    };
    std::istringstream lines(TRY(read_file(options_.town.folder + "/truth.jsonl", 1u << 30)));
    for (std::string line; std::getline(lines, line);) {
      if (line.empty()) continue;
      const Json truth = TRY(parse_json(line));
      const std::string key = TRY(get_string(truth, "uscc")) + " " + TRY(get_string(truth, "policy"));
      const std::string verdict = TRY(get_string(truth, "verdict"));
      const std::string fen =
          truth.at("amount_fen").is_null() ? "" : std::to_string(truth.at("amount_fen").get<std::int64_t>());
      const auto it = found.find(key);
      if (it == found.end()) {
        differs(key, verdict, "nothing");
        continue;
      }
      if (it->second.first == verdict && it->second.second == fen)
        ++agree;
      else
        differs(key, verdict + " " + fen, it->second.first + " " + it->second.second);
      found.erase(it);
    }
    for (const auto& [key, ours] : found) differs(key, "nothing", ours.first);
    const Json result = {
        {"agree", agree}, {"differ", differences.size()}, {"differences", differences}, {"counts", counts}};
    CHECK_OK(write_file_atomically(kept, result.dump(1)));
    return result;
  }

  /// Every deliberate fault must have left the trace that the town expects of it.
  Result<Json> compare_with_faults() {
    std::map<std::string, std::string> quarantined;  // "record_type key" → code
    std::map<std::string, int> codes;
    CHECK_OK(operator_.each("/api/v1/quarantine", [&](const Json& item) -> Result<void> {
      quarantined[TRY(get_string_or(item, "record_type", "")) + " " + TRY(get_string_or(item, "record_key", ""))] =
          TRY(get_string(item, "code"));
      ++codes[TRY(get_string(item, "code"))];
      return ok();
    }));
    std::int64_t expected = 0, named = 0;
    Json missing = Json::array();
    for (const auto& fault : TRY(world_.faults())) {
      if (fault.expect != "quarantine" || fault.at > clock_->now()) continue;
      ++expected;
      const auto it = quarantined.find(fault.record_type + " " + fault.key);
      if (it != quarantined.end() && (fault.code.empty() || fault.code == it->second))
        ++named;
      else
        missing.push_back(fault.kind + " " + fault.record_type + " " + fault.key + ": expected " +
                          (fault.code.empty() ? "quarantine" : fault.code) + ", found " +
                          (it == quarantined.end() ? "nothing" : it->second));
    }
    return Json{{"expected", expected}, {"named", named}, {"missing", missing}, {"codes", codes}};
  }

  Result<bool> over() {
    const Json status = TRY(operator_.get("/api/v1/status"));
    for (const char* state : kOpenStates)
      if (status.at("cases").contains(state) && status.at("cases").at(state).get<int>() > 0) return false;
    return status.at("payments").at("open").get<int>() == 0 && treasury_rests();
  }

  Result<Acts> act() { return people_.look_and_act(); }

  Result<void> next_day() {
    const Date tomorrow = clock_->today().plus_days(1);
    return write_file_atomically(options_.clock_file, to_rfc3339(tomorrow.begins() + 9h) + "\n");
  }

  Date today() const { return clock_->today(); }

  Result<std::string> line_of_the_day(const Acts& acts) {
    const Json status = TRY(operator_.get("/api/v1/status"));
    std::string text = clock_->today().to_string() + (calendar_.is_working_day(clock_->today()) ? "  " : "* ");
    for (const auto& [state, count] : status.at("cases").items())
      if (count.get<int>() > 0) text += state + " " + count.dump() + "  ";
    return text + "| people acted " + std::to_string(acts.total()) + " times";
  }

  Result<Json> report(const Json& truth) {
    const Json status = TRY(operator_.get("/api/v1/status"));
    const Json verified = TRY(operator_.post("/api/v1/audit/verify", {{"asked_at", to_rfc3339(clock_->now())}}));
    const Json treasury = TRY(parse_json(TRY(read_file(options_.town.folder + "/../sim/treasury/summary.json"))));
    Json records = status.at("records");
    records["accepted"] = records.at("accepted").get<std::int64_t>() + records.at("duplicate").get<std::int64_t>();
    const auto faults = TRY(compare_with_faults());
    return Json{
        {"records", records},
        {"profiles", status.at("profiles")},
        {"verdicts", truth.at("counts")},
        {"truth",
         {{"agree", truth.at("agree")}, {"differ", truth.at("differ")}, {"differences", truth.at("differences")}}},
        {"faults", faults},
        {"cases", status.at("cases")},
        {"payments", status.at("payments")},
        {"decisions_to_fund", status.at("decisions_to_fund")},
        {"reliefs", status.at("reliefs")},
        {"treasury",
         {{"requests_seen", treasury.at("requests_seen")},
          {"money_out_fen", treasury.at("money_out_fen")},
          {"paid_twice", treasury.at("paid_twice")}}},
        {"audit", {{"records", verified.at("records")}, {"verified", verified.at("holds")}}}};
  }

 private:
  /// What a simulator says about itself in its state folder; one without such a file has nothing of its own to do.
  std::optional<Json> simulator(const std::string& name) const {
    const auto text = read_file(options_.town.folder + "/../sim/" + name + "/summary.json");
    if (!text) return std::nullopt;
    const auto json = parse_json(text.value());
    return json ? std::optional<Json>(json.value()) : std::nullopt;
  }

  bool simulators_caught_up() const {
    for (const char* name : {"treasury", "credit", "social_security"}) {
      const auto summary = simulator(name);
      if (!summary || !summary->contains("clock_seen")) continue;
      const auto seen = parse_rfc3339(summary->at("clock_seen").get<std::string>());
      if (!seen || seen.value() < clock_->now() || summary->value("due_now", 0) > 0) return false;
    }
    return true;
  }

  bool treasury_rests() const {
    const auto summary = simulator("treasury");
    return !summary || summary->value("due_later", 0) == 0;
  }

  const StoryOptions& options_;
  town::World world_;
  std::unique_ptr<Clock> clock_;
  Calendar calendar_;
  People people_;
  HubClient operator_;
};

}  // namespace

Result<Json> tell_story(const StoryOptions& options) {
  const auto teller = TRY(Teller::create(options));
  const Date start = teller->today();
  CHECK_OK(teller->wait_for_first_sweeps());
  CHECK_OK(teller->settle());
  const Json truth = TRY(teller->compare_with_truth());
  if (options.progress)
    std::fprintf(stderr, "verdicts on %s: %s agree with the truth, %s differ\n", start.to_string().c_str(),
                 truth.at("agree").dump().c_str(), truth.at("differ").dump().c_str());
  for (int day = 0;; ++day) {
    Acts all;
    for (int round = 0; round < 20; ++round) {  // A department's yes may open the next department's door the same day.
      const Acts acts = TRY(teller->act());
      all.confirmed += acts.total();
      CHECK_OK(teller->settle());
      if (acts.total() == 0) break;
    }
    if (options.progress) std::fprintf(stderr, "%s\n", TRY(teller->line_of_the_day(all)).c_str());
    if (TRY(teller->over())) break;
    if (day >= options.days_max)
      return refuse("story_not_over", "After " + std::to_string(day) + " days cases are still open.");
    CHECK_OK(teller->next_day());
    CHECK_OK(teller->settle());
  }
  return teller->report(truth);
}

Result<void> live(const StoryOptions& options, int day_seconds, const std::function<bool()>& stopping) {
  const auto teller = TRY(Teller::create(options));
  const auto wait = [&](std::chrono::milliseconds time) {
    const auto deadline = std::chrono::steady_clock::now() + time;
    while (!stopping() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(kLook);
  };
  // Days pass only once every source was read: the first reading takes its time on a small machine.
  if (const auto swept = teller->wait_for_first_sweeps(); !swept)
    std::fprintf(stderr, "%s\n", swept.error().message.c_str());
  while (!stopping()) {
    const auto acts = teller->act();
    if (!acts) std::fprintf(stderr, "%s\n", acts.error().message.c_str());
    wait(std::chrono::seconds(day_seconds));
    if (!stopping()) {
      CHECK_OK(teller->next_day());
    }
  }
  return ok();
}

bool all_agreed(const Json& report, std::string& why_not) {
  const auto number = [&](const char* group, const char* name) {
    return report.at(group).at(name).get<std::int64_t>();
  };
  if (number("truth", "differ") != 0 || number("truth", "agree") == 0)
    why_not = "verdicts differ from the truth";
  else if (number("records", "received") != number("records", "accepted") + number("records", "quarantined"))
    why_not = "records were neither accepted nor quarantined";
  else if (number("payments", "settled_fen") != number("treasury", "money_out_fen"))
    why_not = "the ledger and the treasury's own count differ";
  else if (number("treasury", "paid_twice") != 0)
    why_not = "the treasury paid a benefit twice";
  else if (number("payments", "open") != 0)
    why_not = "payment requests are still open";
  else if (!report.at("audit").at("verified").get<bool>())
    why_not = "the audit trail does not hold";
  else if (number("faults", "expected") != number("faults", "named"))
    why_not = "deliberate faults were not named";
  else
    return true;
  return false;
}

}  // namespace zhida::townspeople
