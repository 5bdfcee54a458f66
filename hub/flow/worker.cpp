#include "flow/worker.h"

#include <algorithm>
#include <utility>

namespace zhida::flow {
namespace {

/// A round is taken every few hundred milliseconds; business time that is further ahead has jumped.
constexpr std::chrono::seconds kBehind{2};

}  // namespace

Worker::Worker(std::string name, const Clock& clock, std::chrono::milliseconds pause,
               std::function<Result<bool>()> round)
    : name_(std::move(name)), clock_(clock), pause_(pause), round_(std::move(round)), log_(name_) {}

Worker::~Worker() {
  stop();
}

void Worker::start() {
  thread_ = std::thread([this] { run(); });
}

void Worker::wake() {
  {
    Lock lock(mutex_);
    woken_ = true;
  }
  bell_.notify_one();
}

void Worker::stop() {
  {
    Lock lock(mutex_);
    stopping_ = true;
  }
  bell_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool Worker::stopping() const {
  Lock lock(mutex_);
  return stopping_;
}

bool Worker::busy() const {
  Lock lock(mutex_);
  return woken_ || running_ || failed_ || (thread_.joinable() && clock_.now() - seen_ > kBehind);
}

void Worker::run() {
  using namespace std::chrono_literals;
  std::chrono::milliseconds wait = pause_;
  for (;;) {
    {
      Lock lock(mutex_);
      bell_.wait_for(lock, wait,
                     [this]() ZHIDA_THREAD_ATTRIBUTE(no_thread_safety_analysis) { return woken_ || stopping_; });
      if (stopping_) return;
      woken_ = false;
      running_ = true;
    }
    const Instant began = clock_.now();
    const auto more = round_();
    {
      Lock lock(mutex_);
      running_ = false;
      failed_ = !more;
      if (more && more.value()) woken_ = true;
      if (more && !more.value()) seen_ = began;
    }
    if (more) {
      wait = pause_;
    } else {
      wait = std::min<std::chrono::milliseconds>(std::max<std::chrono::milliseconds>(wait, 50ms) * 2, 5s);
      log_.warning(
          "A round failed and will be tried again.",
          {{"code", more.error().code}, {"error", more.error().message}, {"pause_ms", std::to_string(wait.count())}});
    }
  }
}

}  // namespace zhida::flow
