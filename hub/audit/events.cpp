#include "audit/events.h"

namespace zhida::audit {

std::string event_reference() {
  std::string page =
      "# Audit events\n\nGenerated from hub/audit/events.h. Every entry of the audit trail is of one of these "
      "kinds.\n\n"
      "| kind | what it says |\n|---|---|\n";
  for (const auto& event : kEventKinds) {
    page += "| `" + std::string(event.kind) + "` | " + std::string(event.sentence) + " |\n";
  }
  return page;
}

}  // namespace zhida::audit
