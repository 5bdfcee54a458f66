#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "platform/crypto/key_source.h"
#include "seal/sealer.h"

namespace zhida::flow {

/// The hub's own seal and its key. Where the seal, the certificate or the key file changes, the new ones are opened,
/// checked and taken into use as a whole; what is being sealed ends with the old ones. Files that do not fit each other
/// (a rotation half done) change nothing: the old ones go on, and say so. Any thread.
class SealKeeper {
 public:
  struct Files {
    std::string seal_file, certificate_file;
    crypto::KeySource key;
    std::string key_file;  ///< Watched; empty where the key is no file.
  };
  struct State {
    std::int64_t rotations = 0, failures = 0;
    std::string last_error;  ///< Of the last reading; empty when it went well.
  };

  /// Errors of reading, and those of open_signer() and Sealer: at the start there is nothing to go on with.
  static Result<std::unique_ptr<SealKeeper>> create(Files files, std::shared_ptr<const seal::Trust> trust,
                                                    std::chrono::milliseconds look_every);
  ~SealKeeper();  ///< stop().

  seal::Sealer& sealer() const { return *sealer_; }
  void start();
  void stop();
  /// Reads everything now, changed or not. The error is also kept in state().
  Result<void> reload();
  State state() const;

 private:
  SealKeeper(Files files, std::chrono::milliseconds look_every, std::unique_ptr<seal::Sealer> sealer);
  std::string looks_like() const;
  Result<void> read();
  void look();

  const Files files_;
  const std::chrono::milliseconds look_every_;
  const std::unique_ptr<seal::Sealer> sealer_;
  Log log_{"seal"};
  Mutex reading_;  // One reading at a time.
  std::string seen_ GUARDED_BY(reading_);
  mutable Mutex mutex_;
  Condition bell_;
  State state_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace zhida::flow
