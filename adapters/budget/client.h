#pragma once
#include <string>

#include "adapter_api/transports/paged_http.h"
#include "adapter_api/transports/signed_http.h"
#include "adapters/budget/decode.h"

namespace zhida::adapters::budget {

/// `GET {base}/{appropriations|payments}?updated_after=2025-11-03 08:50:00&page=1&size=100`, signed in the headers
/// gjgxjhpt_rid, _sid, _rtime, _sign.
class BudgetClient {
 public:
  BudgetClient(transports::SignedHttpOptions options, std::string client_id, std::string service_id,
               Secret<std::string> secret);
  Result<Bytes> page(const Resource& resource, const transports::PageRequest& request);
  std::string address_of(const Resource& resource) const;

 private:
  transports::SignedHttp http_;
};

}  // namespace zhida::adapters::budget
