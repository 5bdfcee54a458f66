// The people of the invented town: firms that confirm, officials that review and release, and the passing of days. A
// process of its own that knows the hub by its REST only.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include <unistd.h>

#include "adapters/townspeople/story.h"

namespace {

volatile std::sig_atomic_t g_stop = 0;  // Set by SIGINT and SIGTERM.

void on_signal(int) {
  g_stop = 1;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace zhida;
  CLI::App app{"The people of the invented town: they confirm, review and release, and days pass."};
  townspeople::StoryOptions options;
  bool once = false;
  int day_seconds = 20;
  int patience_seconds = 60;
  app.add_option("--hub", options.town.hub_url, "Address of the hub, e.g. https://127.0.0.1:8443")->required();
  app.add_option("--certs", options.town.certs, "Folder made by certs/issue_dev_certs")->required();
  app.add_option("--town", options.town.folder, "Folder made by town_make")->required();
  app.add_option("--clock", options.clock_file, "File that holds the business time")->required();
  app.add_flag("--once", once, "Run to the end, print the report as JSON on stdout, exit 0 only if all agreed");
  app.add_option("--day-seconds", day_seconds, "Without --once: seconds that a day lasts");
  app.add_option("--patience", patience_seconds, "Seconds to wait for a hub that does not answer");
  app.add_option("--days-max", options.days_max, "With --once: give up after so many days");
  CLI11_PARSE(app, argc, argv);
  options.town.patience = std::chrono::seconds(patience_seconds);

  if (!once) {
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
    const auto lived = townspeople::live(options, day_seconds, [] { return g_stop != 0; });
    if (lived) return 0;
    std::fprintf(stderr, "%s\n", lived.error().message.c_str());
    return 1;
  }
  const auto report = townspeople::tell_story(options);
  if (!report) {
    std::fprintf(stderr, "%s: %s\n", report.error().code.c_str(), report.error().message.c_str());
    return 1;
  }
  std::printf("%s\n", report.value().dump().c_str());
  std::string why_not;
  if (townspeople::all_agreed(report.value(), why_not)) return 0;
  std::fprintf(stderr, "The story did not agree: %s.\n", why_not.c_str());
  return 1;
}
