#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace zhida::town {

/// One record type and the columns its system serves, in the source's order.
struct Table {
  std::string record_type;
  std::vector<std::string> columns;
};
const std::vector<Table>& tables();
/// nullptr when there is no such record type.
const Table* find_table(std::string_view record_type);

}  // namespace zhida::town
