// Idempotency-Key: a request that comes again is answered alike and done once.
#pragma once
#include <optional>
#include <set>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "flow/rooms.h"

namespace zhida::console {

struct AnswerKey {
  std::string person, route, key;
  friend auto operator<=>(const AnswerKey&, const AnswerKey&) = default;
};

struct StoredAnswer {
  int status = 200;
  std::string body;
};

/// How long an answer is kept, in business time.
inline constexpr auto kAnswersKept = std::chrono::hours(24);

/// The answer that was given to this key; nothing when there is none (any more). Error `idempotency_key_reused` when
/// the key stands for another request.
Result<std::optional<StoredAnswer>> find_answer(const flow::Rooms& rooms, const AnswerKey& key,
                                                const std::string& request_digest);
/// Keeps an answer (status below 500) and lets go of those that are too old.
Result<void> keep_answer(const flow::Rooms& rooms, const AnswerKey& key, const std::string& request_digest,
                         const StoredAnswer& answer);

/// The keys that are being worked on: the same key twice at once is refused. Any thread.
class RunningRequests {
 public:
  bool begin(const AnswerKey& key);
  void end(const AnswerKey& key);

 private:
  Mutex mutex_;
  std::set<AnswerKey> keys_ GUARDED_BY(mutex_);
};

}  // namespace zhida::console
