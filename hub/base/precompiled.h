// The headers that nearly every file uses and that are slow to read. Not an interface: every file still includes what
// it uses, and builds without this one (-DZHIDA_PCH=OFF).
#pragma once
#include <algorithm>
#include <boost/outcome/policy/terminate.hpp>
#include <boost/outcome/result.hpp>
#include <boost/outcome/try.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>
