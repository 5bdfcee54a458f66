// Items as earlier programs stored them: they are read, or refused by name; never read as something else.
#include "stages/matching/evaluate.h"
#include "unit/matching/scene.h"

namespace zhida::matching {
namespace {

using test::day;
using test::known;
using test::policies;
using test::profile;

/// The form of the program before formulas named the types of their fields and region data their titles.
Json as_before(Json form) {
  form.erase("formula_types");
  const auto data = form.find("region_data");
  if (data == form.end()) return form;
  for (auto& datum : *data) {
    datum.erase("title");
    datum.erase("unit");
  }
  return form;
}

FieldState whole(std::int64_t number) {
  return known(FieldData(number));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stored_form)

BOOST_AUTO_TEST_CASE(every_item_of_the_folder_is_read_from_the_form_before_or_refused_by_name) {
  int read = 0, refused = 0;
  for (const auto& source : policies()) {
    BOOST_TEST_CONTEXT(source.policy.id.str()) {
      const auto form = to_json(source.policy);
      const auto again = policy_from_json(as_before(form));
      if (!again) {
        ++refused;
        BOOST_TEST(form.contains("formula_types"));
        BOOST_TEST(again.error().code == "policy_body_malformed");
        BOOST_TEST(again.error().message.find("does not say what the formula's") != std::string::npos);
        continue;
      }
      ++read;
      // Only the words of region data are gone.
      auto told = to_json(again.value());
      if (!form.contains("region_data")) {
        BOOST_TEST((told == form));
      } else {
        BOOST_TEST((as_before(told) == as_before(form)));
      }
      if (form.contains("formula_types")) {
        BOOST_TEST((told.at("formula_types") == form.at("formula_types")));
      }
    }
  }
  BOOST_TEST_MESSAGE(read << " items are read from the form before, " << refused << " are refused");
  BOOST_TEST(read > refused);
}

BOOST_AUTO_TEST_CASE(a_formula_of_which_the_form_says_what_it_is_made_of_is_read) {
  const auto body = parse_json(R"form({
    "id":"T-1","title":"旧事项","subject":"enterprise","local_settings":[],
    "titles":{"x.a_fen":"甲","x.rate":"率"},
    "when":{"all":[{"id":"c1","text":"率不低于1%","field":"x.rate","type":"rate","op":"gte","operands":[10000],"on_unknown":"review"}]},
    "missing_fields":[{"name":"x.a_fen","title":"甲","type":"money"}],
    "derived":[{"name":"amount.T-1","type":"money","formula":"(x.a_fen * x.rate)","rounding":"down"}],
    "region_data":[{"name":"region.base","type":"money","values":{"330500":100}}],
    "amount":{"family":"formula","text":"公式","formula":"(x.a_fen * x.rate)","rounding":{"mode":"down","unit_fen":1}},
    "handling":{
  "channel" : "relief", "payee" : "own_account", "period" : "once", "review_departments" : [], "recheck_fields" : []
}
})form");
  BOOST_REQUIRE(body.has_value());
  const auto item = policy_from_json(body.value());
  BOOST_REQUIRE_MESSAGE(item.has_value(), (item ? std::string() : item.error().message));
  const auto outcome =
      evaluate(item.value(), profile({{"x.a_fen", whole(1'000'00)}, {"x.rate", whole(20'000)}}), day("2025-11-03"));
  BOOST_TEST((outcome.verdict == Verdict::met));
  BOOST_REQUIRE(outcome.amount.has_value());
  BOOST_TEST(outcome.amount->fen() == 2'000);  // A rate counts in parts per million, not as the number it is kept as.
  BOOST_TEST(item.value().region_data.front().title == "region.base");

  auto without = body.value();
  without.erase("missing_fields");
  const auto refused = policy_from_json(without);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST(refused.error().code == "policy_body_malformed");
  BOOST_TEST(refused.error().message.find("x.a_fen") != std::string::npos);

  // Forms of later programs are not half understood.
  auto later = body.value();
  later["something_new"] = true;
  BOOST_TEST(!policy_from_json(later).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::matching
