#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace zhida::profile {

/// The fields that a derived one (FieldSpec::derived_by) is made of; empty for a function that does not exist. Pure.
std::vector<std::string> inputs_of(std::string_view derived_by);

}  // namespace zhida::profile
