// Whole towns: the same bytes for the same seed, enough of every verdict, every fault where it says it is.
#include "adapters/town/world.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <set>
#include <sstream>

#include <unistd.h>

#include "adapters/town/make_town.h"
#include "adapters/town/numbers.h"
#include "base/bytes.h"
#include "base/json.h"

using namespace zhida;
using namespace zhida::town;

namespace {

TownOptions options_of(std::uint64_t seed, std::int64_t enterprises, bool faults = true) {
  return TownOptions{seed, enterprises, Date::parse("2025-11-03").value(), faults};
}

/// A folder that goes away with the test.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_((std::filesystem::temp_directory_path() / ("zhida_town_" + name + "_" + std::to_string(::getpid())))
                  .string()) {}
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

Summary make(const TownOptions& options, const Folder& folder) {
  const auto made = make_town(options, folder.path());
  BOOST_REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  return made.value();
}

std::vector<Json> lines_of(const std::string& path) {
  std::vector<Json> lines;
  std::istringstream stream(read_file(path).value());
  for (std::string line; std::getline(stream, line);) lines.push_back(parse_json(line).value());
  return lines;
}

/// By value: a loop over the value of a passing Result would read what is gone already.
template <class Value>
Value must(Result<Value> result) {
  BOOST_REQUIRE(result.has_value());
  return std::move(result).value();
}

RowQuery all_of(const std::string& record_type, Instant as_of) {
  RowQuery query;
  query.record_type = record_type;
  query.as_of = as_of;
  query.limit = 1'000'000;
  return query;
}

const Instant kForever = parse_rfc3339("2027-01-01T00:00:00+08:00").value();

}  // namespace

BOOST_AUTO_TEST_SUITE(town_world)

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_bytes) {
  const Folder first("first"), second("second"), other("other");
  make(options_of(7, 120), first);
  make(options_of(7, 120), second);
  make(options_of(8, 120), other);
  for (const char* name : {"world.db", "truth.jsonl", "people.jsonl", "faults.jsonl"}) {
    BOOST_TEST((read_file(first.file(name)).value() == read_file(second.file(name)).value()), name);
    BOOST_TEST((read_file(first.file(name)).value() != read_file(other.file(name)).value()), name);
  }
}

BOOST_AUTO_TEST_CASE(every_policy_has_all_its_verdicts_in_a_town_of_300) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 7u, 42u, 2025u}) {
    const Folder folder("verdicts");
    const Summary summary = make(options_of(seed, 300), folder);
    BOOST_TEST_CONTEXT("seed " << seed << "\n" << summary.to_text()) {
      BOOST_TEST(summary.verdicts.size() == kPolicies.size());
      for (const auto& [policy, count] : summary.verdicts) {
        BOOST_TEST_CONTEXT(policy) {
          BOOST_TEST(count.met + count.not_met + count.unknown == summary.known_firms);
          if (policy == "HR-006") {
            BOOST_TEST(count.not_met == summary.known_firms);
            continue;
          }
          BOOST_TEST(count.met >= (policy[0] == 'I' ? 4 : 20));
          BOOST_TEST(count.unknown >= 4);
          // Nobody reports that a firm is not insured, so nobody is refused what every insured firm gets.
          if (policy != "HR-018") BOOST_TEST(count.not_met >= 20);
        }
      }
      BOOST_TEST(summary.known_firms < 300);
      for (const auto& [type, rows] : summary.rows_by_type) BOOST_TEST(rows > 0, type);
      BOOST_TEST(summary.rows_by_type.size() == 25);
    }
  }
}

BOOST_AUTO_TEST_CASE(towns_of_any_size_can_be_made) {
  for (const std::int64_t enterprises : {1, 2, 3, 10, 50}) {
    const Folder folder("small");
    BOOST_TEST(make(options_of(5, enterprises), folder).firms == enterprises);
    BOOST_TEST(World::open(folder.file("world.db")).value().enterprises().value().size() ==
               static_cast<std::size_t>(enterprises));
  }
  BOOST_TEST(make_town(options_of(5, 0), "/nowhere").error().code == "town_options");
  BOOST_TEST(make_town(options_of(5, 100'001), "/nowhere").error().code == "town_options");
  BOOST_TEST(World::open("/nowhere/world.db").error().code == "world_missing");
}

BOOST_AUTO_TEST_CASE(a_town_without_faults_has_none) {
  const Folder folder("clean");
  const Summary summary = make(options_of(3, 200, false), folder);
  BOOST_TEST(summary.faults_by_kind.empty());
  BOOST_TEST(summary.known_firms == 200);
  const World world = World::open(folder.file("world.db")).value();
  BOOST_TEST(world.faults().value().empty());
  for (const char* system : {"social_security", "credit", "department_lists"}) {
    for (const Delivery& delivery : must(world.deliveries(system, kForever))) BOOST_TEST(delivery.fault.empty());
  }
}

BOOST_AUTO_TEST_CASE(every_fault_stands_where_it_says) {
  const Folder folder("faults");
  const Summary summary = make(options_of(7, 300), folder);
  const World world = World::open(folder.file("world.db")).value();
  std::map<std::string, std::set<std::string>> keys;
  for (const std::string& type : must(world.record_types())) {
    RowQuery query = all_of(type, kForever);
    query.all_versions = true;
    for (const Row& row : must(world.rows(query))) {
      keys[type].insert(row.key);
      const bool misplaced =
          row.appears_at > options_of(7, 300).opens() && Date::of(row.appears_at) == Date::parse("2025-11-03").value();
      BOOST_TEST(!misplaced, type << " " << row.key << " appears in the middle of the start day");
    }
  }
  for (const Delivery& delivery : must(world.deliveries("social_security", kForever))) keys[""].insert(delivery.id);
  for (const Delivery& delivery : must(world.deliveries("credit", kForever))) keys[""].insert(delivery.id);
  std::set<std::string> kinds;
  for (const Fault& fault : must(world.faults())) {
    kinds.insert(fault.kind);
    BOOST_TEST(!fault.expect.empty(), fault.kind);
    if (fault.key.empty()) continue;
    const bool of_delivery = fault.kind.starts_with("delivery_");
    BOOST_TEST(keys[of_delivery ? "" : fault.record_type].contains(fault.key), fault.kind << " " << fault.key);
  }
  for (const char* kind : {"uscc_masked",
                           "uscc_old_number",
                           "uscc_short",
                           "uscc_missing",
                           "name_not_unique",
                           "name_unknown",
                           "natural_person",
                           "money_unreadable",
                           "year_unreadable",
                           "newer_version_unreadable",
                           "hnte_conflict",
                           "vat_conflict",
                           "kind_conflict",
                           "sales_stale",
                           "unit_stale",
                           "list_stale",
                           "delivery_broken_seal",
                           "delivery_truncated",
                           "delivery_wrong_count",
                           "delivery_sent_twice",
                           "page_twice",
                           "full_reload",
                           "appropriation_too_small",
                           "per_mu_late"}) {
    BOOST_TEST(kinds.contains(kind), kind);
  }
  BOOST_TEST(lines_of(folder.file("faults.jsonl")).size() == world.faults().value().size());
  BOOST_TEST(summary.faults_by_kind.at("natural_person") >= 3);
}

BOOST_AUTO_TEST_CASE(firms_known_only_from_unreadable_rows_have_no_truth) {
  const Folder folder("ghosts");
  const Summary summary = make(options_of(11, 300), folder);
  const World world = World::open(folder.file("world.db")).value();
  std::set<std::string> judged;
  std::size_t lines = 0;
  for (const Json& line : lines_of(folder.file("truth.jsonl"))) {
    judged.insert(line.at("uscc").get<std::string>());
    BOOST_TEST(is_uscc(line.at("uscc").get<std::string>()));
    ++lines;
  }
  BOOST_TEST(lines == judged.size() * kPolicies.size());
  BOOST_TEST(static_cast<std::int64_t>(judged.size()) == summary.known_firms);
  std::size_t ghosts = 0;
  for (const std::string& uscc : must(world.enterprises())) ghosts += judged.contains(uscc) ? 0 : 1;
  BOOST_TEST(ghosts >= 3u);
}

BOOST_AUTO_TEST_CASE(rows_are_served_as_of_a_moment) {
  const Folder folder("asof");
  const TownOptions options = options_of(7, 300);
  make(options, folder);
  const World world = World::open(folder.file("world.db")).value();
  const Instant opens = options.opens();

  // Increments: what appears later is not there yet, and then comes alone.
  const auto now = world.count(all_of("tax.per_mu", opens)).value();
  RowQuery later = all_of("tax.per_mu", options.at_night(30));
  BOOST_TEST(world.count(later).value() > now);
  later.after = opens;
  for (const Row& row : must(world.rows(later))) {
    BOOST_TEST((row.appears_at == options.start.plus_days(7).begins() + std::chrono::hours(2)));
  }
  BOOST_TEST(world.count(later).value() + now == world.count(all_of("tax.per_mu", options.at_night(30))).value());

  // Paging gives every row once.
  RowQuery page = all_of("tax.sales", opens);
  page.limit = 97;
  std::set<std::int64_t> seen;
  for (;; page.offset += page.limit) {
    const auto rows = world.rows(page).value();
    for (const Row& row : rows) BOOST_TEST(seen.insert(row.sequence).second);
    if (rows.empty()) break;
  }
  BOOST_TEST(static_cast<std::int64_t>(seen.size()) == world.count(page).value());

  // One firm alone.
  RowQuery one = all_of("tax.registration", opens);
  one.uscc = world.rows(one).value().front().uscc;
  for (const Row& row : must(world.rows(one))) BOOST_TEST(row.uscc == one.uscc);

  // A list row that is deleted later: first the row, then the deletion instead of it.
  RowQuery log = all_of("market_supervision.abnormal_list", kForever);
  log.all_versions = true;
  std::size_t deletions = 0;
  for (const Row& row : must(world.rows(log))) {
    if (!row.withdrawn) continue;
    ++deletions;
    BOOST_TEST((row.flag == "d" || row.flag == "3"));
  }
  BOOST_TEST(deletions >= 2u);

  // The poor appropriation gets more money on the twelfth.
  const auto amount_at = [&world](Instant moment) {
    for (const Row& row : must(world.rows(all_of("budget.appropriation", moment)))) {
      if (row.columns.at("PRO_CODE") == "HQ-IN-007") return *row.columns.at("AMOUNT");
    }
    return std::string();
  };
  BOOST_TEST(amount_at(opens) != "");
  BOOST_TEST(amount_at(opens) != amount_at(parse_rfc3339("2025-11-12T09:00:00+08:00").value()));
  BOOST_TEST(amount_at(opens) == amount_at(parse_rfc3339("2025-11-11T09:00:00+08:00").value()));
}

BOOST_AUTO_TEST_CASE(deliveries_hold_the_rows_they_declare) {
  const Folder folder("deliveries");
  make(options_of(7, 300), folder);
  const World world = World::open(folder.file("world.db")).value();
  for (const char* system : {"social_security", "credit", "department_lists"}) {
    std::int64_t last = 0;
    for (const Delivery& delivery : must(world.deliveries(system, kForever))) {
      BOOST_TEST(delivery.sequence > last);
      last = delivery.sequence;
      std::int64_t rows = 0;
      for (const std::string& type : delivery.record_types) {
        RowQuery query = all_of(type, kForever);
        query.batch = delivery.id;
        query.all_versions = true;
        rows += world.count(query).value();
      }
      BOOST_TEST(rows == delivery.rows, delivery.id);
      BOOST_TEST((delivery.declared_rows == rows) == (delivery.fault != "wrong_count"), delivery.id);
    }
    BOOST_TEST(last > 0);
    BOOST_TEST(world.deliveries(system, kForever, last).value().empty());
  }
}

BOOST_AUTO_TEST_CASE(everybody_has_an_account_and_a_way_to_behave) {
  const Folder folder("people");
  make(options_of(7, 300), folder);
  const World world = World::open(folder.file("world.db")).value();
  std::set<Behaviour> behaviours;
  for (const std::string& uscc : must(world.enterprises())) {
    const auto person = world.person(uscc).value();
    BOOST_REQUIRE(person.has_value());
    behaviours.insert(person->behaviour);
    BOOST_TEST(mod_11_10_check(person->bank_no.substr(0, 11)) == person->bank_no[11]);
    BOOST_TEST(person->phone.size() == 11u);
    BOOST_TEST(world.account_holder(person->account_no).value()->uscc == uscc);
    BOOST_TEST(person->wrong_account_no.empty() == (person->behaviour != Behaviour::wrong_account_first));
  }
  BOOST_TEST(behaviours.size() == 5u);
  BOOST_TEST(!world.person("914403001922038216").value().has_value());
  BOOST_TEST(lines_of(folder.file("people.jsonl")).size() == 300u);
}

BOOST_AUTO_TEST_SUITE_END()
