#include "flow/time_keeper.h"

#include <algorithm>
#include <utility>

#include "audit/audit_trail.h"
#include "audit/head_store.h"
#include "audit/renewal.h"
#include "platform/crypto/timestamp.h"
#include "platform/http/http_client.h"
#include "seal/trust.h"

namespace zhida::flow {
namespace {

constexpr std::chrono::milliseconds kFirstPause{1'000}, kLongestPause{60'000};  // Real time.
constexpr std::chrono::hours kRenewEvery{1};
constexpr std::size_t kReplyBytesMax = 64u << 10;

/// A trusted time with the token that says so.
struct Stamped {
  Bytes token;
  Instant time{}, authority_ends{};
};

}  // namespace

/// The other side of the line: asks, and believes only what it verified.
class TimeKeeper::Authority {
 public:
  Authority(const TimeSettings& settings, const Clock& clock, const seal::Trust& trust)
      : settings_(settings), clock_(clock), trust_(trust) {}

  /// Any thread: each question has a connection of its own; there is one a minute.
  Result<Stamped> stamp(ByteView octets) const {
    const auto request = crypto::make_timestamp_request(crypto::HashKind::sm3, octets);
    http::HttpCall call;
    call.method = "POST";
    call.url = settings_.url;
    call.headers = {{"Content-Type", "application/timestamp-query"}};
    call.body = crypto::write_timestamp_request(request);
    call.timeout = settings_.timeout;
    call.connect_timeout = std::min<std::chrono::milliseconds>(settings_.timeout, std::chrono::seconds(5));
    call.reply_bytes_max = kReplyBytesMax;
    call.ca_file = settings_.ca_file;
    const Instant before = clock_.now();
    const auto reply = TRY(http::HttpClient().call(call));
    const Instant after = clock_.now();
    if (reply.status != 200)
      return retry("timestamp_refused", "The time-stamping authority answered " + std::to_string(reply.status) + ".");
    Stamped stamped;
    stamped.token = TRY(crypto::read_timestamp_response(reply.body, request));
    const auto token = TRY(crypto::verify_timestamp_token(
        stamped.token, octets, {.authorities = trust_.chains(), .now = after + settings_.difference_max}));
    if (token.authority.empty())
      return refuse("timestamp_authority_unknown", "The token came without the authority's certificate.");
    if (token.time < before - settings_.difference_max || token.time > after + settings_.difference_max)
      return refuse("timestamp_clock_differs", "The time-stamping authority says that it is " + to_rfc3339(token.time) +
                                                   ", here it is " + to_rfc3339(after) + ".");
    stamped.time = token.time;
    stamped.authority_ends = token.authority.front().not_after();
    return stamped;
  }

 private:
  const TimeSettings& settings_;
  const Clock& clock_;
  const seal::Trust& trust_;
};

TimeKeeper::TimeKeeper(const Rooms& rooms, TimeSettings settings, std::shared_ptr<const seal::Trust> authorities,
                       std::function<void()> resumed)
    : rooms_(rooms),
      settings_(std::move(settings)),
      authorities_(std::move(authorities)),
      resumed_(std::move(resumed)),
      worker_("time_keeper", rooms.clock, 200ms, [this] { return round(); }) {
  if (!settings_.url.empty()) authority_ = std::make_unique<Authority>(settings_, rooms_.clock, *authorities_);
}

TimeKeeper::~TimeKeeper() {
  stop();
}

void TimeKeeper::start() {
  if (authority_) worker_.start();
}
void TimeKeeper::stop() {
  if (authority_) worker_.stop();
}
void TimeKeeper::wake() {
  if (authority_) worker_.wake();
}
bool TimeKeeper::busy() const {
  return authority_ != nullptr && worker_.busy();
}

Result<void> TimeKeeper::begin() {
  if (!authority_) return ok();
  return rooms_.database.read([this](storage::Transaction& transaction) -> Result<void> {
    const auto token = TRY(audit::last_token(transaction));
    const auto began = TRY(audit::log_began(transaction));
    const Lock lock(mutex_);
    ever_ = token.has_value();
    last_ = token ? token->gen_time : began.value_or(rooms_.clock.now());
    return ok();
  });
}

Json to_json(const TimeState& state) {
  if (!state.configured) return nullptr;
  return {{"payments_allowed", state.payments_allowed},
          {"alarm", state.alarm},
          {"last", state.last ? Json(to_rfc3339(*state.last)) : Json(nullptr)},
          {"age_seconds", std::chrono::duration_cast<std::chrono::seconds>(state.age).count()},
          {"code", state.error_code.empty() ? Json(nullptr) : Json(state.error_code)},
          {"error", state.error.empty() ? Json(nullptr) : Json(state.error)}};
}

bool TimeKeeper::payments_allowed() const {
  return state().payments_allowed;
}

TimeState TimeKeeper::state() const {
  TimeState state;
  state.configured = authority_ != nullptr;
  if (!state.configured) return state;
  const Instant now = rooms_.clock.now();
  const Lock lock(mutex_);
  state.age = now - last_;
  state.payments_allowed = state.age <= settings_.payments_stop_after;
  state.alarm = alarm_;
  if (ever_) state.last = last_;
  state.error_code = error_code_;
  state.error = error_;
  return state;
}

// By the business clock or by the real one: one of them may stand still, or jump.
bool TimeKeeper::due() const {
  const auto real = std::chrono::steady_clock::now();
  if (real < next_try_) return false;
  const Lock lock(mutex_);
  if (!error_code_.empty() || !ever_ || last_success_ == std::chrono::steady_clock::time_point{}) return true;
  return rooms_.clock.now() - last_ >= settings_.period || real - last_success_ >= settings_.period;
}

Result<bool> TimeKeeper::round() {
  if (!due()) return false;
  bool too_old_before = false;
  const auto stamped = stamp(too_old_before);
  if (stamped) {
    pause_ = {};
    next_try_ = {};
    last_success_ = std::chrono::steady_clock::now();
    bool was_alarm = false;
    {
      const Lock lock(mutex_);
      was_alarm = std::exchange(alarm_, false);
      error_code_.clear();
      error_.clear();
    }
    if (was_alarm) {
      log_.info("Trusted time is back: payment requests leave again.");
      CHECK_OK(note("payments_resumed", state()));
    }
    if (was_alarm || too_old_before) resumed_();
    CHECK_OK(renew());
    return false;
  }
  pause_ = std::min(pause_.count() == 0 ? kFirstPause : pause_ * 2,
                    std::clamp<std::chrono::milliseconds>(settings_.period, kFirstPause, kLongestPause));
  next_try_ = std::chrono::steady_clock::now() + pause_;
  bool alarm = false;
  {
    const Lock lock(mutex_);
    error_code_ = stamped.error().code;
    error_ = stamped.error().message;
    alarm = !alarm_ && rooms_.clock.now() - last_ > settings_.payments_stop_after;
    alarm_ = alarm_ || alarm;
  }
  log_.warning("No trusted time could be had.", {{"code", stamped.error().code}, {"error", stamped.error().message}});
  if (alarm) {
    log_.error(
        "No trusted time for too long: no new payment request and no decision for a fund leaves until it is back.",
        {{"code", stamped.error().code}, {"error", stamped.error().message}});
    CHECK_OK(note("payments_paused", state()));
  }
  return false;
}

Result<void> TimeKeeper::stamp(bool& too_old_before) {
  std::optional<audit::StoredHead> head;
  bool has_token = false;
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    head = TRY(audit::last_head(transaction));
    if (head) has_token = TRY(audit::find_token(transaction, head->size)).has_value();
    return ok();
  }));
  // Before there is a head, and where nothing was added since the last token, it is still asked: whether time can be
  // had is what payments depend on.
  const Bytes octets = head ? TRY(seal::signature_value(head->seal)) : Bytes("zhida");
  const auto stamped = TRY(authority_->stamp(octets));
  if (head && !has_token) {
    audit::StoredToken token{head->size, rooms_.clock.now(), stamped.time, stamped.authority_ends, stamped.token};
    CHECK_OK(commit(rooms_.writer, "log", {},
                    [&](storage::Transaction& transaction) { return audit::store_token(transaction, token); }));
  }
  const Lock lock(mutex_);
  // Asked here and not before the authority was: business time may have jumped meanwhile.
  too_old_before = rooms_.clock.now() - last_ > settings_.payments_stop_after;
  last_ = std::max(last_, stamped.time);
  ever_ = true;
  return ok();
}

Result<void> TimeKeeper::stamp_now() {
  if (!authority_) return refuse("timestamp_not_configured", "No time-stamping authority is configured.");
  if (const auto known = state(); !known.error_code.empty())
    return retry(known.error_code, "The time-stamping authority could not be asked a moment ago: " + known.error);
  bool too_old_before = false;
  CHECK_OK(stamp(too_old_before));
  if (too_old_before) resumed_();
  return ok();
}

Result<void> TimeKeeper::renew() {
  const Instant now = rooms_.clock.now();
  if (renewed_at_ != Instant{} && now - renewed_at_ < kRenewEvery) return ok();
  for (bool more = true; more;) {
    std::optional<audit::Renewal> renewal;
    CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
      renewal = TRY(audit::next_renewal(transaction, now + settings_.renew_before));
      return ok();
    }));
    more = renewal.has_value();
    if (!more) break;
    CHECK_OK(commit(rooms_.writer, "log", {}, [&](storage::Transaction& transaction) {
      return audit::note_renewal(transaction, rooms_.trail, *renewal, rooms_.city);
    }));
    log_.info("Old time-stamps were taken up into the log again.", {{"first", std::to_string(renewal->first_size)},
                                                                    {"last", std::to_string(renewal->last_size)},
                                                                    {"tokens", std::to_string(renewal->tokens)}});
  }
  renewed_at_ = now;
  return ok();
}

Result<void> TimeKeeper::note(const std::string& kind, const TimeState& state) {
  return commit(rooms_.writer, "log", {}, [&](storage::Transaction& transaction) -> Result<void> {
    audit::AuditEntry entry;
    entry.kind = kind;
    entry.actor = "system";
    entry.subject_type = "time_authority";
    entry.subject_id = settings_.url;
    entry.division = rooms_.city;
    entry.detail = {{"last_trusted_time", state.last ? Json(to_rfc3339(*state.last)) : Json(nullptr)},
                    {"code", state.error_code}};
    (void)TRY(rooms_.trail.append(transaction, entry));
    return ok();
  });
}

}  // namespace zhida::flow
