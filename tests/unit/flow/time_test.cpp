// Trusted time in a real hub beside a simulated authority: what is kept, and what happens when none can be had for
// hours.
#include "time_scene.h"

using namespace zhida;
using namespace zhida::flow;
using namespace zhida::flow::testing;

BOOST_AUTO_TEST_SUITE(trusted_time)

BOOST_AUTO_TEST_CASE(heads_are_stamped_by_authorities_of_both_families) {
  for (const std::string family : {"sm2", "p256"}) {
    BOOST_TEST_CONTEXT(family) {
      TimeScene scene(family);
      BOOST_REQUIRE(scene.until([&] { return scene.tokens() >= 1; }));
      scene.happen();
      scene.clock_at(2min);
      BOOST_REQUIRE(scene.until([&] { return scene.tokens() >= 2; }));
      BOOST_TEST(scene.state().payments_allowed);
      const auto report = scene.verify();
      BOOST_TEST(report.holds(), report.detail);
      BOOST_TEST(report.tokens >= 2);
      BOOST_TEST(report.tokens_judged);
      BOOST_TEST(value_of(scene.hub().status()).at("trusted_time").at("payments_allowed") == true);
      scene.hub().stop();  // What was written last is sealed, too.
      BOOST_TEST(scene.verify().sealed_records == scene.scene().number("SELECT max(seq) FROM audit_record"));
    }
  }
}

BOOST_AUTO_TEST_CASE(without_trusted_time_for_too_long_payments_stop_and_resume_by_themselves) {
  struct Outage {
    const char* mood;
    const char* code;
  };
  TimeScene scene("sm2");
  BOOST_REQUIRE(scene.until([&] { return scene.tokens() >= 1; }));
  std::chrono::hours now{0};
  std::int64_t times = 0;
  for (const Outage& outage :
       {Outage{"absent", "http_unreachable"}, Outage{"slow=60000", "http_timeout"},
        Outage{"wrong-certificate", "timestamp_authority_not_trusted"}, Outage{"clock=7200", "timestamp_"},
        Outage{"refuse", "timestamp_refused"}, Outage{"rude", "timestamp_malformed"}}) {
    BOOST_TEST_CONTEXT(outage.mood) {
      scene.mood(outage.mood);
      BOOST_REQUIRE(scene.until([&] { return !scene.state().error_code.empty(); }));
      BOOST_TEST(scene.state().error_code.starts_with(outage.code), scene.state().error_code);
      now += 3h;  // Within the limit of four.
      scene.clock_at(now);
      BOOST_TEST(scene.state().payments_allowed);
      BOOST_TEST(!scene.state().alarm);
      now += 2h;
      scene.clock_at(now);
      BOOST_REQUIRE(scene.until([&] { return scene.state().alarm; }));
      BOOST_TEST(!scene.state().payments_allowed);
      ++times;
      BOOST_REQUIRE(scene.until([&] { return scene.records("payments_paused") == times; }));
      // All else goes on, and is sealed.
      scene.happen();
      const auto size = scene.scene().number("SELECT max(seq) FROM audit_record");
      BOOST_REQUIRE(scene.until([&] { return scene.scene().number("SELECT max(size) FROM audit_head") >= size; }));
      scene.mood("");
      BOOST_REQUIRE(scene.until([&] { return scene.state().payments_allowed; }));
      BOOST_REQUIRE(scene.until([&] { return scene.records("payments_resumed") == times; }));
      BOOST_TEST(scene.state().error_code.empty());
    }
  }
  const auto report = scene.verify();
  BOOST_TEST(report.holds(), report.detail);
}

BOOST_AUTO_TEST_SUITE_END()
