// The treasury, a program of its own, as a witness of a real hub's log over REST: it countersigns what goes on, and
// finds a hub that was put back to an older copy and wrote another history.
#include <filesystem>
#include <thread>

#include "adapters/simulator_kit/child.h"
#include "audit/audit_trail.h"
#include "audit/head_store.h"
#include "audit/verify_log.h"
#include "console/app.h"
#include "console/console.h"
#include "console/routes.h"
#include "scene.h"

using namespace zhida;
using namespace zhida::flow;
using namespace zhida::flow::testing;
namespace fs = std::filesystem;

namespace {

const std::string kBin = std::string(ZHIDA_BINARY_DIR) + "/bin/";

bool until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

class WitnessScene {
 public:
  WitnessScene()
      : scene_([this](HubConfig& config) {
          config.peers_file = folder_.write("peers.yaml", peers());
          config_ = config;
        }) {
    fs::create_directories(folder_.file("town"));
    fs::copy_file(std::string(ZHIDA_SOURCE_DIR) + "/mappings/codes/workdays.csv", folder_.file("town/workdays.csv"));
    open();
  }
  ~WitnessScene() {
    treasury_.reset();
    close();
  }

  void open() {
    if (!scene_.hub) scene_.hub = value_of(Hub::create(config_, {}, {}));
    value_of(scene_.hub->start());
    const std::string tls = certificates().folder + "/tls/";
    console::ConsoleOptions options;
    options.certificate_file = tls + "hub.crt";
    options.key_file = tls + "hub.key";
    options.client_ca_file = tls + "ca.crt";
    console_ = value_of(console::Console::start(*scene_.hub, options));
  }
  void close() {
    if (!scene_.hub) return;
    console_.reset();
    scene_.hub->stop();
    scene_.hub.reset();
  }
  void start_treasury() {
    treasury_.emplace(value_of(simulator::Child::start(
        kBin + "sim_treasury",
        {"--world", folder_.file("town/world.db"), "--certs", certificates().folder, "--clock", config_.clock_file,
         "--state", state(), "--hub", "127.0.0.1:" + std::to_string(scene_.hub->amqp_port()), "--log",
         "https://127.0.0.1:" + std::to_string(console_->port())})));
  }
  void kill_treasury() {
    treasury_->kill();
    treasury_.reset();
  }

  /// Something happened: records, all of them different in each history.
  void happen(int records, const std::string& actor) {
    for (int i = 0; i < records; ++i)
      value_of(commit(scene_.hub->rooms().writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
        audit::AuditEntry entry;
        entry.kind = "person_decided";
        entry.actor = actor;
        (void)TRY(scene_.hub->rooms().trail.append(transaction, entry));
        return ok();
      }));
  }
  std::int64_t records() { return scene_.number("SELECT max(seq) FROM audit_record"); }
  std::int64_t witnessed() { return scene_.number("SELECT coalesce(max(size), 0) FROM audit_witness"); }
  Json told() {
    const auto text = read_file(state() + "/witness.json");
    return text ? value_of(parse_json(text.value())) : Json(nullptr);
  }
  std::string state() const { return folder_.file("treasury"); }
  Scene& scene() { return scene_; }

  Json get(const std::string& path) {
    console::App app{.hub = *scene_.hub};
    http::HttpRequest request;
    request.method = "GET";
    request.path = path;
    const auto answer = console::serve(app, request);
    BOOST_TEST(answer.status == 200, answer.body);
    return value_of(parse_json(answer.body));
  }
  audit::LogReport verify() {
    audit::LogReport report;
    const auto& rooms = scene_.hub->rooms();
    const auto trust = rooms.trust.trust();
    value_of(rooms.database.read([&](storage::Transaction& transaction) -> Result<void> {
      report = TRY(audit::verify_log(transaction, {.trust = trust.get(), .now = rooms.clock.now()}));
      return ok();
    }));
    return report;
  }
  /// What zhida-verify says of the two heads that the witness kept, with the proof that the hub gives between them.
  int judge_fork() {
    const Json refused = told().at("refused");
    std::string proof;
    value_of(scene_.hub->rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
      proof = TRY(audit::consistency_document(transaction, refused["seen"]["size"].get<std::uint64_t>(),
                                              refused["shown"]["size"].get<std::uint64_t>()))
                  .dump();
      return ok();
    }));
    return value_of(simulator::run_program(
        kBin + "zhida-verify", {"log", state() + "/fork_shown.json", state() + "/fork_seen.json",
                                folder_.write("proof.json", proof), "--root", certificates().folder + "/seal/ca.crt"}));
  }

  /// The store as a backup; only while the hub is closed.
  void save() { copy("hub.db", "saved.db"); }
  void restore() { copy("saved.db", "hub.db"); }

 private:
  static std::string peers() {
    const Json prints = value_of(parse_json(value_of(read_file(certificates().folder + "/fingerprints.json"))));
    return "peers:\n  - {name: treasury, certificates: [" + value_of(get_string(prints, "treasury")) + "], seals: [" +
           Scene::seal_id("treasury") +
           "], may_send: [treasury.receipts], may_receive: [treasury.instructions], may_come_from: [127.0.0.1]}\n";
  }
  void copy(const std::string& from, const std::string& to) {
    for (const char* more : {"", "-wal", "-shm"}) {
      fs::remove(scene_.folder.file(to + more));
      if (fs::exists(scene_.folder.file(from + more)))
        fs::copy_file(scene_.folder.file(from + more), scene_.folder.file(to + more));
    }
  }

  test::TempFolder folder_;
  HubConfig config_;
  Scene scene_;
  std::unique_ptr<console::Console> console_;
  std::optional<simulator::Child> treasury_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(the_treasury_as_a_witness)

BOOST_AUTO_TEST_CASE(what_goes_on_is_countersigned_over_restarts_and_a_forked_log_is_refused_and_named) {
  WitnessScene place;
  place.start_treasury();
  place.happen(3, "first");
  auto wanted = place.records();
  BOOST_REQUIRE(until([&] { return place.witnessed() >= wanted; }));
  const Json shown = place.get("/api/v1/log/witnesses");
  BOOST_REQUIRE(shown["witnesses"].size() == 1u);
  BOOST_TEST(shown["witnesses"][0]["peer"] == "treasury");
  const auto status = value_of(place.scene().hub->status());
  BOOST_TEST(status["log"]["witnesses"][0]["peer"] == "treasury");
  BOOST_TEST(place.verify().holds());
  BOOST_TEST(place.verify().countersignatures >= 1);

  // The witness dies and comes back: it goes on from the head that it kept.
  place.kill_treasury();
  place.happen(3, "meanwhile");
  place.start_treasury();
  wanted = place.records();
  BOOST_REQUIRE(until([&] { return place.witnessed() >= wanted; }));
  BOOST_TEST(place.told()["refused"].is_null());

  // A backup; the hub and its witness go on.
  place.kill_treasury();
  place.close();
  place.save();
  place.open();
  place.start_treasury();
  place.happen(5, "true history");
  wanted = place.records();
  BOOST_REQUIRE(until([&] { return place.witnessed() >= wanted; }));
  const auto seen = place.witnessed();
  place.kill_treasury();
  place.close();

  // The backup takes the hub's place and writes another history, longer than the true one.
  place.restore();
  place.open();
  const auto before_fork = place.witnessed();
  BOOST_TEST(before_fork < seen);
  place.start_treasury();
  place.happen(40, "another history");
  BOOST_REQUIRE(until([&] { return !place.told()["refused"].is_null(); }));
  const Json refused = place.told()["refused"];
  BOOST_TEST(refused["seen"]["size"] == seen);
  BOOST_TEST(refused["shown"]["size"].get<std::int64_t>() >= seen);
  BOOST_TEST(refused["why"].get<std::string>().find(std::to_string(seen)) != std::string::npos);
  BOOST_TEST(place.judge_fork() == 11);
  BOOST_TEST(place.witnessed() == before_fork);

  // Nor does it forget: nothing is countersigned for this log any more.
  place.kill_treasury();
  place.start_treasury();
  place.happen(3, "another history");
  const auto sealed = place.records();
  BOOST_REQUIRE(until([&] { return place.scene().number("SELECT max(size) FROM audit_head") >= sealed; }));
  place.kill_treasury();
  BOOST_TEST(place.witnessed() == before_fork);
  BOOST_TEST(place.told()["refused"] == refused);
}

BOOST_AUTO_TEST_SUITE_END()
