// Inside platform/storage only.
#pragma once
#include <string>
#include <string_view>

namespace zhida::storage {

struct NumberedSql {
  std::string sql;
  std::size_t values = 0;
};

/// `?` → `$1`, `$2`, … as PostgreSQL wants them; what stands in quotes, dollar quotes and comments stays as it is.
NumberedSql number_placeholders(std::string_view sql);

}  // namespace zhida::storage
