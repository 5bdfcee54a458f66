// sim_department_lists: five departments that put their lists into a folder, each in its own encoding.
#include "adapters/simulator_kit/simulator.h"

#include <algorithm>
#include <filesystem>

#include "adapters/town/world.h"
#include "base/bytes.h"
#include "platform/text/csv.h"
#include "platform/text/encoding.h"

namespace {

using namespace zhida;

Result<Bytes> file_of(const town::World& world, const town::Delivery& delivery, Instant now) {
  const auto columns = TRY(world.columns(delivery.record_type));
  std::string lines;
  for (const auto& column : columns) lines += (lines.empty() ? "" : ",") + text::csv_field(column);
  lines += "\r\n";
  town::RowQuery query;
  query.record_type = delivery.record_type;
  query.as_of = now;
  query.batch = delivery.id;
  query.all_versions = true;
  query.limit = 1'000'000;
  for (const auto& row : TRY(world.rows(query))) {
    std::string line;
    for (const auto& column : columns) {
      const auto cell = row.columns.find(column);
      line += (&column == &columns.front() ? "" : ",") +
              text::csv_field(cell == row.columns.end() || !cell->second ? "" : *cell->second);
    }
    lines += line + "\r\n";
  }
  if (delivery.encoding == "GB18030") return text::utf8_to_gb18030(lines);
  return delivery.encoding == "UTF-8-BOM" ? "\xEF\xBB\xBF" + lines : lines;
}

Result<void> serve(simulator::Simulation& simulation) {
  const auto& arguments = simulation.arguments();
  const auto given = arguments.own.find("folder");
  const std::string folder = given == arguments.own.end() ? arguments.state + "/exchange" : given->second;
  std::error_code error;
  std::filesystem::create_directories(folder + "/inbox", error);
  if (error) return refuse("folder_unusable", folder + " cannot be made: " + error.message() + ".");
  const auto world = TRY(town::World::open(arguments.world));
  const auto log = TRY(simulator::StateLog::open(arguments.state + "/state.jsonl"));
  std::int64_t sent = 0;
  for (const auto& entry : log->history()) sent = std::max(sent, entry.value("delivery", std::int64_t{0}));

  const auto work = [&]() -> Result<void> {
    const Instant now = simulation.clock().now();
    for (const auto& delivery : TRY(world.deliveries("department_lists", now, sent))) {
      std::string name = delivery.id;
      if (!name.ends_with(".csv")) name += ".csv";
      CHECK_OK(write_file_atomically(folder + "/inbox/" + name, TRY(file_of(world, delivery, now))));
      CHECK_OK(log->append({{"delivery", delivery.sequence}, {"file", name}}));
      sent = delivery.sequence;
    }
    return ok();
  };
  CHECK_OK(work());
  simulation.ready(0);
  while (!simulation.wait(50ms)) {
    if (simulation.mood().absent) continue;
    CHECK_OK(work());
  }
  return ok();
}

}  // namespace

int main(int argc, char** argv) {
  return zhida::simulator::run(argc, argv, "sim_department_lists", {"folder"}, serve);
}
