#include "adapters/tax/client.h"

namespace zhida::adapters::tax {

TaxClient::TaxClient(transports::SignedHttpOptions options, std::string client_id, Secret<std::string> secret)
    : http_(std::move(options), transports::client_gateway_signature(std::move(client_id), std::move(secret))) {}

std::string TaxClient::address_of(const Resource& resource) const {
  return http_.options().base_url + "/" + resource.path;
}

Result<Bytes> TaxClient::page(const Resource& resource, const transports::PageRequest& request) {
  transports::Query query{{"PAGE", std::to_string(request.number)}, {"PAGENUM", std::to_string(request.size)}};
  if (!request.since.empty()) query.emplace_back("since", request.since);
  if (!request.uscc.empty()) query.emplace_back("uscc", request.uscc);
  return http_.get(std::string("/") + resource.path, query);
}

}  // namespace zhida::adapters::tax
