// receipts, persons: what was received before, and the lists of persons behind counts.
#include <iostream>

#include "base/bytes.h"
#include "cli/open_hub.h"
#include "domain/uscc.h"
#include "flow/receipt_keeper.h"
#include "stages/matching/receipt_store.h"

namespace zhida::cli {
namespace {

constexpr const char* kActor = "cli";

/// The day behind an option; usage where it is none.
std::optional<Date> day_of(const std::string& option, const std::string& text) {
  auto day = Date::parse(text);
  if (day) return day.value();
  std::cerr << option << ": " << day.error().message << "\n";
  return std::nullopt;
}

int tell(const Options& options, const flow::ListOutcome& outcome) {
  for (const auto& finding : outcome.findings) std::cerr << to_text(finding) << "\n";
  if (!outcome.findings.empty()) {
    std::cerr << outcome.findings.size() << " findings; nothing was taken\n";
    return kFindings;
  }
  if (options.json)
    std::cout << Json{{"rows", outcome.rows}, {"new", outcome.fresh}, {"dropped", outcome.dropped}}.dump() << "\n";
  else
    std::cout << outcome.rows << " rows, " << outcome.fresh << " new"
              << (outcome.dropped > 0 ? ", " + std::to_string(outcome.dropped) + " not named any more" : "") << "\n";
  return kOk;
}

}  // namespace

int receipts_import(const Options& options) {
  flow::ReceiptList list{options.name, options.benefit, options.source, std::nullopt, std::nullopt};
  if (options.complete != !options.as_of.empty()) {
    std::cerr << "--complete and --as-of are said together.\n";
    return kUsage;
  }
  if (options.complete) {
    list.complete_as_of = day_of("--as-of", options.as_of);
    if (!list.complete_as_of) return kUsage;
  }
  if (!options.keep_until.empty()) {
    list.keep_until = day_of("--keep-until", options.keep_until);
    if (!list.keep_until) return kUsage;
  }
  auto content = read_file(options.name);
  if (!content) return fail(content.error());
  auto open = open_hub(options);
  if (!open) return fail(open.error());
  const auto outcome = open.value().hub->receipts().import_receipts(list, std::move(content).value(), kActor);
  return outcome ? tell(options, outcome.value()) : fail(outcome.error());
}

int receipts_vouch(const Options& options) {
  const auto as_of = day_of("--as-of", options.as_of);
  if (!as_of) return kUsage;
  auto open = open_hub(options);
  if (!open) return fail(open.error());
  const auto done = open.value().hub->receipts().vouch(options.benefit, options.source, *as_of, kActor);
  if (!done) return fail(done.error());
  std::cout << options.source << " vouches for " << options.benefit << " up to " << as_of->to_string() << "\n";
  return kOk;
}

int receipts_list(const Options& options) {
  const auto uscc = parse_uscc(options.name);
  if (!uscc) return fail(uscc.error());
  const auto store = open_store(options);
  if (!store) return fail(store.error());
  Json list = Json::array();
  const auto done = store.value()->read([&](storage::Transaction& transaction) -> Result<void> {
    for (const auto& row : TRY(matching::list_receipts(transaction, uscc.value())))
      list.push_back({{"benefit", row.receipt.benefit},
                      {"received_on", row.receipt.received_on.to_string()},
                      {"source", row.receipt.source},
                      {"reference", row.receipt.reference},
                      {"taken_back_on", row.taken_back_on ? Json(row.taken_back_on->to_string()) : Json(nullptr)}});
    return ok();
  });
  if (!done) return fail(done.error());
  if (options.json) {
    std::cout << list.dump() << "\n";
    return kOk;
  }
  for (const auto& row : list) {
    std::cout << row.at("received_on").get<std::string>() << "  " << row.at("benefit").get<std::string>() << "  "
              << row.at("source").get<std::string>() << "  " << row.at("reference").get<std::string>();
    if (!row.at("taken_back_on").is_null()) std::cout << "  came back " << row.at("taken_back_on").get<std::string>();
    std::cout << "\n";
  }
  if (list.empty()) std::cout << "nothing is known to have been received\n";
  return kOk;
}

int persons_import(const Options& options) {
  const auto as_of = day_of("--as-of", options.as_of);
  const auto keep_until = day_of("--keep-until", options.keep_until);
  if (!as_of || !keep_until) return kUsage;
  auto content = read_file(options.name);
  if (!content) return fail(content.error());
  auto open = open_hub(options);
  if (!open) return fail(open.error());
  const flow::PersonList list{options.name, PolicyId(options.policy), options.source, *as_of, *keep_until};
  const auto outcome = open.value().hub->receipts().import_persons(list, std::move(content).value(), kActor);
  return outcome ? tell(options, outcome.value()) : fail(outcome.error());
}

}  // namespace zhida::cli
