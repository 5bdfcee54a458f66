#include "flow/seal_keeper.h"

#include <sys/stat.h>

namespace zhida::flow {
namespace {

Result<std::pair<Bytes, std::unique_ptr<crypto::Signer>>> open(const SealKeeper::Files& files) {
  constexpr std::size_t kSealBytesMax = 1u << 20;
  Bytes seal = TRY(read_file(files.seal_file, kSealBytesMax));
  return std::pair(std::move(seal), TRY(crypto::open_signer(files.key, files.certificate_file)));
}

}  // namespace

SealKeeper::SealKeeper(Files files, std::chrono::milliseconds look_every, std::unique_ptr<seal::Sealer> sealer)
    : files_(std::move(files)), look_every_(look_every), sealer_(std::move(sealer)) {}

Result<std::unique_ptr<SealKeeper>> SealKeeper::create(Files files, std::shared_ptr<const seal::Trust> trust,
                                                       std::chrono::milliseconds look_every) {
  auto opened = TRY(open(files));
  auto sealer = seal::Sealer::create_from(std::move(opened.first), std::move(opened.second), std::move(trust));
  if (!sealer) return refuse(sealer.error().code, files.seal_file + ": " + sealer.error().message);
  std::unique_ptr<SealKeeper> keeper(new SealKeeper(std::move(files), look_every, std::move(sealer).value()));
  const Lock lock(keeper->reading_);
  keeper->seen_ = keeper->looks_like();
  return keeper;
}

SealKeeper::~SealKeeper() {
  stop();
}

void SealKeeper::start() {
  thread_ = std::thread([this] {
    Lock lock(mutex_);
    while (!stopping_) {
      bell_.wait_for(lock, look_every_);
      if (stopping_) return;
      lock.unlock();
      look();
      lock.lock();
    }
  });
}

void SealKeeper::stop() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
  }
  bell_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string SealKeeper::looks_like() const {
  std::string text;
  for (const auto& path : {files_.seal_file, files_.certificate_file, files_.key_file}) {
    struct stat status {};
    if (path.empty() || ::stat(path.c_str(), &status) != 0) {
      text += "-;";
      continue;
    }
    text += std::to_string(status.st_ino) + "," + std::to_string(status.st_size) + "," +
            std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec) + ";";
  }
  return text;
}

void SealKeeper::look() {
  {
    const Lock lock(reading_);
    if (looks_like() == seen_) return;
  }
  (void)reload();
}

Result<void> SealKeeper::reload() {
  const Lock reading(reading_);
  const std::string looked = looks_like();  // Before reading: what changes meanwhile is read again.
  const auto done = read();
  const Lock lock(mutex_);
  if (done) {
    seen_ = looked;
    ++state_.rotations;
    state_.last_error.clear();
    log_.info("The hub's own seal was read anew.", {{"seal", sealer_->es_id()},
                                                    {"certificate", sealer_->certificate().serial()},
                                                    {"until", to_rfc3339(sealer_->certificate().not_after())}});
    return done;
  }
  // A key that is away may come back; files that do not fit are looked at again when one of them changes.
  if (done.error().fate == Fate::refuse) seen_ = looked;
  ++state_.failures;
  if (state_.last_error != done.error().message) {
    log_.warning("The hub's own seal has changed and cannot be used; the one before goes on.",
                 {{"code", done.error().code}, {"why", done.error().message}});
  }
  state_.last_error = done.error().message;
  return done;
}

Result<void> SealKeeper::read() {
  auto opened = TRY(open(files_));
  return sealer_->replace(std::move(opened.first), std::move(opened.second));
}

SealKeeper::State SealKeeper::state() const {
  const Lock lock(mutex_);
  return state_;
}

}  // namespace zhida::flow
