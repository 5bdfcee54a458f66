#include "adapters/budget/client.h"

namespace zhida::adapters::budget {

BudgetClient::BudgetClient(transports::SignedHttpOptions options, std::string client_id, std::string service_id,
                           Secret<std::string> secret)
    : http_(std::move(options),
            transports::national_platform_signature(std::move(client_id), std::move(service_id), std::move(secret))) {}

std::string BudgetClient::address_of(const Resource& resource) const {
  return http_.options().base_url + "/" + resource.path;
}

Result<Bytes> BudgetClient::page(const Resource& resource, const transports::PageRequest& request) {
  transports::Query query{{"page", std::to_string(request.number)}, {"size", std::to_string(request.size)}};
  if (!request.since.empty()) query.emplace_back("updated_after", request.since);
  return http_.get(std::string("/") + resource.path, query);
}

}  // namespace zhida::adapters::budget
