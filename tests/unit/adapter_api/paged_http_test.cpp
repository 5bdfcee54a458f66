#include "adapter_api/transports/paged_http.h"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <random>

#include "conformance/recording_context.h"

using namespace zhida;
using namespace zhida::transports;
using conformance::RecordingContext;

namespace {

// A server in memory: what it answers is a page of numbers; how it misbehaves is a function of the call.
struct Gateway {
  int rows = 25;
  int calls = 0;
  std::function<Result<PageAnswer>(const PageRequest&, int call, PageAnswer honest)> spoil;
  std::vector<std::string> sinces;

  PageAnswer honest(const PageRequest& ask) const {
    PageAnswer page;
    page.total = rows;
    for (int i = (ask.number - 1) * ask.size + 1; i <= std::min(rows, ask.number * ask.size); ++i)
      page.records.push_back(row(i));
    page.newest = "2025-11-03 02:00:00";
    return page;
  }
  static SourceRecord row(int i) {
    SourceRecord record;
    record.source = "toy";
    record.record_type = "toy.row";
    record.key = std::to_string(i);
    record.columns = {{"n", std::to_string(i)}};
    record.body = "{\"n\":" + std::to_string(i) + "}";
    return record;
  }
};

struct Scene {
  RecordingContext context;
  Gateway gateway;
  PagedOptions options;

  Scene() {
    options.source = "toy";
    options.stream = "toy.row";
    options.origin = "memory";
    options.page_size = 10;
    options.first_pause = 1ms;
    options.pause_max = 2ms;
    options.attempts = 4;
  }
  Result<void> sweep(const PullRequest& request = {}) {
    Delivery delivery(context);
    Pager pager;
    PageRequest asked;
    pager.fetch = [&](const PageRequest& ask) -> Result<Bytes> {
      asked = ask;
      gateway.sinces.push_back(ask.since);
      return Bytes();
    };
    pager.decode = [&](ByteView) -> Result<PageAnswer> {
      const int call = ++gateway.calls;
      auto honest = gateway.honest(asked);
      return gateway.spoil ? gateway.spoil(asked, call, std::move(honest)) : Result<PageAnswer>(std::move(honest));
    };
    pager.resume_from = [](const std::string& newest, Instant now) { return time_before(newest, 10min, now); };
    return sweep_pages(context, delivery, options, pager, request);
  }
  std::size_t keys() const { return context.keys("toy.row").size(); }
  bool cursor_moved() const { return context.cursors.contains("toy.row"); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(paged_http)

BOOST_AUTO_TEST_CASE(a_list_comes_whole_and_only_then_moves_the_cursor) {
  Scene scene;
  scene.options.batch_rows = 10;
  BOOST_REQUIRE(scene.sweep());
  BOOST_TEST(scene.keys() == 25);
  BOOST_TEST(scene.context.cursors.at("toy.row") == "2025-11-03 01:50:00");
  for (std::size_t i = 0; i + 1 < scene.context.batches.size(); ++i)
    BOOST_TEST(scene.context.batches[i].cursors.empty());
  BOOST_TEST(scene.context.complaints.empty());
  BOOST_REQUIRE(scene.sweep());
  BOOST_TEST(scene.gateway.sinces.back() == "2025-11-03 01:50:00");
}

BOOST_AUTO_TEST_CASE(whatever_a_gateway_does_nothing_is_lost) {
  using Spoil = std::function<Result<PageAnswer>(const PageRequest&, int, PageAnswer)>;
  const auto lost = [] { return retry("source_unreachable", "Gone."); };
  struct Case {
    const char* name;
    int rows;
    Spoil spoil;
  };
  const Case cases[] = {
      {"exact pages", 30, nullptr},
      {"one row", 1, nullptr},
      {"no rows", 0, nullptr},
      {"page served twice once", 25,
       [](const PageRequest& ask, int call, PageAnswer page) -> Result<PageAnswer> {
         if (call == 2) return Gateway{}.honest(PageRequest{1, ask.size, "", ""});
         return page;
       }},
      {"empty page in the middle once", 25,
       [](const PageRequest&, int call, PageAnswer page) -> Result<PageAnswer> {
         if (call == 2) page.records.clear();
         return page;
       }},
      {"total too high at first", 25,
       [](const PageRequest&, int call, PageAnswer page) -> Result<PageAnswer> {
         if (call == 1) page.total = 26;
         return page;
       }},
      {"total too low in the middle", 25,
       [](const PageRequest&, int call, PageAnswer page) -> Result<PageAnswer> {
         if (call == 2) page.total = 12;
         return page;
       }},
      {"total always zero", 25,
       [](const PageRequest&, int, PageAnswer page) -> Result<PageAnswer> {
         page.total = 0;
         return page;
       }},
      {"no total", 25,
       [](const PageRequest&, int, PageAnswer page) -> Result<PageAnswer> {
         page.total.reset();
         return page;
       }},
      {"page size ignored, smaller", 25,
       [](const PageRequest& ask, int, PageAnswer) -> Result<PageAnswer> {
         return Gateway{}.honest(PageRequest{ask.number, 4, "", ""});
       }},
      {"page size ignored, everything at once", 25,
       [](const PageRequest& ask, int, PageAnswer) -> Result<PageAnswer> {
         auto all = Gateway{}.honest(PageRequest{1, 100, "", ""});
         if (ask.number > 1) all.records.clear();
         return all;
       }},
      {"the last page again and again", 25,
       [](const PageRequest& ask, int, PageAnswer page) -> Result<PageAnswer> {
         return ask.number > 3 ? Gateway{}.honest(PageRequest{3, 10, "", ""}) : page;
       }},
      {"connection lost twice", 25,
       [&](const PageRequest&, int call, PageAnswer page) -> Result<PageAnswer> {
         if (call == 2 || call == 3) return lost();
         return page;
       }},
  };
  for (const auto& one : cases) {
    BOOST_TEST_CONTEXT(one.name) {
      Scene scene;
      scene.gateway.rows = one.rows;
      scene.gateway.spoil = one.spoil;
      const auto done = scene.sweep();
      BOOST_TEST(static_cast<bool>(done));
      BOOST_TEST(static_cast<int>(scene.keys()) == one.rows);
      BOOST_TEST(scene.cursor_moved() == (one.rows > 0));
      BOOST_TEST(scene.context.complaints.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_total_that_never_comes_true_leaves_the_cursor_where_it_was) {
  Scene scene;
  scene.gateway.spoil = [](const PageRequest&, int, PageAnswer page) -> Result<PageAnswer> {
    page.total = 99;
    return page;
  };
  BOOST_REQUIRE(scene.sweep());
  BOOST_TEST(scene.keys() == 25);
  BOOST_TEST(!scene.cursor_moved());
}

BOOST_AUTO_TEST_CASE(a_gateway_that_stays_away_is_given_up_after_the_agreed_attempts) {
  Scene scene;
  scene.gateway.spoil = [](const PageRequest& ask, int, PageAnswer page) -> Result<PageAnswer> {
    if (ask.number == 2) return retry("source_unreachable", "Gone.");
    return page;
  };
  const auto done = scene.sweep();
  BOOST_REQUIRE(!done);
  BOOST_TEST((done.error().fate == Fate::retry));
  BOOST_TEST(scene.gateway.calls == 1 + scene.options.attempts);
  BOOST_TEST(!scene.cursor_moved());
}

BOOST_AUTO_TEST_CASE(a_refusal_that_would_come_again_is_not_asked_twice) {
  Scene scene;
  scene.gateway.spoil = [](const PageRequest&, int, PageAnswer) -> Result<PageAnswer> {
    return refuse("source_refused", "98");
  };
  BOOST_TEST(!scene.sweep());
  BOOST_TEST(scene.gateway.calls == 1);
}

BOOST_AUTO_TEST_CASE(a_server_that_never_ends_is_left) {
  Scene scene;
  scene.options.pages_max = 50;
  scene.gateway.spoil = [](const PageRequest& ask, int, PageAnswer) -> Result<PageAnswer> {
    PageAnswer page;
    for (int i = 0; i < 10; ++i) page.records.push_back(Gateway::row(ask.number * 10 + i));
    return page;
  };
  const auto done = scene.sweep();
  BOOST_REQUIRE(!done);
  BOOST_TEST(done.error().code == "source_endless");
}

BOOST_AUTO_TEST_CASE(random_bad_days_lose_nothing) {
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 chance(seed);
  for (int round = 0; round < 200; ++round) {
    Scene scene;
    scene.options.attempts = 12;
    scene.options.sweeps = 30;
    scene.options.first_pause = 0ms;
    scene.options.pause_max = 0ms;
    scene.options.batch_rows = 1 + static_cast<int>(chance() % 40);
    scene.gateway.rows = static_cast<int>(chance() % 60);
    const int rows = scene.gateway.rows;
    scene.gateway.spoil = [&](const PageRequest& ask, int, PageAnswer page) -> Result<PageAnswer> {
      Gateway other;
      other.rows = rows;
      switch (chance() % 20) {
        case 0:
          return retry("source_malformed", "A log-in page.");
        case 1:
          page.records.clear();
          return page;
        case 2:
          return other.honest(PageRequest{std::max(1, ask.number - 1), ask.size, "", ""});
        case 3:
          page.total = rows + 3;
          return page;
        case 4:
          page.total = rows / 2;
          return page;
        default:
          return page;
      }
    };
    BOOST_TEST_CONTEXT("seed " << seed << " round " << round) {
      BOOST_TEST(static_cast<bool>(scene.sweep()));
      // A total that was too high once is swept again; only a sweep that came out even moves the cursor.
      if (scene.cursor_moved()) BOOST_TEST(static_cast<int>(scene.keys()) == rows);
    }
  }
}

BOOST_AUTO_TEST_CASE(positions_go_back_by_the_overlap_and_never_beyond_now) {
  const auto now = parse_rfc3339("2025-11-03T09:00:00+08:00").value();
  BOOST_TEST(time_before("2025-11-03T08:05:00+08:00", 10min, now) == "2025-11-03 07:55:00");
  BOOST_TEST(time_before("9999-9-9", 10min, now) == "2025-11-03 08:50:00");
  BOOST_TEST(time_before("soon", 10min, now).empty());
  BOOST_TEST(sortable_time("2025/9/3 7:5") == "2025-09-03 07:05:00");
  BOOST_TEST(sortable_time("20250903") == "2025-09-03 00:00:00");
  BOOST_TEST(sortable_time("2025-13-01").empty());
}

BOOST_AUTO_TEST_CASE(one_firm_is_fetched_without_touching_the_cursor) {
  Scene scene;
  scene.gateway.rows = 2;
  PullRequest request;
  request.uscc = "91330500MA00000000";
  BOOST_REQUIRE(scene.sweep(request));
  BOOST_TEST(scene.keys() == 2);
  BOOST_TEST(!scene.cursor_moved());
}

BOOST_AUTO_TEST_SUITE_END()
