// sim_social_security: drops packages when their day comes, some twice, with a lying count or cut off; takes the hub's
// sealed decisions and acknowledges them.
#include "adapters/simulator_kit/simulator.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "adapters/town/world.h"
#include "base/bytes.h"
#include "base/money.h"
#include "platform/text/encoding.h"
#include "platform/text/xml.h"
#include "seal/sealer.h"

namespace {

using namespace zhida;
namespace fs = std::filesystem;

std::string element_of(const std::string& record_type) {
  return record_type == "social_security.unit" ? "CBXX101" : "JFXX101";
}
const char* amount_of(const std::string& record_type) {
  return record_type == "social_security.unit" ? "ui_contribution_prev_year" : "AAE080";
}

std::int64_t fen_of(const std::optional<std::string>& cell) {
  if (!cell) return 0;
  std::string digits;
  for (const char c : text::plain(*cell))
    if (c != ',') digits += c;
  const auto money = Money::parse_decimal(digits, 100, Rounding::half_up);
  return money ? money.value().fen() : 0;
}

std::string head(const std::string& number, const std::string& type, std::int64_t records, const std::string& total,
                 Date dated) {
  return "<?xml version=\"1.0\" encoding=\"GB18030\"?>\n<SJB>\n  <HEAD>\n    <SJBBH>" + text::xml_escape(number) +
         "</SJBBH>\n    <SJBLX>" + type + "</SJBLX>\n    <SFCF>0</SFCF>\n    <DWDM>330500</DWDM>\n    <JLS>" +
         std::to_string(records) + "</JLS>\n    <JEHJ>" + total + "</JEHJ>\n    <SCRQ>" + dated.to_compact() +
         "</SCRQ>\n  </HEAD>\n";
}

class Bureau {
 public:
  Bureau(simulator::Simulation& simulation, town::World world, std::unique_ptr<simulator::StateLog> log,
         std::unique_ptr<seal::SealVerifier> verifier, std::string folder)
      : simulation_(simulation),
        world_(std::move(world)),
        log_(std::move(log)),
        verifier_(std::move(verifier)),
        folder_(std::move(folder)) {
    for (const auto& entry : log_->history()) remember(entry);
  }

  Result<void> work() {
    CHECK_OK(drop_packages());
    return acknowledge_decisions();
  }

  /// Whether everything due by now is with the hub, so that a driver of the clock knows.
  Result<void> write_summary(Instant seen) const {
    const Json summary = {{"packages", sent_},
                          {"decisions", decisions_.size()},
                          {"clock_seen", to_rfc3339(seen)},
                          {"due_now", 0},
                          {"due_later", 0}};
    return write_file_atomically(simulation_.arguments().state + "/summary.json", summary.dump(1) + "\n");
  }

 private:
  void remember(const Json& entry) {
    sent_ = std::max(sent_, entry.value("delivery", std::int64_t{0}));
    if (entry.contains("decision")) decisions_.insert(entry.at("decision").get<std::string>());
  }

  Result<void> drop_packages() {
    for (const auto& delivery : TRY(world_.deliveries("social_security", simulation_.clock().now(), sent_))) {
      const bool faults = simulation_.demo_faults();
      Bytes octets = TRY(package(delivery, faults));
      if (faults && delivery.fault == "truncated") octets.resize(octets.size() * 2 / 3);
      CHECK_OK(put(delivery.id + ".xml", octets));
      if (faults && delivery.fault == "sent_twice") {
        CHECK_OK(put(delivery.id + "_again.xml", octets));
      }
      const Json entry = {{"delivery", delivery.sequence}};
      CHECK_OK(log_->append(entry));
      remember(entry);
    }
    return ok();
  }

  Result<Bytes> package(const town::Delivery& delivery, bool faults) {
    std::string tables;
    std::int64_t records = 0;
    std::int64_t total = 0;
    for (const auto& type : delivery.record_types) {
      tables += "  <" + element_of(type) + ">\n";
      town::RowQuery query;
      query.record_type = type;
      query.as_of = simulation_.clock().now();
      query.batch = delivery.id;
      query.all_versions = true;
      query.limit = 1'000'000;
      for (const auto& row : TRY(world_.rows(query))) {
        ++records;
        tables += "    <RECORD>\n";
        for (const auto& [column, cell] : row.columns) {
          if (!cell) continue;
          tables += "      <" + column + ">" + text::xml_escape(*cell) + "</" + column + ">\n";
          if (column == amount_of(type)) total += fen_of(cell);
        }
        tables += "    </RECORD>\n";
      }
      tables += "  </" + element_of(type) + ">\n";
    }
    const std::int64_t declared = faults && delivery.fault == "wrong_count" ? records + 3 : records;
    return text::utf8_to_gb18030(
        head(delivery.id, element_of(delivery.record_type.empty() ? "social_security.unit" : delivery.record_type),
             declared, Money::from_fen(total).to_yuan(), delivery.dated) +
        tables + "</SJB>\n");
  }

  Result<void> put(const std::string& name, const Bytes& octets) {
    std::string safe = name;
    for (auto& c : safe)
      if (c == '/') c = '_';
    return write_file_atomically(folder_ + "/inbox/" + safe, octets);
  }

  Result<void> acknowledge_decisions() {
    std::error_code ignored;
    std::vector<std::string> fresh;
    for (const auto& entry : fs::directory_iterator(folder_ + "/decisions", ignored)) {
      const auto path = entry.path();
      if (path.extension() == ".json" && !decisions_.contains(path.stem().string()))
        fresh.push_back(path.stem().string());
    }
    std::sort(fresh.begin(), fresh.end());
    if (fresh.empty()) return ok();
    std::string rows;
    std::int64_t records = 0;
    for (const auto& id : fresh) {
      const Bytes body = TRY(read_file(folder_ + "/decisions/" + id + ".json"));
      const Bytes seal = TRY(read_file(folder_ + "/decisions/" + id + ".ses"));
      const auto report = verifier_->verify_from("hub", seal, body, simulation_.clock().now());
      if (!report.passed()) {
        simulation_.log().warning("A decision's seal does not hold; it is not carried out.",
                                  {{"decision", id}, {"why", report.detail}});
        continue;
      }
      const auto decision = TRY(parse_json(body));
      ++records;
      rows += "    <RECORD>\n      <id>" + text::xml_escape(id) + "</id>\n      <case_id>" +
              text::xml_escape(TRY(get_string(decision, "case"))) +
              "</case_id>\n      <state>accepted</state>\n      <reference>SYJJ-" +
              text::xml_escape(id.substr(id.size() > 12 ? id.size() - 12 : 0)) + "</reference>\n      <at>" +
              simulation_.clock().today().to_string() + "</at>\n    </RECORD>\n";
    }
    // Named by what is in it: a crash before the note below sends another set under another number.
    const std::string number = "JDHZ-" + fresh.front() + "-" + std::to_string(fresh.size()) + "-" + fresh.back();
    if (records > 0) {
      CHECK_OK(put(number + ".xml",
                   TRY(text::utf8_to_gb18030(head(number, "JDHZ101", records, "", simulation_.clock().today()) +
                                             "  <JDHZ101>\n" + rows + "  </JDHZ101>\n</SJB>\n"))));
    }
    for (const auto& id : fresh) {
      const Json entry = {{"decision", id}};
      CHECK_OK(log_->append(entry));
      remember(entry);
    }
    return ok();
  }

  simulator::Simulation& simulation_;
  town::World world_;
  std::unique_ptr<simulator::StateLog> log_;
  std::unique_ptr<seal::SealVerifier> verifier_;
  const std::string folder_;
  std::int64_t sent_ = 0;
  std::set<std::string> decisions_;
};

Result<void> serve(simulator::Simulation& simulation) {
  const auto& arguments = simulation.arguments();
  const auto given = arguments.own.find("folder");
  const std::string folder = given == arguments.own.end() ? arguments.state + "/exchange" : given->second;
  std::error_code error;
  for (const char* part : {"/inbox", "/decisions", "/feedback"}) fs::create_directories(folder + part, error);
  if (error) return refuse("folder_unusable", folder + " cannot be made: " + error.message() + ".");
  seal::TrustFiles files;
  files.roots = {arguments.certs + "/seal/ca.crt"};
  files.revocation_lists = {arguments.certs + "/seal/ca.crl"};
  const Json ids = TRY(parse_json(TRY(read_file(arguments.certs + "/seals.json"))));
  const std::string seal_of_hub = TRY(get_string(ids, "hub"));
  Bureau bureau(simulation, TRY(town::World::open(arguments.world)),
                TRY(simulator::StateLog::open(arguments.state + "/state.jsonl")),
                std::make_unique<seal::SealVerifier>(TRY(seal::Trust::load(files)),
                                                     seal::SealVerifier::PeerSeals{{"hub", {seal_of_hub}}}),
                folder);
  CHECK_OK(bureau.work());
  CHECK_OK(bureau.write_summary(simulation.clock().now()));
  simulation.ready(0);
  Instant seen = simulation.clock().now();
  while (!simulation.wait(50ms)) {
    if (simulation.mood().absent) continue;
    const Instant now = simulation.clock().now();
    CHECK_OK(bureau.work());
    if (now == seen) continue;
    seen = now;
    CHECK_OK(bureau.write_summary(now));
  }
  return ok();
}

}  // namespace

int main(int argc, char** argv) {
  return zhida::simulator::run(argc, argv, "sim_social_security", {"folder"}, serve);
}
