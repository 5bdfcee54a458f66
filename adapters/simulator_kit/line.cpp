#include "adapters/simulator_kit/line.h"

#include "base/bytes.h"
#include "base/json.h"

namespace zhida::simulator {

Result<messaging::DialOptions> line_of(const Arguments& arguments, const std::string& who) {
  messaging::DialOptions dial;
  if (!arguments.broker_host.empty()) {
    dial.name = "broker";
    dial.host = arguments.broker_host;
    dial.port = arguments.broker_port;
    dial.security = messaging::Plain{};
    dial.address_prefix = "/amq/queue/";
    return dial;
  }
  if (arguments.hub_host.empty()) return refuse("usage", "--hub or --broker is missing: where is the hub to be found?");
  const Json fingerprints = TRY(parse_json(TRY(read_file(arguments.certs + "/fingerprints.json"))));
  const std::string tls = arguments.certs + "/tls/";
  dial.name = "hub";
  dial.host = arguments.hub_host;
  dial.port = arguments.hub_port;
  dial.security = messaging::TlsFiles{tls + who + ".crt", tls + who + ".key", tls + "ca.crt", {}};
  dial.server_fingerprints = {TRY(get_string(fingerprints, "hub"))};
  return dial;
}

}  // namespace zhida::simulator
