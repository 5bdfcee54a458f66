#include "domain/mapped_record.h"

namespace zhida {

std::string to_text(const Finding& finding) {
  std::string out = finding.file.empty() ? "-" : finding.file;
  if (finding.line > 0) out += ":" + std::to_string(finding.line) + ":" + std::to_string(finding.column);
  out += ": " + finding.code + " " + finding.message;
  if (!finding.record.empty()) out += " [record " + finding.record + "]";
  if (!finding.field.empty()) out += " [field " + finding.field + "]";
  if (!finding.value.empty()) out += " [value \"" + finding.value + "\"]";
  return out;
}

}  // namespace zhida
