#pragma once
#include <cstddef>

namespace zhida::bench {

/// What the matching engine takes of a hub's memory for each firm, by what it is for, beside what the allocator says.
int hub_memory(std::size_t firms, std::size_t items);

}  // namespace zhida::bench
