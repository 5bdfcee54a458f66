// check, config, adapter, mapping, seal, version.
#include <iostream>

#include "adapter_api/catalogue.h"
#include "base/json.h"
#include "cli/open_hub.h"
#include "flow/office_keeper.h"
#include "flow/policy_book.h"
#include "platform/crypto/certificate.h"
#include "platform/crypto/digest.h"
#include "seal/commands.h"
#include "stages/mapping/commands.h"

namespace zhida::cli {

int check(const Options& options) {
  auto open = open_hub(options);
  if (!open) return fail(open.error());
  auto& hub = *open.value().hub;
  const auto& settings = *open.value().loaded.settings;
  int findings = 0;
  std::cout << "settings, mappings, policies, peers, grants, people, trust, seal and store are in order ("
            << hub.rooms().policies.all().size() << " items, " << hub.people().all().size() << " people)\n";
  for (const auto* tls : {&*settings.amqp->tls, &*settings.http->tls}) {
    const auto certificate = crypto::Certificate::load(tls->certificate->path);
    if (!certificate) {
      std::cout << tls->certificate->path << ": " << certificate.error().message << "\n";
      ++findings;
      continue;
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::days>(certificate.value().not_after() - SystemClock().now()).count();
    std::cout << tls->certificate->path << ": " << left << " days left\n";
    if (left < 0) ++findings;
  }
  for (const auto& department : flow::departments_without_items(hub.rooms().policies, hub.config().offices)) {
    std::cout << "offices: " << department << " reviews no item in force; is it written as in the items?\n";
    ++findings;
  }
  for (const auto& sentence : flow::persons_without_decisions(hub.people(), hub.config().offices)) {
    std::cout << "offices: " << sentence << "\n";
    ++findings;
  }
  const auto today = hub.rooms().clock.today();
  if (!hub.rooms().calendar.covers(today.year()) || !hub.rooms().calendar.covers(today.plus_months(3).year())) {
    std::cout << "codes/workdays.csv does not cover the coming three months: deadlines would count every weekday\n";
    ++findings;
  }
  if (options.connect)
    for (const auto& source : hub.sources().status()) {
      std::cout << source.name << ":\n";
      const auto tested =
          hub.sources().test(source.name, [](const std::string& step) { std::cout << "  " << step << "\n"; });
      if (tested) continue;
      std::cout << "  " << tested.error().message << "\n";
      return kUnreachable;
    }
  return findings == 0 ? kOk : kFindings;
}

int config_show(const Options& options) {
  const auto loaded = load(options);
  if (!loaded) return fail(loaded.error());
  auto lines = loaded.value().settings->show();
  for (const auto& [name, adapter] : loaded.value().adapters)
    for (auto& line : adapter->show("adapters." + name)) lines.push_back(std::move(line));
  if (options.json) {
    Json json = Json::array();
    for (const auto& line : lines)
      json.push_back({{"name", line.name}, {"value", line.value}, {"origin", line.origin}});
    std::cout << json.dump() << "\n";
    return kOk;
  }
  for (const auto& line : lines) std::cout << line.name << " = " << line.value << "    # " << line.origin << "\n";
  return kOk;
}

int config_example() {
  // The hub's example ends with the section of the adapters as a comment; here the section follows.
  constexpr std::string_view kAdapters = "# adapters:\n";
  std::string hub = flow::HubSettings().as_example();
  if (hub.ends_with(kAdapters)) hub.erase(hub.size() - kAdapters.size(), 2);
  std::cout << hub;
  for (const auto& spec : all_adapters()) {
    const auto configuration = spec.new_configuration();
    if (configuration == nullptr) continue;
    const std::string text = configuration->as_example();
    std::cout << "  # " << spec.title() << "\n  " << spec.name() << (text.empty() ? ": {}\n" : ":\n");
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      std::cout << "    " << text.substr(at, end - at) << "\n";
      at = end + 1;
    }
  }
  return kOk;
}

int adapter_list(const Options& options) {
  Json json = Json::array();
  for (const auto& spec : all_adapters()) {
    Json types = Json::array();
    for (const auto& type : spec.record_types()) types.push_back(type.name);
    json.push_back({{"name", spec.name()},
                    {"title", spec.title()},
                    {"record_types", types},
                    {"pushes", spec.pushed_addresses()},
                    {"carries", spec.carried_addresses()},
                    {"pulls_one", spec.can_pull_one()},
                    {"uploads", spec.accepts_uploads()}});
    if (!options.json) {
      std::cout << spec.name() << "  " << spec.title() << "\n";
      for (const auto& type : spec.record_types()) std::cout << "    " << type.name << "\n";
    }
  }
  if (options.json) std::cout << json.dump() << "\n";
  return kOk;
}

int adapter_test(const Options& options) {
  auto open = open_hub(options);
  if (!open) return fail(open.error());
  const auto tested =
      open.value().hub->sources().test(options.name, [](const std::string& step) { std::cout << step << "\n"; });
  if (tested) return kOk;
  std::cout << tested.error().message << "\n";
  return tested.error().code == "source_unknown" ? kUsage : kUnreachable;
}

int adapter_pull(const Options& options) {
  auto open = open_hub(options);
  if (!open) return fail(open.error());
  const auto summary = open.value().hub->sources().pull(options.name, {});
  if (!summary) return fail(summary.error());
  const auto& counts = summary.value();
  const Json json = {{"received", counts.received},
                     {"accepted", counts.accepted},
                     {"duplicate", counts.duplicate},
                     {"quarantined", counts.quarantined},
                     {"batches", counts.batches}};
  if (options.json) {
    std::cout << json.dump() << "\n";
  } else {
    std::cout << counts.received << " received, " << counts.accepted << " accepted, " << counts.duplicate
              << " known already, " << counts.quarantined << " quarantined\n";
  }
  return kOk;
}

int mapping(const std::vector<std::string>& arguments) {
  return mapping::run_mapping_command(arguments, std::cin, std::cout, std::cerr);
}

int seal(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    std::cerr << seal::seal_usage();
    return kUsage;
  }
  if (arguments[0] == "--help" || arguments[0] == "-h") {
    std::cout << seal::seal_usage();
    return kOk;
  }
  return seal::run_seal_command(arguments, std::cout, std::cerr);
}

int hash_password() {
  std::string password;
  std::getline(std::cin, password);
  if (password.size() < 8) {
    std::cerr << "A password needs at least eight characters.\n";
    return kUsage;
  }
  std::cout << crypto::hash_password(password) << "\n";
  return kOk;
}

int version(const Options& options, const std::string& version) {
  if (options.json) {
    std::cout << Json{{"version", version}, {"compiler", __VERSION__}}.dump() << "\n";
  } else {
    std::cout << "zhida " << version << "\n";
  }
  return kOk;
}

}  // namespace zhida::cli
