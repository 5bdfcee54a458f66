// Settings that every adapter of an HTTP gateway has.
#pragma once
#include <chrono>

#include "adapter_api/transports/paged_http.h"
#include "adapter_api/transports/signed_http.h"
#include "platform/config/config.h"

namespace zhida::transports {

struct GatewayConfig : ConfigSpec {
  Field<Url> endpoint{this, "endpoint", "Address of the gateway, without a slash at the end."};
  Field<std::string> client_id{this, "client_id", "The name under which the gateway knows us.", "zhida"};
  Field<Secret<std::string>> secret{this, "secret", "The key that our requests are signed with."};
  Field<Path> ca_file{this, "ca_file",
                      "Who may have issued the gateway's certificate (PEM). Without: the system's own.", Path{}};
  Field<Duration> interval{this, "pull_interval", "Pause between two pulls.", 60s, at_least(1s)};
  Field<Duration> timeout{this, "timeout", "Longest wait for one answer.", 20s, at_least(100ms), at_most(10min)};
  Field<std::int64_t> page_size{this, "page_size", "Rows asked for at once.", 100, at_least(1), at_most(10000)};
  Field<std::int64_t> attempts{this, "attempts",  "How often one page is asked for before the pull is given up.",
                               6,    at_least(1), at_most(20)};
  Field<Duration> overlap{this, "overlap",
                          "How far before the last pull the next one begins, against rows that become "
                          "visible late and clocks that differ.",
                          10min};

  SignedHttpOptions http_options() const {
    SignedHttpOptions options;
    options.base_url = endpoint->text;
    while (options.base_url.ends_with('/')) options.base_url.pop_back();
    options.ca_file = ca_file->path;
    options.timeout = *timeout;
    return options;
  }
  PagedOptions paged_options(std::string source, std::string stream, std::string origin) const {
    PagedOptions options;
    options.source = std::move(source);
    options.stream = std::move(stream);
    options.origin = std::move(origin);
    options.page_size = static_cast<int>(*page_size);
    options.attempts = static_cast<int>(*attempts);
    return options;
  }
  /// The next position: the newest row's time (or, where rows tell none, the start of this sweep), less the overlap.
  std::string resume_from(const std::string& newest, Instant now) const {
    const auto back = std::chrono::duration_cast<std::chrono::minutes>(*overlap);
    return time_before(newest.empty() ? to_rfc3339(now) : newest, back, now);
  }
};

}  // namespace zhida::transports
