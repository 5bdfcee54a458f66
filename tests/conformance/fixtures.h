#pragma once
#include <string>
#include <vector>

#include "adapter_api/adapter_spec.h"

namespace zhida::conformance {

/// `adapters/tax/fixtures/001_registration.in.json` and the file beside it that says what it shall become.
struct Fixture {
  std::string adapter, name;  ///< `001_registration.in.json`
  std::string path, golden_path;
};

/// The fixtures of an adapter, by name. Looked for below each of `roots` (folders of adapters).
std::vector<Fixture> fixtures_of(const std::string& adapter, const std::vector<std::string>& roots);

/// What the adapter makes of a fixture, as the golden file spells it: the batch, or the error.
std::string decoded_text(const AdapterSpec& spec, const Fixture& fixture);

/// Folders that hold adapters: this repository's, and those of the environment variable ZHIDA_CONFORMANCE_ROOTS.
std::vector<std::string> adapter_roots();

}  // namespace zhida::conformance
