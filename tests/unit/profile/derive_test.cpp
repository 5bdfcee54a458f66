#include "stages/profile/derive.h"

#include <boost/test/unit_test.hpp>
#include <optional>

#include "base/bytes.h"

using namespace zhida;
using namespace zhida::profile;

namespace {

SizeRules rules() {
  return SizeRules::parse(read_file(ZHIDA_SOURCE_DIR "/mappings/codes/sme_size.csv").value()).value();
}

std::string size_of(const std::string& industry, std::optional<std::int64_t> employees,
                    std::optional<std::int64_t> revenue_wan, std::optional<std::int64_t> assets_wan) {
  static const SizeRules kRules = rules();
  SizeRules::Input input;
  input.industry_code = industry;
  if (revenue_wan) *revenue_wan *= 1'000'000;
  if (assets_wan) *assets_wan *= 1'000'000;
  input.employees = employees ? &*employees : nullptr;
  input.revenue_fen = revenue_wan ? &*revenue_wan : nullptr;
  input.assets_fen = assets_wan ? &*assets_wan : nullptr;
  std::vector<std::string> missing;
  const auto size = kRules.classify(input, missing);
  if (!missing.empty()) return "missing " + missing.front();
  static const char* const kNames[] = {"large", "medium", "small", "micro", "none"};
  return kNames[static_cast<int>(size)];
}

ProfileValue value(FieldData data, Date as_of) {
  ProfileValue out;
  out.data = std::move(data);
  out.as_of = as_of;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(sizes_follow_the_table_of_2011) {
  BOOST_TEST(size_of("3411", 1000, 40000, {}) == "large");
  BOOST_TEST(size_of("C3411", 1000, 39999, {}) == "medium");
  BOOST_TEST(size_of("3411", 999, 40000, {}) == "medium");
  BOOST_TEST(size_of("3411", 300, 2000, {}) == "medium");
  BOOST_TEST(size_of("3411", 20, 300, {}) == "small");
  BOOST_TEST(size_of("3411", 19, 90000, {}) == "micro");
  BOOST_TEST(size_of("3411", {}, 300, {}) == "missing employees");
  BOOST_TEST(size_of("0111", {}, 500, {}) == "medium");
  BOOST_TEST(size_of("4710", {}, 80000, 79999) == "medium");
  BOOST_TEST(size_of("5132", 200, 40000, {}) == "large");
  BOOST_TEST(size_of("5411", 20, 200, {}) == "small");
  BOOST_TEST(size_of("5311", 20, 200, {}) == "none");
  BOOST_TEST(size_of("7010", {}, 1000, 5000) == "medium");
  BOOST_TEST(size_of("7020", 100, 499, {}) == "micro");
  BOOST_TEST(size_of("7211", 300, {}, 8000) == "medium");
  BOOST_TEST(size_of("7320", 99, {}, {}) == "small");
  BOOST_TEST(size_of("6620", 99, 1, 1) == "none");
  BOOST_TEST(size_of("8310", 99, 1, 1) == "none");
  BOOST_TEST(size_of("", 99, 1, 1) == "none");
}

BOOST_AUTO_TEST_CASE(a_broken_size_table_is_refused_with_its_line) {
  const auto message = [](const char* csv) {
    return SizeRules::parse(csv) ? "" : SizeRules::parse(csv).error().message;
  };
  BOOST_TEST(message("h\na,01,revenue,3,2\n").find("Line 2") != std::string::npos);
  BOOST_TEST(message("h\na,01,weight,3,2,1\n").find("Line 2") != std::string::npos);
  BOOST_TEST(message("h\na,01,revenue,1,2,3\n").find("Line 2") != std::string::npos);
  BOOST_TEST(!SizeRules::parse("h\n"));
}

BOOST_AUTO_TEST_CASE(derived_fields_are_as_old_as_what_they_follow_from) {
  std::vector<FieldSpec> fields(2);
  fields[0].name = "ent.size";
  fields[0].derived_by = "sme_size";
  fields[1].name = "ui.layoff_rate";
  fields[1].derived_by = "layoff_rate";
  const FieldCatalogue catalogue(fields);
  const Date old_day = Date::from_ymd(2024, 12, 31).value();
  const Date new_day = Date::from_ymd(2025, 11, 2).value();
  EnterpriseProfile profile;
  profile.fields["ent.industry_code"].value = value(std::string("3411"), new_day);
  profile.fields["report.employees"].value = value(std::int64_t{300}, old_day);
  profile.fields["report.revenue_fen"].value = value(std::int64_t{2'000'000'000}, old_day);
  profile.fields["ui.new_benefit_count"].value = value(std::int64_t{1}, new_day);
  profile.fields["ui.insured_count"].value = value(std::int64_t{3}, new_day);
  derive_fields(profile, catalogue, rules());
  BOOST_TEST(to_text(profile.find("ent.size")->value->data) == "medium");
  BOOST_TEST((profile.find("ent.size")->value->as_of == old_day));
  BOOST_TEST(to_text(profile.find("ui.layoff_rate")->value->data) == "333333");

  profile.fields["ui.insured_count"].value = value(std::int64_t{0}, new_day);
  profile.fields["report.revenue_fen"].value.reset();
  profile.fields["report.revenue_fen"].reason = UnknownReason::stale;
  profile.fields.erase("ent.size");
  profile.fields.erase("ui.layoff_rate");
  derive_fields(profile, catalogue, rules());
  BOOST_TEST(profile.find("ui.layoff_rate") == nullptr);
  BOOST_REQUIRE(profile.find("ent.size") != nullptr);
  BOOST_TEST((profile.find("ent.size")->reason == UnknownReason::stale));
}
