// Nothing that was accepted is lost, and nothing has its effect twice, however often the hub is killed. And the test
// can see loss: a build that accepts before the commit must fail it.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <deque>
#include <random>
#include <set>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/messaging/node.h"
#include "platform/storage/database.h"
#include "scene.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::messaging;
using namespace zhida::messaging::testing;

namespace {

/// The hub as a process of its own.
class Child {
 public:
  Child(std::string program, std::string database, std::string port_file)
      : program_(std::move(program)), database_(std::move(database)), port_file_(std::move(port_file)) {}
  ~Child() { stop(SIGKILL); }

  void start(const std::string& failpoint = "") {
    ::unlink(port_file_.c_str());
    pid_ = ::fork();
    if (pid_ == 0) {
      if (!failpoint.empty()) ::setenv("ZHIDA_FAILPOINT", failpoint.c_str(), 1);
      // Proton's sockets are not closed by exec, and its epoll must not live on in a stranger.
      ::close_range(3, ~0u, 0);
      const int quiet = ::open("/dev/null", O_WRONLY);
      ::dup2(quiet, 2);
      const std::string port = std::to_string(port_);
      ::execl(program_.c_str(), program_.c_str(), database_.c_str(), port_file_.c_str(), port.c_str(), nullptr);
      ::_exit(127);
    }
    BOOST_REQUIRE(comes_true([&] {
      const auto written = read_file(port_file_);
      if (written) port_ = static_cast<std::uint16_t>(std::stoi(written.value()));
      return written.has_value() || is_gone();
    }));
  }
  bool is_gone() {
    if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
    return pid_ <= 0;
  }
  void stop(int signal) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  std::uint16_t port() const { return port_; }
  const std::string& database() const { return database_; }

 private:
  std::string program_, database_, port_file_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

struct Tally {
  std::size_t accepted = 0, lost = 0, doubled = 0, resent = 0;
};

/// Sends every message until it is accepted, while `disturb` does its worst; then counts.
class Run {
 public:
  explicit Run(Child& child, std::size_t total) : child_(child), total_(total) {
    client_ = dialler(child.port(), {"in"});
    for (std::size_t i = 0; i < total; ++i) waiting_.push_back(static_cast<SendToken>(i));
    sender_ = std::thread([this] { send_all(); });
  }
  ~Run() {
    stop_ = true;
    sender_.join();
    client_->shutdown();
  }
  std::size_t accepted() const { return accepted_; }
  bool done() const { return accepted_ == total_; }

  Tally count() {
    Tally tally;
    tally.accepted = accepted_;
    tally.resent = resent_;
    storage::DatabaseConfig config;
    config.url = "sqlite://" + child_.database();
    auto database = std::move(storage::Database::open(config).value());
    std::multiset<std::string> effects;
    const auto read = database->read([&](storage::Transaction& transaction) -> Result<void> {
      for (const auto& row : TRY(transaction.query("SELECT message_id FROM effect", {}, "t")))
        effects.insert(row.text(0));
      return ok();
    });
    BOOST_REQUIRE(read.has_value());
    const std::lock_guard lock(mutex_);
    for (const SendToken id : said_accepted_) tally.lost += effects.count(name(id)) == 0;
    for (auto one = effects.begin(); one != effects.end(); one = effects.upper_bound(*one))
      tally.doubled += effects.count(*one) > 1;
    return tally;
  }

 private:
  static std::string name(SendToken id) { return "m" + std::to_string(id); }

  void send_all() {
    while (!stop_) {
      SendToken id = -1;
      {
        const std::lock_guard lock(mutex_);
        if (!waiting_.empty()) {
          id = waiting_.front();
          waiting_.pop_front();
        }
      }
      if (id < 0) {
        std::this_thread::sleep_for(1ms);
        continue;
      }
      const auto result = client_->send("in", "", encode(envelope_of(name(id), "body " + name(id))), id,
                                        [this](SendToken sent, const Outcome& outcome) {
                                          const std::lock_guard lock(mutex_);
                                          if (outcome.kind == OutcomeKind::accepted) {
                                            said_accepted_.insert(sent);
                                            accepted_ = said_accepted_.size();
                                          } else {
                                            waiting_.push_front(sent);
                                            ++resent_;
                                          }
                                        });
      if (result == SendResult::taken) continue;
      {
        const std::lock_guard lock(mutex_);
        waiting_.push_front(id);
      }
      std::this_thread::sleep_for(1ms);
    }
  }

  Child& child_;
  const std::size_t total_;
  std::unique_ptr<Node> client_;
  std::mutex mutex_;
  std::deque<SendToken> waiting_;
  std::set<SendToken> said_accepted_;
  std::atomic<std::size_t> accepted_{0}, resent_{0};
  std::atomic<bool> stop_{false};
  std::thread sender_;
};

constexpr std::size_t kMessages = 20'000;
constexpr int kKills = 12;

/// The usual torture: killed at random moments, at once restarted.
Tally torture(const std::string& program, const std::string& failpoint, int kills) {
  const unsigned seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 random(seed);
  const test::TempFolder folder;
  Child child(program, folder.file("hub.db"), folder.file("port"));
  child.start(failpoint);
  Run run(child, kMessages);
  for (int kill = 0; kill < kills; ++kill) {
    const std::size_t until =
        std::min(kMessages - 1,
                 kMessages / static_cast<std::size_t>(kills + 1) * static_cast<std::size_t>(kill + 1) + random() % 300);
    BOOST_REQUIRE(comes_true([&] { return run.accepted() >= until || child.is_gone(); }, 60s));
    child.stop(SIGKILL);
    child.start(failpoint);
  }
  BOOST_TEST(comes_true([&] { return run.done() || child.is_gone(); }, 60s));
  child.stop(SIGTERM);
  const Tally tally = run.count();
  BOOST_TEST_MESSAGE("accepted " << tally.accepted << ", sent again " << tally.resent << ", lost " << tally.lost
                                 << ", doubled " << tally.doubled);
  return tally;
}

const std::string kPrograms = ZHIDA_BINARY_DIR "/tests/";

}  // namespace

BOOST_AUTO_TEST_SUITE(killed)

BOOST_AUTO_TEST_CASE(nothing_accepted_is_lost_and_nothing_is_done_twice) {
  const Tally tally = torture(kPrograms + "door_program", "", kKills);
  BOOST_TEST(tally.accepted == kMessages);
  BOOST_TEST(tally.lost == 0u);
  BOOST_TEST(tally.doubled == 0u);
}

BOOST_AUTO_TEST_CASE(accepting_before_the_commit_is_noticed) {
  const Tally tally = torture(kPrograms + "door_program_failpoints", "accept_before_commit", kKills);
  BOOST_TEST(tally.lost > 0u);
}

BOOST_AUTO_TEST_CASE(killed_right_before_and_right_after_a_commit) {
  for (const std::string where : {"before_commit", "after_commit"}) {
    const test::TempFolder folder;
    Child child(kPrograms + "door_program_failpoints", folder.file("hub.db"), folder.file("port"));
    child.start();  // A port first: later starts may die before they say one.
    Run run(child, 2'000);
    for (int i = 0; i < 4; ++i) {
      child.stop(SIGKILL);
      child.start("kill:" + where + ":3");
      BOOST_REQUIRE(comes_true([&] { return child.is_gone() || run.done(); }));
    }
    child.stop(SIGKILL);
    child.start();
    BOOST_TEST(comes_true([&] { return run.done(); }));
    child.stop(SIGTERM);
    const Tally tally = run.count();
    BOOST_TEST(tally.lost == 0u);
    BOOST_TEST(tally.doubled == 0u);
  }
}

// The outbox: whatever the hub decided to send arrives, the same bytes each time, however often it dies between sending
// and marking.
BOOST_AUTO_TEST_CASE(the_outbox_sends_everything_and_repeats_itself_exactly) {
  for (const std::string where : {"outbox_sent", "outbox_answered", "before_commit", "after_commit"}) {
    const test::TempFolder folder;
    Child child(kPrograms + "door_program_failpoints", folder.file("hub.db"), folder.file("port"));
    child.start();
    constexpr std::size_t kAnswers = 600;
    {
      Run run(child, kAnswers);
      BOOST_REQUIRE(comes_true([&] { return run.done(); }));
    }
    std::mutex mutex;
    std::map<std::string, Bytes> arrived;
    std::size_t repeated = 0, changed = 0;
    auto consumer = std::move(Node::create({}).value());
    const auto registration = consumer->on_incoming([&](Incoming incoming) {
      const Bytes bare(bare_message(incoming.message).value().bytes);
      {
        const std::lock_guard lock(mutex);
        const auto [place, fresh] = arrived.emplace(incoming.message_id, bare);
        repeated += !fresh;
        changed += place->second != bare;
      }
      const Settlement settlement{incoming.token, {}};
      consumer->settle({&settlement, 1});
    });
    DialOptions dial;
    dial.name = "hub";
    dial.host = "127.0.0.1";
    dial.port = child.port();
    dial.security = Plain{};
    dial.receive_from = {"out"};
    dial.reconnect_max = 100ms;
    BOOST_REQUIRE(consumer->dial(dial).has_value());
    for (const int hit : {1, 40, 200}) {
      child.stop(SIGKILL);
      child.start("kill:" + where + ":" + std::to_string(hit));
      comes_true([&] { return child.is_gone(); }, 1'500ms);
    }
    child.stop(SIGKILL);
    child.start();
    BOOST_TEST(comes_true([&] {
      const std::lock_guard lock(mutex);
      return arrived.size() == kAnswers;
    }));
    // And at rest, every row says so.
    storage::DatabaseConfig config;
    config.url = "sqlite://" + child.database();
    auto database = std::move(storage::Database::open(config).value());
    BOOST_TEST(comes_true([&] {
      std::int64_t unsent = -1;
      (void)database->read([&](storage::Transaction& transaction) -> Result<void> {
        unsent = TRY(transaction.query("SELECT COUNT(*) FROM outbox WHERE state <> 'sent'", {}, "i"))[0].integer(0);
        return ok();
      });
      return unsent == 0;
    }));
    child.stop(SIGTERM);
    BOOST_TEST_MESSAGE(where << ": repeated " << repeated);
    BOOST_TEST(changed == 0u);
    consumer->shutdown();
  }
}

BOOST_AUTO_TEST_SUITE_END()
