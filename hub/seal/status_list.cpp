#include "seal/status_list.h"

#include <algorithm>

#include "base/json.h"

namespace zhida::seal {
namespace {

Error malformed(std::string message) {
  return refuse("seal_status_list_malformed", "This is not a seal status list: " + std::move(message));
}

Result<Instant> time_member(const Json& object, const char* name) {
  const auto text = get_string(object, name);
  if (!text) return malformed(text.error().message);
  const auto time = parse_rfc3339(text.value());
  if (!time) return malformed(std::string("\"") + name + "\" is not an RFC 3339 time.");
  return time.value();
}

}  // namespace

Result<SealStatusList> read_status_list(ByteView text) {
  const auto json = parse_json(text);
  if (!json) return malformed(json.error().message);
  const auto canonical = canonical_json(json.value());
  if (!canonical || canonical.value() != text) return malformed("it is not in canonical form (RFC 8785).");
  const auto version = get_int(json.value(), "v");
  if (!version || version.value() != 1) return malformed("member \"v\" must be 1.");
  const auto number = get_int(json.value(), "number");
  if (!number || number.value() < 1) return malformed("member \"number\" must be a whole number from 1 on.");
  SealStatusList list;
  list.number = number.value();
  list.issued = TRY(time_member(json.value(), "issued"));
  if (json.value().contains("next")) list.next = TRY(time_member(json.value(), "next"));
  if (!json.value().contains("seals") || !json.value()["seals"].is_array()) {
    return malformed("member \"seals\" must be a list.");
  }
  for (const Json& item : json.value()["seals"]) {
    const auto es_id = get_string(item, "esID");
    const auto status = get_string(item, "status");
    if (!es_id || !status) return malformed("an item needs the texts esID, status and since.");
    const Instant since = TRY(time_member(item, "since"));
    if (status.value() == "valid") continue;
    if (status.value() != "revoked") {
      return malformed("status \"" + status.value() + "\" is neither valid nor revoked.");
    }
    list.revoked.push_back({es_id.value(), since});
  }
  return list;
}

std::string write_status_list(const SealStatusList& list) {
  Json seals = Json::array();
  for (const auto& one : list.revoked) {
    seals.push_back({{"esID", one.es_id}, {"since", to_rfc3339(one.since)}, {"status", "revoked"}});
  }
  Json json{{"issued", to_rfc3339(list.issued)}, {"number", list.number}, {"seals", std::move(seals)}, {"v", 1}};
  if (list.next) json["next"] = to_rfc3339(*list.next);
  return canonical_json(json).value();
}

}  // namespace zhida::seal
