// evidence: packs that prove one case to somebody outside.
#include "flow/evidence.h"

#include <iostream>

#include "base/bytes.h"
#include "cli/open_hub.h"

namespace zhida::cli {

int evidence_export(const Options& options) {
  flow::PackOrder order;
  order.case_id = CaseId(options.name);
  const auto level = flow::pack_level_from(options.level);
  if (!level) {
    std::cerr << "--for: " << level.error().message << "\n";
    return kUsage;
  }
  order.level = level.value();
  order.withhold = options.withhold;
  order.reader = options.reader;
  order.asked_by = "cli";
  auto open = open_hub(options);
  if (!open) return fail(open.error());
  auto& hub = *open.value().hub;
  const auto pack = flow::Evidence(hub.rooms(), hub.config().trust, hub.config().time_trust, [&] {
                      return hub.stamp_now();
                    }).make(order);
  if (!pack) {
    const auto& code = pack.error().code;
    const int status = fail(pack.error());
    if (code == "case_not_found" || code == "withhold_unknown" || code == "withhold_needed") return kUsage;
    return code == "case_not_decided" ? kConflict : status;
  }
  // Whoever may read the store may read the pack: nobody else.
  const auto written = write_file_atomically(options.pack_file, pack.value().archive, 0600);
  if (!written) return fail(written.error());
  const auto& summary = pack.value().summary;
  if (options.json) {
    Json json = summary;
    json["file"] = options.pack_file;
    std::cout << json.dump() << "\n";
  } else {
    std::cout << options.pack_file << ": " << summary.at("members") << " members, " << summary.at("facts") << " facts, "
              << summary.at("withheld") << " withheld; " << pack.value().digest << "\n"
              << "check it with: zhida-verify pack " << options.pack_file << " --root ROOT\n";
  }
  return kOk;
}

}  // namespace zhida::cli
