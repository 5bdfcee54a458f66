#include "seal/structure.h"

namespace zhida::seal {

Report format_report(std::string step, std::string detail) {
  Report report;
  report.code = Code::format;
  report.step = std::move(step);
  report.detail = std::move(detail);
  report.findings.push_back({report.code, report.step, report.detail});
  return report;
}

Json to_json(const Report& report) {
  Json findings = Json::array();
  for (const auto& finding : report.findings) {
    findings.push_back({{"code", static_cast<int>(finding.code)},
                        {"name", name_of(finding.code)},
                        {"step", finding.step},
                        {"detail", finding.detail}});
  }
  Json json{{"code", static_cast<int>(report.code)},
            {"name", name_of(report.code)},
            {"findings", std::move(findings)},
            {"notes", report.notes}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) json[name] = value;
  };
  add("es_id", report.es_id);
  add("seal_name", report.seal_name);
  add("signer_subject", report.signer_subject);
  add("signer_fingerprint", report.signer_fingerprint);
  add("signer_serial", report.serial);
  add("alg", report.alg);
  add("data_hash", report.data_hash);
  add("message_id", report.message_id);
  add("trace_id", report.trace_id);
  add("media_type", report.media_type);
  add("time_authority", report.time_authority);
  add("batch", report.batch);
  if (report.trusted_at) json["trusted_at"] = to_rfc3339(*report.trusted_at);
  if (report.signed_at != Instant{}) json["signed_at"] = to_rfc3339(report.signed_at);
  return json;
}

Error to_error(const Report& report) {
  return refuse("seal_" + std::string(name_of(report.code)),
                "The seal does not hold (step " + report.step + "): " + report.detail);
}

}  // namespace zhida::seal
