// What every adapter promises, whatever its system: tried on each adapter of the catalogue.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <set>

#include "adapter_api/catalogue.h"
#include "adapters/simulator_kit/scene.h"
#include "base/bytes.h"
#include "conformance/fixtures.h"
#include "conformance/recording_context.h"
#include "support/temp_folder.h"

using namespace zhida;
using conformance::RecordingContext;
using simulator::Scene;
using simulator::Spoil;

namespace {

constexpr int kRows = 25;
// Longer than any adapter may take over a system that does not answer.
constexpr auto kPatience = std::chrono::seconds(30);

std::vector<std::string> names() {
  std::vector<std::string> list;
  for (const auto& spec : all_adapters()) list.push_back(spec.name());
  return list;
}

/// False, and said, for an adapter whose records never were octets of their own (rows of a table exchange).
bool reads_octets(const AdapterSpec& spec) {
  if (spec.has_decode()) return true;
  std::cout << "SKIPPED: " << spec.name() << " decodes no octets, so it has no fixtures\n";
  return false;
}

AdapterSpec spec_of(const std::string& name) {
  for (auto& spec : all_adapters())
    if (spec.name() == name) return spec;
  throw std::logic_error("no such adapter: " + name);
}

}  // namespace

// Named, because Boost's data cases are templates with linkage, and their lambdas hold a Stage.
namespace conformance_stage {

// One adapter with its stand-in and a source door in memory.
struct Stage {
  explicit Stage(const std::string& name) : spec(spec_of(name)) {
    const auto scenes = simulator::all_scenes();
    const auto found = scenes.find(name);
    BOOST_REQUIRE_MESSAGE(found != scenes.end(),
                          name << " has no conformance.cpp: every adapter goes through the suite.");
    scene = found->second(folder.path().string());
    scene->hold(kRows);
    start();
  }

  /// A new adapter object, as after a restart of the hub.
  void start() {
    adapter.reset();
    config = spec.new_configuration();
    BOOST_REQUIRE(config != nullptr);
    const auto yaml = config::parse_yaml(scene->settings(), "settings");
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(yaml), "settings: " << conformance::why(yaml));
    const auto read =
        config->read(yaml.value(), ConfigContext{.folder = folder.path().string(), .variable_prefix = ""});
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(read), "settings: " << conformance::why(read));
    auto made = spec.make(*config, context);
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(made), "create: " << conformance::why(made));
    adapter = std::move(made.value());
  }

  /// Everything the system has for us now: a pull, or the messages that it pushes.
  Result<PullSummary> pull(const PullRequest& request = {}) {
    if (!pushes()) return adapter->pull(request);
    PullSummary summary;
    for (const auto& message : scene->pushed()) {
      auto batch = TRY(adapter->decode(message));
      // The hub's door filters pushed batches itself.
      std::erase_if(batch.records, [&](const SourceRecord& record) { return !context.granted(record.record_type); });
      if (batch.records.empty() && batch.unreadable.empty()) continue;
      summary.received += static_cast<std::int64_t>(batch.records.size());
      CHECK_OK(context.deliver(std::move(batch)));
      ++summary.batches;
    }
    return summary;
  }

  /// True, and said, where pulling does not apply.
  bool is_pushed_to() const {
    if (pushes()) std::cout << "SKIPPED: " << spec.name() << " is pushed to and pulls nothing\n";
    return pushes();
  }
  bool pushes() const { return !spec.pushed_addresses().empty(); }
  /// False, and said, for an adapter without record types: what follows is about records.
  bool brings_records() const {
    if (!spec.record_types().empty()) return true;
    std::cout << "SKIPPED: " << spec.name() << " brings no records\n";
    return false;
  }
  std::size_t keys() const { return context.keys(scene->record_type()).size(); }
  void check_whole(const char* when) {
    BOOST_TEST_CONTEXT(when) {
      BOOST_TEST(keys() == kRows);
      BOOST_TEST(context.complaints.empty(), (context.complaints.empty() ? "" : context.complaints.front()));
    }
  }
  bool passes_over(Spoil how, const char* what) const {
    if (scene->can_be(how)) return false;
    std::cout << "SKIPPED: " << spec.name() << " cannot suffer: " << what << "\n";
    return true;
  }

  test::TempFolder folder;
  AdapterSpec spec;
  RecordingContext context;
  std::unique_ptr<Scene> scene;
  AdapterSpec::Configuration config;
  std::unique_ptr<Adapter> adapter;
};

}  // namespace conformance_stage

namespace {

using conformance_stage::Stage;

template <class Work>
auto within_patience(const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  auto result = work();
  BOOST_TEST((std::chrono::steady_clock::now() - begin < kPatience), "it took longer than an operator's patience");
  return result;
}

}  // namespace

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(every_adapter)

BOOST_DATA_TEST_CASE(declares_itself_well, data::make(names()), name) {
  const auto spec = spec_of(name);
  BOOST_TEST(!spec.title().empty());
  BOOST_TEST(spec.new_configuration() != nullptr);
  std::set<std::string> types;
  for (const auto& type : spec.record_types()) {
    BOOST_TEST(type.name.starts_with(name + "."));
    BOOST_TEST(type.version >= 1);
    BOOST_TEST(types.insert(type.name).second);
  }
  // Messages without records would go nowhere. Neither, and nothing carried: the folder only declares its system.
  BOOST_TEST((spec.pushed_addresses().empty() || !types.empty()));
  if (types.empty() && spec.carried_addresses().empty()) std::cout << "NOTE: " << name << " only declares its system\n";
  for (const auto& row : spec.new_configuration()->document()) BOOST_TEST(!row.sentence.empty(), row.name);
}

BOOST_DATA_TEST_CASE(decodes_its_fixtures_to_the_expected_records, data::make(names()), name) {
  const auto spec = spec_of(name);
  if (!reads_octets(spec)) {
    BOOST_TEST(!spec.accepts_uploads(), "uploads are decoded");
    BOOST_TEST(spec.pushed_addresses().empty(), "pushed messages are decoded");
    return;
  }
  const bool update = std::getenv("ZHIDA_UPDATE_GOLDEN") != nullptr;
  std::set<std::string> seen;
  const auto fixtures = conformance::fixtures_of(name, conformance::adapter_roots());
  BOOST_TEST(!fixtures.empty(), name << " has no fixtures");
  for (const auto& fixture : fixtures) {
    BOOST_TEST_CONTEXT(fixture.path) {
      const auto text = conformance::decoded_text(spec, fixture);
      BOOST_TEST(text == conformance::decoded_text(spec, fixture), "decoding twice gives two results");
      if (update) BOOST_REQUIRE(write_file_atomically(fixture.golden_path, text));
      const auto golden = read_file(fixture.golden_path);
      BOOST_TEST_REQUIRE(static_cast<bool>(golden), "no expected file; ZHIDA_UPDATE_GOLDEN=1 writes it");
      BOOST_TEST(text == golden.value(),
                 "differs from " << fixture.golden_path << "; ZHIDA_UPDATE_GOLDEN=1 rewrites it");
      if (const auto batch = spec.decode(fixture.name, read_file(fixture.path).value())) {
        BOOST_TEST(batch.value().source == name);
        for (const auto& record : batch.value().records) {
          seen.insert(record.record_type);
          BOOST_TEST(spec.emits_type(record.record_type), record.record_type);
          BOOST_TEST(!record.key.empty());
          BOOST_TEST(!record.body.empty());
        }
      }
    }
  }
  for (const auto& type : spec.record_types()) BOOST_TEST(seen.contains(type.name), "no fixture of " << type.name);
}

// Not a fuzzer, but what a bad line does: cut off anywhere, one octet changed.
BOOST_DATA_TEST_CASE(decodes_broken_octets_without_harm, data::make(names()), name) {
  const auto spec = spec_of(name);
  if (!reads_octets(spec)) return;
  for (const auto& fixture : conformance::fixtures_of(name, conformance::adapter_roots())) {
    const auto content = read_file(fixture.path).value();
    const auto step = std::max<std::size_t>(1, content.size() / 60);
    for (std::size_t at = 0; at < content.size(); at += step) {
      const auto cut = spec.decode(fixture.name, std::string_view(content).substr(0, at));
      if (!cut) BOOST_TEST(!cut.error().code.empty());
      for (const char octet : {'\0', '<', '"', '\xFF', '9'}) {
        auto changed = content;
        changed[at] = octet;
        const auto decoded = spec.decode(fixture.name, changed);
        if (!decoded) BOOST_TEST(!decoded.error().message.empty());
      }
    }
  }
}

BOOST_DATA_TEST_CASE(brings_everything_once_and_then_only_what_is_new, data::make(names()), name) {
  Stage stage(name);
  if (!stage.brings_records()) return;
  const auto first = stage.pull();
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(first), conformance::why(first));
  stage.check_whole("first pull");
  BOOST_TEST(first.value().received >= kRows);
  const auto rows = stage.context.rows.size();
  BOOST_TEST(static_cast<bool>(stage.pull()));
  BOOST_TEST(stage.context.rows.size() == rows);
  stage.scene->hold(kRows + 7);
  const auto more = stage.pull();
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(more), conformance::why(more));
  BOOST_TEST(stage.keys() == kRows + 7);
  BOOST_TEST(stage.context.complaints.empty(),
             (stage.context.complaints.empty() ? "" : stage.context.complaints.front()));
}

BOOST_DATA_TEST_CASE(survives_a_lost_connection, data::make(names()), name) {
  Stage stage(name);
  if (!stage.brings_records() || stage.passes_over(Spoil::lost_connection, "a lost connection")) return;
  stage.scene->spoil(Spoil::lost_connection);
  const auto lost = within_patience([&] { return stage.pull(); });
  if (!lost) BOOST_TEST((lost.error().fate == Fate::retry), lost.error().message);
  BOOST_TEST(stage.context.cursors.empty());
  stage.scene->spoil(Spoil::nothing);
  const auto found = stage.pull();
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(found), conformance::why(found));
  stage.check_whole("after the connection came back");
}

BOOST_DATA_TEST_CASE(survives_slow_answers, data::make(names()), name) {
  Stage stage(name);
  if (!stage.brings_records() || stage.passes_over(Spoil::slow, "slow answers")) return;
  stage.scene->spoil(Spoil::slow);
  const auto slow = within_patience([&] { return stage.pull(); });
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(slow), conformance::why(slow));
  stage.check_whole("slow");
}

BOOST_DATA_TEST_CASE(does_not_wait_for_ever, data::make(names()), name) {
  Stage stage(name);
  if (!stage.brings_records() || stage.passes_over(Spoil::hanging, "a system that hangs")) return;
  stage.scene->spoil(Spoil::hanging);
  const auto hung = within_patience([&] { return stage.pull(); });
  if (!hung) BOOST_TEST((hung.error().fate == Fate::retry), hung.error().message);
  stage.scene->spoil(Spoil::nothing);
  const auto found = stage.pull();
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(found), conformance::why(found));
  stage.check_whole("after it answered again");
}

BOOST_DATA_TEST_CASE(suffers_duplicates, data::make(names()), name) {
  Stage stage(name);
  if (!stage.brings_records() || stage.passes_over(Spoil::duplicate, "duplicates")) return;
  stage.scene->spoil(Spoil::duplicate);
  for (int pull = 0; pull < 2; ++pull) {
    const auto twice = stage.pull();
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(twice), conformance::why(twice));
  }
  stage.check_whole("duplicates");
}

BOOST_DATA_TEST_CASE(puts_a_malformed_record_aside_and_goes_on, data::make(names()), name) {
  Stage stage(name);
  if (!stage.brings_records() || stage.passes_over(Spoil::malformed_record, "a malformed record")) return;
  stage.scene->spoil(Spoil::malformed_record);
  const auto pulled = stage.pull();
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(pulled), conformance::why(pulled));
  stage.check_whole("one malformed record");
  BOOST_TEST(stage.context.unreadable >= 1);
  for (const auto& batch : stage.context.batches) {
    for (const auto& row : batch.unreadable) {
      BOOST_TEST(!row.code.empty());
      BOOST_TEST(!row.message.empty());
      BOOST_TEST(!row.body.empty());
      BOOST_TEST(stage.spec.emits_type(row.record_type), row.record_type);
    }
  }
}

BOOST_DATA_TEST_CASE(takes_nonsense_for_nothing, data::make(names()), name) {
  Stage stage(name);
  if (!stage.brings_records() || stage.passes_over(Spoil::nonsense, "nonsense")) return;
  stage.scene->spoil(Spoil::nonsense);
  const auto nonsense = within_patience([&] { return stage.pull(); });
  if (!nonsense) BOOST_TEST(!nonsense.error().message.empty());
  // A gateway answers nothing but noise; a noisy file or message stands beside good ones, which are taken.
  BOOST_TEST((stage.keys() == 0 || stage.keys() == kRows), "noise made " << stage.keys() << " rows of " << kRows);
  BOOST_TEST(stage.context.complaints.empty());
  stage.scene->spoil(Spoil::nothing);
  const auto found = stage.pull();
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(found), conformance::why(found));
  stage.check_whole("after the nonsense");
}

BOOST_DATA_TEST_CASE(goes_on_after_a_crash_at_any_batch, data::make(names()), name) {
  for (const auto failure : {RecordingContext::Failure::before_commit, RecordingContext::Failure::after_commit}) {
    for (int batch = 1; batch <= 5; ++batch) {
      Stage stage(name);
      if (!stage.brings_records()) return;
      BOOST_TEST_CONTEXT((failure == RecordingContext::Failure::before_commit ? "before" : "after")
                         << " commit of batch " << batch) {
        stage.context.failure = failure;
        stage.context.fail_at_batch = batch;
        const auto pulled = stage.pull();
        const bool reached = stage.context.deliveries >= batch;
        BOOST_TEST(static_cast<bool>(pulled) == !reached, "a batch that was not delivered is no success");
        if (!pulled) BOOST_TEST((pulled.error().fate == Fate::retry));
        stage.context.restart();
        stage.start();
        const auto again = stage.pull();
        BOOST_REQUIRE_MESSAGE(static_cast<bool>(again), conformance::why(again));
        stage.check_whole("after the restart");
        if (!reached) return;
      }
    }
  }
}

BOOST_DATA_TEST_CASE(brings_nothing_without_a_grant, data::make(names()), name) {
  Stage stage(name);
  if (!stage.brings_records()) return;
  stage.context.grant_nothing = true;
  const int before = stage.scene->asked();
  const auto pulled = stage.pull();
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(pulled), conformance::why(pulled));
  BOOST_TEST(stage.context.batches.empty());
  if (!stage.pushes() && before >= 0)
    BOOST_TEST(stage.scene->asked() == before, "it asked although nothing is granted");
  stage.context.grant_nothing = false;
  BOOST_REQUIRE(stage.pull());
  stage.check_whole("once granted");
}

BOOST_DATA_TEST_CASE(drops_columns_that_are_not_granted, data::make(names()), name) {
  Stage stage(name);
  if (!stage.brings_records() || stage.is_pushed_to()) return;
  BOOST_REQUIRE(stage.pull());
  BOOST_REQUIRE(!stage.context.rows.empty());
  const auto type = stage.scene->record_type();
  const auto key = *stage.context.keys(type).begin();
  const auto columns = stage.context.rows.at({type, key}).columns;

  Stage other(name);
  other.context.column_withheld = type + "/" + columns.rbegin()->first;
  BOOST_REQUIRE(other.pull());
  other.check_whole("one column withheld");
  const auto& record = other.context.rows.at({type, key});
  BOOST_TEST(record.columns.size() == columns.size() - 1);
  BOOST_TEST(static_cast<bool>(parse_json(record.body)), "the octets still hold what is not granted");
}

BOOST_DATA_TEST_CASE(leaves_work_when_the_hub_stops, data::make(names()), name) {
  Stage stage(name);
  if (!stage.brings_records() || stage.is_pushed_to()) return;
  stage.context.stop = true;
  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(static_cast<bool>(stage.pull()));
  BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(5)));
  stage.context.stop = false;
  BOOST_REQUIRE(stage.pull());
  stage.check_whole("after the stop");
}

BOOST_DATA_TEST_CASE(says_truly_whether_it_can_pull_one_firm, data::make(names()), name) {
  Stage stage(name);
  BOOST_TEST(stage.adapter->can_pull_one() == stage.spec.can_pull_one());
  if (!stage.spec.can_pull_one()) {
    std::cout << "SKIPPED: " << name << " cannot pull one firm\n";
    return;
  }
  PullRequest request;
  request.uscc = "91330500MA28C0000X";
  const auto pulled = stage.pull(request);
  BOOST_TEST(static_cast<bool>(pulled), conformance::why(pulled));
  BOOST_TEST(stage.context.cursors.empty(), "a pull for one firm moved a cursor");
}

BOOST_DATA_TEST_CASE(carries_a_message_once, data::make(names()), name) {
  Stage stage(name);
  if (stage.spec.carried_addresses().empty()) {
    std::cout << "SKIPPED: " << name << " carries no messages\n";
    return;
  }
  const auto message = stage.scene->outgoing();
  if (stage.scene->can_be(Spoil::lost_connection)) {
    stage.scene->spoil(Spoil::lost_connection);
    const auto lost = within_patience([&] { return stage.adapter->send(message); });
    BOOST_REQUIRE(!lost);
    BOOST_TEST((lost.error().fate == Fate::retry));
    stage.scene->spoil(Spoil::nothing);
  }
  for (int time = 0; time < 2; ++time) {
    const auto sent = stage.adapter->send(message);
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(sent), conformance::why(sent));
  }
  BOOST_TEST(stage.scene->taken() == 1);
  auto wrong = message;
  wrong.message_id += "-wrong";
  wrong.body = "no such thing";
  const auto refused = stage.adapter->send(wrong);
  if (!refused) BOOST_TEST(!refused.error().message.empty());
}

BOOST_DATA_TEST_CASE(explains_its_connection_step_by_step, data::make(names()), name) {
  Stage stage(name);
  std::vector<std::string> steps;
  const auto report = [&](const std::string& step) { steps.push_back(step); };
  const auto tried = stage.adapter->test(report);
  BOOST_TEST(static_cast<bool>(tried), conformance::why(tried));
  BOOST_TEST(!steps.empty());
  if (stage.scene->can_be(Spoil::lost_connection) && !stage.pushes()) {
    stage.scene->spoil(Spoil::lost_connection);
    BOOST_TEST(!within_patience([&] { return stage.adapter->test(report); }));
  }
}

BOOST_AUTO_TEST_SUITE_END()
