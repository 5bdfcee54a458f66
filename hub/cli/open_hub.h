#pragma once
#include <memory>
#include <string>

#include "base/result.h"
#include "cli/commands.h"
#include "flow/hub.h"
#include "flow/hub_settings.h"

namespace zhida::cli {

/// The settings and the hub made from them, not yet at work.
struct OpenHub {
  flow::LoadedSettings loaded;
  std::unique_ptr<flow::Hub> hub;
};
Result<flow::LoadedSettings> load(const Options& options);
Result<OpenHub> open_hub(const Options& options, const std::string& version = "cli");
/// Only the store, schema as it is.
Result<std::unique_ptr<storage::Database>> open_store(const Options& options);

/// Prints the error on standard error and gives the exit code that fits it.
int fail(const Error& error);

}  // namespace zhida::cli
