// What the matching tests share: the real fields and policies of mappings/, and profiles in one line.
#pragma once
#include <boost/test/unit_test.hpp>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "domain/enterprise_profile.h"
#include "domain/field_catalogue.h"
#include "stages/mapping/fields.h"
#include "stages/matching/policy_file.h"

namespace zhida::matching::test {

inline std::string mappings() {
  return std::string(ZHIDA_SOURCE_DIR) + "/mappings";
}

inline const FieldCatalogue& fields() {
  static const FieldCatalogue catalogue = [] {
    std::vector<Finding> findings;
    auto loaded = mapping::load_fields(mappings() + "/fields.yaml", findings);
    for (const auto& finding : findings) BOOST_TEST_MESSAGE(to_text(finding));
    BOOST_REQUIRE_MESSAGE(loaded.has_value(), "mappings/fields.yaml must be readable");
    return std::move(loaded.value());
  }();
  return catalogue;
}

inline const std::vector<PolicySource>& policies() {
  static const std::vector<PolicySource> sources = [] {
    PolicyFindings findings;
    auto loaded = load_policies({mappings() + "/policies"}, fields(), findings);
    for (const auto& finding : findings.errors) BOOST_ERROR(to_text(finding));
    BOOST_REQUIRE(loaded.has_value());
    return std::move(loaded.value());
  }();
  return sources;
}

inline const Policy& policy(std::string_view id) {
  for (const auto& source : policies())
    if (source.policy.id.str() == id) return source.policy;
  BOOST_FAIL("no policy " << id);
  std::abort();
}

inline Date day(std::string_view iso) {
  return Date::parse(iso).value();
}

inline FieldState known(FieldData data, Date as_of = day("2025-10-31")) {
  FieldState state;
  ProfileValue value;
  value.data = std::move(data);
  value.source = "test";
  value.as_of = as_of;
  state.value = std::move(value);
  return state;
}

inline FieldState unknown(UnknownReason reason) {
  FieldState state;
  state.reason = reason;
  return state;
}

inline EnterpriseProfile profile(std::initializer_list<std::pair<const std::string, FieldState>> fields) {
  EnterpriseProfile out;
  out.uscc = "91330502MA2TEST01X";
  out.division = "330502";
  out.sequence = 7;
  out.as_of = day("2025-11-03");
  out.fields = fields;
  return out;
}

/// A policy around one clause text, for tests of the language.
inline std::string policy_text(std::string_view when, std::string_view amount = "{ family: relief, text: 减免 }",
                               std::string_view handling = "{ channel: relief, period: once }") {
  std::string out =
      "id: T-1\ntitle: 测试事项\nissuer: 测试单位\nclass: 申报\nclass_basis: stated\nsubject: enterprise\n";
  return out + "when: " + std::string(when) + "\namount: " + std::string(amount) +
         "\nhandling: " + std::string(handling) + "\n";
}

}  // namespace zhida::matching::test
