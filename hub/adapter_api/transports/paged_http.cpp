#include "adapter_api/transports/paged_http.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>
#include <set>
#include <thread>

#include "platform/crypto/digest.h"

namespace zhida::transports {
namespace {

std::string rows_digest(const PageAnswer& page) {
  std::string text;
  for (const auto& record : page.records) text += std::to_string(record.body.size()) + ":" + record.body;
  for (const auto& row : page.unreadable) text += "!" + std::to_string(row.body.size()) + ":" + row.body;
  return crypto::sha256(text);
}

std::size_t rows_of(const PageAnswer& page) {
  return page.records.size() + page.unreadable.size();
}

// One pull of one list.
class Sweep {
 public:
  Sweep(AdapterContext& context, Delivery& delivery, const PagedOptions& options, const Pager& pager,
        const PullRequest& request)
      : context_(context), delivery_(delivery), options_(options), pager_(pager), one_firm_(!request.uscc.empty()) {
    ask_.size = options.page_size;
    ask_.uscc = request.uscc;
  }

  Result<void> run(bool from_the_beginning) {
    if (!one_firm_ && !from_the_beginning) ask_.since = TRY(context_.cursor(options_.stream)).value_or("");
    const auto started = context_.clock().now();
    bool whole = false;
    for (int sweep = 1; sweep <= options_.sweeps && !whole; ++sweep) {
      if (sweep > 1) {
        context_.log().info("Totals say that rows were missed; the list is read once more.",
                            {{"stream", options_.stream}, {"sweep", std::to_string(sweep)}});
      }
      whole = TRY(all_pages());
      if (stopped_) return ok();
      if (!whole || one_firm_) {
        CHECK_OK(flush());
      }
    }
    if (one_firm_) return ok();
    if (!whole) {
      context_.log().warning(
          "The list never came out even; it is read from the same place again next time.",
          {{"stream", options_.stream}, {"rows", std::to_string(rows_)}, {"total", std::to_string(total_)}});
      return ok();
    }
    if (rows_ > 0) {
      const auto position = pager_.resume_from(newest_, started);
      // Never back: an answer without news, or with old rows only, leaves the place where it was.
      if (!position.empty() && position > ask_.since) group_.cursors[options_.stream] = position;
    }
    return flush();
  }

 private:
  // Reads the list from the first page to its end. True when as many rows came as the answers claimed.
  Result<bool> all_pages() {
    std::set<std::string> seen;
    std::int64_t total_high = 0;
    std::size_t longest = 0;
    int empty_in_a_row = 0;
    rows_ = 0;
    total_ = -1;
    for (ask_.number = 1;; ++ask_.number) {
      if (context_.stopping()) {
        stopped_ = true;
        return false;
      }
      if (ask_.number > options_.pages_max) {
        return retry("source_endless",
                     options_.origin + " still has rows after " + std::to_string(options_.pages_max) + " pages.");
      }
      auto page = TRY(fresh_page(seen, rows_ < std::max<std::int64_t>(total_high, 0)));
      if (page.total) {
        total_ = *page.total;
        total_high = std::max(total_high, *page.total);
      }
      const auto count = rows_of(page);
      const bool repeated = count > 0 && !seen.insert(rows_digest(page)).second;
      if (count == 0 || repeated) {
        // The end; or a hole, when rows are still owed: then the next page may go on.
        if (rows_ >= total_high || ++empty_in_a_row >= 2) break;
        continue;
      }
      empty_in_a_row = 0;
      longest = std::max(longest, count);
      rows_ += static_cast<std::int64_t>(count);
      CHECK_OK(add(std::move(page)));
      // A total may lie low: only a page shorter than the others, or an empty one, proves the end. Without a total a
      // short page is believed.
      const bool short_page = count < longest || count < static_cast<std::size_t>(options_.page_size);
      const bool size_ignored = longest != static_cast<std::size_t>(options_.page_size);
      if (total_ < 0 && short_page && !size_ignored) break;
      if (total_ >= 0 && rows_ >= total_high && (short_page || one_firm_)) break;
    }
    return rows_ >= total_high;
  }

  // A page that makes sense. One that repeats an earlier page, and an empty one while rows are owed, are asked for
  // again a few times before they are believed.
  Result<PageAnswer> fresh_page(const std::set<std::string>& seen, bool rows_owed) {
    int doubts = 0;
    for (int attempt = 1;; ++attempt) {
      auto page = one_page();
      if (page) {
        const bool empty = rows_of(page.value()) == 0;
        const bool doubtful = empty ? rows_owed : seen.contains(rows_digest(page.value()));
        if (!doubtful || ++doubts >= 3) return std::move(page.value());
        context_.log().debug("A page came twice or empty; it is asked for again.",
                             {{"stream", options_.stream}, {"page", std::to_string(ask_.number)}});
      } else if (page.error().fate == Fate::refuse || attempt >= options_.attempts || context_.stopping()) {
        return page.error();
      } else {
        context_.log().info("A page did not come; it is asked for again.", {{"stream", options_.stream},
                                                                            {"page", std::to_string(ask_.number)},
                                                                            {"attempt", std::to_string(attempt)},
                                                                            {"code", page.error().code},
                                                                            {"reason", page.error().message}});
      }
      pause(attempt);
    }
  }

  Result<PageAnswer> one_page() {
    const auto body = TRY(pager_.fetch(ask_));
    return pager_.decode(body);
  }

  void pause(int attempt) {
    const auto steps = std::min(attempt - 1, 16);
    auto wait = std::min(options_.pause_max, options_.first_pause * (1 << steps));
    // Chance keeps many hubs from coming back in step.
    wait += std::chrono::milliseconds(
        std::uniform_int_distribution<std::chrono::milliseconds::rep>(0, wait.count())(chance_));
    const auto until = std::chrono::steady_clock::now() + wait;
    while (!context_.stopping() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(20ms, until - std::chrono::steady_clock::now()));
  }

  Result<void> add(PageAnswer page) {
    newest_ = std::max(newest_, page.newest);
    for (auto& record : page.records) {
      record.position = ++position_;
      group_.records.push_back(std::move(record));
    }
    for (auto& row : page.unreadable) {
      row.position = ++position_;
      group_.unreadable.push_back(std::move(row));
    }
    if (position_ >= options_.batch_rows) {
      CHECK_OK(flush());
    }
    return ok();
  }

  Result<void> flush() {
    if (group_.records.empty() && group_.unreadable.empty() && group_.cursors.empty()) return ok();
    group_.source = options_.source;
    group_.origin = options_.origin;
    group_.trace_id = new_trace_id();
    group_.received_at = context_.clock().now();
    // Where the list was asked from is part of the id: the same rows in a later sweep may undo what came between.
    auto id = digest_batch_id("page", group_, context_.clock().today()) + "<" + ask_.since;
    for (const auto& [stream, position] : group_.cursors) id += ">" + position;
    group_.batch_id = std::move(id);
    CHECK_OK(delivery_.hand_over(std::exchange(group_, {})));
    position_ = 0;
    return ok();
  }

  AdapterContext& context_;
  Delivery& delivery_;
  const PagedOptions& options_;
  const Pager& pager_;
  const bool one_firm_;
  PageRequest ask_;
  SourceBatch group_;
  std::int64_t position_ = 0;
  std::int64_t rows_ = 0;
  std::int64_t total_ = -1;
  std::string newest_;
  bool stopped_ = false;
  std::minstd_rand chance_{std::random_device{}()};
};

struct Moment {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

std::optional<Moment> read_moment(std::string_view text) {
  // 2025-11-03 09:00:00, 2025-11-3 9:00, 2025/11/03, 20251103, 20251103090000, with T and fractions and a zone of
  // +08:00.
  std::array<int, 6> parts{};
  std::size_t count = 0, digits = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      if (count >= 6) break;
      // Digits without separators: 4 for the year, 2 for each other part.
      const std::size_t width = count == 0 ? 4 : 2;
      if (digits == width) {
        if (++count >= 6) break;
        digits = 0;
      }
      parts[count] = parts[count] * 10 + (c - '0');
      ++digits;
    } else if (c == '-' || c == '/' || c == ':' || c == ' ' || c == 'T') {
      if (digits > 0) {
        if (++count >= 6) break;
        digits = 0;
      }
    } else if (c == '.' || c == '+' || c == 'Z') {
      break;
    } else {
      return std::nullopt;
    }
  }
  if (digits > 0) ++count;
  if (count < 3) return std::nullopt;
  const Moment moment{parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]};
  if (!Date::from_ymd(moment.year, moment.month, moment.day) || moment.hour > 23 || moment.minute > 59 ||
      moment.second > 60)
    return std::nullopt;
  return moment;
}

std::string written(Instant moment) {
  const auto day = Date::of(moment);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(moment - day.begins()).count();
  std::array<char, 16> clock{};
  std::snprintf(clock.data(), clock.size(), " %02d:%02d:%02d", static_cast<int>(seconds / 3600),
                static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  return day.to_string() + clock.data();
}

std::optional<Instant> instant_of(std::string_view text) {
  const auto moment = read_moment(text);
  if (!moment) return std::nullopt;
  const auto day = Date::from_ymd(moment->year, moment->month, moment->day);
  return day.value().begins() + std::chrono::hours(moment->hour) + std::chrono::minutes(moment->minute) +
         std::chrono::seconds(moment->second);
}

}  // namespace

Result<void> sweep_pages(AdapterContext& context, Delivery& delivery, const PagedOptions& options, const Pager& pager,
                         const PullRequest& request) {
  return Sweep(context, delivery, options, pager, request).run(request.ignore_cursor);
}

std::string sortable_time(std::string_view text) {
  const auto moment = instant_of(text);
  return moment ? written(*moment) : std::string();
}

Result<void> sweep_each(const AdapterContext& context, const std::vector<std::string>& emitted,
                        const PullRequest& request, const std::function<Result<void>(const std::string& type)>& sweep) {
  std::optional<Error> first;
  for (const auto& type : types_to_pull(context, emitted, request)) {
    if (context.stopping()) break;
    const auto done = sweep(type);
    if (done) continue;
    if (!first) first = done.error();
    if (done.error().code == "source_unreachable") break;
  }
  if (first) return *first;
  return ok();
}

std::string time_before(std::string_view text, std::chrono::minutes overlap, Instant now) {
  const auto moment = instant_of(text);
  if (!moment) return {};
  return written(std::min(*moment, now) - overlap);
}

}  // namespace zhida::transports
