#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/field_catalogue.h"
#include "domain/mapped_record.h"

namespace zhida::mapping {

/// Reads fields.yaml. Everything wrong in it is a finding with line and column; with any finding the result is the
/// error `fields_invalid`. Errors `file_missing`, `file_unreadable`.
Result<FieldCatalogue> load_fields(const std::string& path, std::vector<Finding>& findings);

}  // namespace zhida::mapping
