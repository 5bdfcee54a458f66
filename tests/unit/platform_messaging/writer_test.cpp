#include "platform/messaging/writer.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <mutex>

#include "platform/messaging/envelope.h"
#include "platform/messaging/outbox.h"
#include "scene.h"
#include "support/scratch_database.h"

using namespace zhida;
using namespace zhida::messaging;
using namespace zhida::messaging::testing;
using storage::Transaction;
using Kind = Receipt::Kind;

namespace {

/// The real store, with a commit that can be made to fail.
class Fragile final : public storage::Database {
 public:
  explicit Fragile(storage::Database& inner) : inner_(inner) {}
  storage::Dialect dialect() const override { return inner_.dialect(); }
  Result<void> write(const std::function<Result<void>(Transaction&)>& work) override {
    return inner_.write([&](Transaction& transaction) -> Result<void> {
      ++writes;
      CHECK_OK(work(transaction));
      if (failures > 0) {
        --failures;
        return retry("storage_lost", "The disk is away.");
      }
      return ok();
    });
  }
  Result<void> read(const std::function<Result<void>(Transaction&)>& work) override { return inner_.read(work); }
  std::atomic<int> failures{0};
  std::atomic<int> writes{0};

 private:
  storage::Database& inner_;
};

struct Fixture {
  test::ScratchDatabase scratch;
  Fragile database{*scratch.migrated()};
  ManualClock clock{parse_rfc3339("2025-11-03T09:00:00.000+08:00").value()};
  std::unique_ptr<Writer> writer;
  std::mutex mutex;
  std::vector<std::pair<std::string, Receipt>> receipts;

  Fixture() {
    (void)database.write([](Transaction& transaction) -> Result<void> {
      CHECK_OK(transaction.execute("CREATE TABLE effect (name TEXT NOT NULL)"));
      return ok();
    });
    start();
  }
  void start(WriterOptions options = quick()) {
    writer.reset();
    writer = std::make_unique<Writer>(database, clock, options);
  }
  static WriterOptions quick() {
    WriterOptions options;
    options.retry_first = 1ms;
    options.attempts_max = 3;
    return options;
  }

  Work work(const std::string& id, const std::string& bytes, std::function<Result<void>(Transaction&)> then = {}) {
    Work work;
    work.peer = "tax";
    work.message_id = id;
    if (!id.empty()) work.digest = sha256(bytes);
    work.door = "source";
    work.bytes = bytes.size();
    work.message = std::make_shared<const Bytes>(bytes);
    work.effect = [name = id + ":" + bytes, then](Transaction& transaction) -> Result<void> {
      CHECK_OK(transaction.execute("INSERT INTO effect (name) VALUES (?)", {name}));
      return then ? then(transaction) : ok();
    };
    work.done = [this, id](const Receipt& receipt) {
      const std::lock_guard lock(mutex);
      receipts.emplace_back(id, receipt);
    };
    return work;
  }
  Receipt run(Work one) {
    const std::size_t before = count();
    BOOST_REQUIRE(writer->submit(std::move(one)));
    BOOST_REQUIRE(comes_true([&] { return count() > before; }));
    const std::lock_guard lock(mutex);
    return receipts.back().second;
  }
  std::size_t count() {
    const std::lock_guard lock(mutex);
    return receipts.size();
  }
  std::string one(const std::string& sql) {
    std::string text;
    const auto done = database.read([&](Transaction& transaction) -> Result<void> {
      const auto rows = TRY(transaction.query(sql, {}, "t"));
      for (const auto& row : rows) text += (text.empty() ? "" : ",") + row.text(0);
      return ok();
    });
    return done ? text : done.error().message;
  }
};

Error fails_for_good() {
  return refuse("field_missing", "Field a is missing.");
}
Error fails_for_now() {
  return retry("peer_away", "The other side is away.");
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(writer, Fixture)

BOOST_AUTO_TEST_CASE(a_message_has_its_effect_once) {
  BOOST_TEST((run(work("m1", "a")).kind == Kind::done));
  BOOST_TEST((run(work("m1", "a")).kind == Kind::duplicate));
  BOOST_TEST((run(work("", "own")).kind == Kind::done));
  BOOST_TEST((run(work("", "own")).kind == Kind::done));
  BOOST_TEST(one("SELECT name FROM effect ORDER BY rowid") == "m1:a,:own,:own");
}

BOOST_AUTO_TEST_CASE(the_same_id_with_other_bytes_is_refused_and_kept) {
  run(work("m1", "a"));
  const Receipt receipt = run(work("m1", "b"));
  BOOST_TEST((receipt.kind == Kind::modified));
  BOOST_TEST(receipt.error.code == "message_id_reused");
  run(work("m1", "b"));
  BOOST_TEST(one("SELECT name FROM effect") == "m1:a");
  BOOST_TEST(one("SELECT code || ' ' || CAST(body AS TEXT) || ' ' || attempts FROM dead_letter") ==
             "message_id_reused b 2");
}

BOOST_AUTO_TEST_CASE(a_refused_message_leaves_a_dead_letter_and_nothing_else) {
  const Receipt receipt = run(work("m1", "a", [](Transaction&) -> Result<void> { return fails_for_good(); }));
  BOOST_TEST((receipt.kind == Kind::refused));
  BOOST_TEST(one("SELECT COUNT(*) || '' FROM effect") == "0");
  BOOST_TEST(one("SELECT peer || ' ' || message_id || ' ' || door || ' ' || code || ' ' || message || ' ' || attempts "
                 "FROM dead_letter") == "tax m1 source field_missing Field a is missing. 1");
  BOOST_TEST(one("SELECT outcome FROM inbox") == "refused");
  BOOST_TEST((run(work("m1", "a")).kind == Kind::duplicate));
}

BOOST_AUTO_TEST_CASE(a_dead_letter_is_replayed_once_a_number) {
  run(work("m1", "a", [](Transaction&) -> Result<void> { return fails_for_good(); }));
  Work again = work("m1", "a");
  again.replay = 1;
  Work twice = work("m1", "a");
  twice.replay = 1;
  BOOST_TEST((run(std::move(again)).kind == Kind::done));
  BOOST_TEST((run(std::move(twice)).kind == Kind::duplicate));
  BOOST_TEST(one("SELECT name FROM effect") == "m1:a");
  BOOST_TEST(one("SELECT outcome FROM inbox") == "done");
}

BOOST_AUTO_TEST_CASE(a_bad_message_takes_no_other_of_its_commit_with_it) {
  for (int i = 0; i < 50; ++i) {
    const bool bad = i % 7 == 3;
    writer->submit(work("m" + std::to_string(i), "a", [bad](Transaction& transaction) -> Result<void> {
      if (!bad) return ok();
      CHECK_OK(transaction.execute("INSERT INTO nowhere VALUES (1)"));
      return ok();
    }));
  }
  writer->flush();
  BOOST_TEST(one("SELECT COUNT(*) || '' FROM effect") == "43");
  BOOST_TEST(one("SELECT COUNT(*) || '' FROM dead_letter") == "7");
  BOOST_TEST(count() == 50u);
}

BOOST_AUTO_TEST_CASE(an_effect_that_throws_is_a_dead_letter) {
  const Receipt receipt = run(work("m1", "a", [](Transaction&) -> Result<void> { throw std::runtime_error("oops"); }));
  BOOST_TEST((receipt.kind == Kind::refused));
  BOOST_TEST(receipt.error.code == "effect_failed");
  BOOST_TEST((run(work("m2", "a")).kind == Kind::done));
}

BOOST_AUTO_TEST_CASE(what_may_pass_is_tried_again_and_counted_in_our_own_table) {
  std::atomic<int> tries{0};
  const auto sometimes = [&](Transaction&) -> Result<void> {
    return ++tries < 3 ? Result<void>(fails_for_now()) : Result<void>(ok());
  };
  const Receipt receipt = run(work("m1", "a", sometimes));
  BOOST_TEST((receipt.kind == Kind::done));
  BOOST_TEST(receipt.attempts == 3);
  BOOST_TEST(one("SELECT name FROM effect") == "m1:a");
  BOOST_TEST(one("SELECT COUNT(*) || '' FROM delivery_attempt") == "0");
}

BOOST_AUTO_TEST_CASE(over_the_limit_it_is_a_dead_letter) {
  const Receipt receipt = run(work("m1", "a", [](Transaction&) -> Result<void> { return fails_for_now(); }));
  BOOST_TEST((receipt.kind == Kind::refused));
  BOOST_TEST(receipt.attempts == 3);
  BOOST_TEST(one("SELECT code || ' ' || attempts FROM dead_letter") == "peer_away 3");
  BOOST_TEST(one("SELECT COUNT(*) || '' FROM delivery_attempt") == "0");
}

BOOST_AUTO_TEST_CASE(attempts_are_counted_over_restarts) {
  const auto away = [](Transaction&) -> Result<void> { return fails_for_now(); };
  for (int attempt = 1; attempt <= 3; ++attempt) {
    Work one_try = work("m1", "a", away);
    one_try.release_on_retry = true;
    const Receipt receipt = run(std::move(one_try));
    BOOST_TEST(receipt.attempts == attempt);
    BOOST_TEST((receipt.kind == (attempt < 3 ? Kind::retry_later : Kind::refused)));
    start();
  }
}

BOOST_AUTO_TEST_CASE(nothing_of_its_group_overtakes_a_work_that_waits) {
  std::atomic<bool> open{false};
  for (int i = 0; i < 6; ++i) {
    Work one_work = work("m" + std::to_string(i), "a", [&, i](Transaction&) -> Result<void> {
      return i == 1 && !open ? Result<void>(fails_for_now()) : Result<void>(ok());
    });
    one_work.order_key = i % 2 == 1 ? "odd" : "";
    writer->submit(std::move(one_work));
    if (i == 4) {
      writer->flush();
      open = true;
    }
  }
  BOOST_REQUIRE(comes_true([&] { return count() == 6; }));
  const std::string order = one("SELECT name FROM effect ORDER BY rowid");
  BOOST_TEST(order.find("m1") < order.find("m3"));
  BOOST_TEST(order.find("m3") < order.find("m5"));
}

BOOST_AUTO_TEST_CASE(a_failed_commit_acknowledges_nothing_and_is_done_one_at_a_time) {
  database.failures = 2;
  std::atomic<bool> told_early{false};
  for (int i = 0; i < 20; ++i) {
    Work one_work = work("m" + std::to_string(i), "a");
    one_work.done = [&, done = one_work.done](const Receipt& receipt) {
      if (database.failures > 0) told_early = true;
      done(receipt);
    };
    writer->submit(std::move(one_work));
  }
  BOOST_REQUIRE(comes_true([&] { return count() == 20; }));
  BOOST_TEST(!told_early);
  BOOST_TEST(one("SELECT COUNT(*) || '' FROM effect") == "20");
  BOOST_TEST(writer->stats().commit_failures >= 2u);
}

BOOST_AUTO_TEST_CASE(many_works_share_a_commit) {
  for (int i = 0; i < 5'000; ++i) writer->submit(work("m" + std::to_string(i), "a"));
  writer->flush();
  const WriterStats stats = writer->stats();
  BOOST_TEST(stats.done == 5'000u);
  BOOST_TEST(stats.commits < 1'000u);
  BOOST_TEST(stats.queued == 0u);
  BOOST_TEST(stats.queued_bytes == 0u);
}

BOOST_AUTO_TEST_CASE(the_queue_has_a_bound) {
  WriterOptions options = quick();
  options.queue_bytes_max = 10;
  start(options);
  std::atomic<bool> go{false};
  const auto slow = [&](Transaction&) -> Result<void> {
    comes_true([&] { return go.load(); });
    return ok();
  };
  writer->submit(work("m1", "0123456789", slow));
  Work second = work("m2", "0123456789");
  BOOST_TEST(!writer->try_submit(second));
  BOOST_TEST(second.message_id == "m2");
  go = true;
  BOOST_TEST(writer->submit(std::move(second)));
  BOOST_REQUIRE(comes_true([&] { return count() == 2; }));
}

BOOST_AUTO_TEST_CASE(what_waits_for_a_retry_goes_back_when_the_writer_stops) {
  WriterOptions options = quick();
  options.retry_first = 60s;
  start(options);
  writer->submit(work("m1", "a", [](Transaction&) -> Result<void> { return fails_for_now(); }));
  writer->submit(work("m2", "a"));
  writer->flush();
  writer->stop();
  BOOST_REQUIRE(count() == 2u);
  BOOST_TEST((receipts[1].second.kind == Kind::abandoned));
  BOOST_TEST(!writer->submit(work("m3", "a")));
}

BOOST_AUTO_TEST_CASE(an_outbox_row_is_written_and_read_back_as_it_was) {
  OutboxMessage message;
  message.message_id = "o1";
  message.address = "treasury.instructions";
  message.subject = "payment_request/1";
  message.group_id = "g";
  message.properties = {{"a", "1"}};
  message.body = Bytes("\0\xff", 2);
  message.seal = Bytes("\1\0", 2);
  message.trace_id = "t";
  const auto done = database.write([&](Transaction& transaction) -> Result<void> {
    const auto id = TRY(enqueue(transaction, message, clock.now()));
    BOOST_TEST(!transaction.savepoint([&]() -> Result<void> {
      CHECK_OK(enqueue(transaction, message, clock.now()));
      return ok();
    }));
    const auto rows = TRY(read_unsent(transaction, "treasury.instructions", 0, 10));
    BOOST_REQUIRE(rows.size() == 1u);
    const Envelope sent = decode(encode(rows[0])).value();
    BOOST_TEST((sent.body == message.body));
    BOOST_TEST((sent.seal == message.seal));
    BOOST_TEST(sent.properties.at("trace_id") == "t");
    BOOST_TEST(TRY(unsent_addresses(transaction)).size() == 1u);
    CHECK_OK(mark_rejected(transaction, id, "code", "Why.", clock.now()));
    CHECK_OK(mark_sent(transaction, id, clock.now()));  // Too late: it was rejected.
    BOOST_TEST(TRY(unsent_addresses(transaction)).empty());
    CHECK_OK(send_again(transaction, id));
    BOOST_TEST(!send_again(transaction, id));
    CHECK_OK(mark_sent(transaction, id, clock.now()));
    return ok();
  });
  BOOST_TEST(done.has_value());
  BOOST_TEST(one("SELECT state FROM outbox") == "sent");
}

BOOST_AUTO_TEST_SUITE_END()
