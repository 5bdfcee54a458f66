#pragma once
#include <string>

#include "adapter_api/transports/paged_http.h"
#include "adapter_api/transports/signed_http.h"
#include "adapters/tax/decode.h"

namespace zhida::adapters::tax {

/// The gateway's own protocol: `GET {base}/{list}?PAGE=1&PAGENUM=100&since=2025-11-03 08:50:00&uscc=`, signed in the
/// headers X-Client-Id, X-Timestamp, X-Nonce, X-Signature.
class TaxClient {
 public:
  TaxClient(transports::SignedHttpOptions options, std::string client_id, Secret<std::string> secret);
  Result<Bytes> page(const Resource& resource, const transports::PageRequest& request);
  std::string address_of(const Resource& resource) const;

 private:
  transports::SignedHttp http_;
};

}  // namespace zhida::adapters::tax
