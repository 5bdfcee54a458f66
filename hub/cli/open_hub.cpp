#include "cli/open_hub.h"

#include <cstdio>
#include <utility>

#include "adapter_api/catalogue.h"

namespace zhida::cli {

Result<flow::LoadedSettings> load(const Options& options) {
  return flow::load_settings(options.config, all_adapters());
}

Result<OpenHub> open_hub(const Options& options, const std::string& version) {
  OpenHub open;
  open.loaded = TRY(load(options));
  auto config = open.loaded.hub_config();
  config.version = version;
  open.hub = TRY(flow::Hub::create(std::move(config), all_adapters(), open.loaded.adapters));
  return open;
}

Result<std::unique_ptr<storage::Database>> open_store(const Options& options) {
  const auto loaded = TRY(load(options));
  return storage::Database::open(loaded.hub_config().database);
}

int fail(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  if (error.code == "source_unreachable" || error.code == "http_unreachable" || error.code == "http_timeout")
    return kUnreachable;
  if (error.code == "file_missing" || error.code.starts_with("config_") || error.code.starts_with("yaml_"))
    return kUsage;
  if (error.code == "port_busy" || error.code == "listen_failed" || error.fate == Fate::retry) return kConflict;
  return kFindings;
}

}  // namespace zhida::cli
