#pragma once
#include <vector>

#include "adapter_api/transports/table_exchange.h"

namespace zhida::adapters::market_supervision {

/// The exchanged tables, in the order in which they are read: firms first, then what is said about them.
const std::vector<transports::ExchangeTable>& exchange_tables();

}  // namespace zhida::adapters::market_supervision
