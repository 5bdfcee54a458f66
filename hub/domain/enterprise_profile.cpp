#include "domain/enterprise_profile.h"

namespace zhida {

std::string to_text(const FieldData& data) {
  struct Visitor {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(const std::string& v) const { return v; }
    std::string operator()(Date v) const { return v.to_string(); }
  };
  return std::visit(Visitor{}, data);
}

}  // namespace zhida
