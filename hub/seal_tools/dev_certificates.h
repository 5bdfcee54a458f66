#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace zhida::seal_tools {

/// Throw-away certificates, keys and seals for development, tests and the demo; never for real use. The layout is
/// described in certs/README.md.
struct DevCertificates {
  std::string folder;
  Instant valid_from{};
  Instant valid_to{};
};

/// Makes everything. fingerprints.json is written last: where it is, the set is whole. Errors of issuing and of
/// writing.
Result<void> issue_all(const DevCertificates& what);
/// One more TLS certificate, or one more seal, from the authorities of a folder that issue_all() made.
Result<void> add_tls(const DevCertificates& what, const std::string& name);
/// `title`: what the seal says; empty: the name.
Result<void> add_seal(const DevCertificates& what, const std::string& name, const std::string& title = {});
/// A new key and certificate for a seal of the set, and the seal made again with the same id so that it lists the new
/// certificate and the one before: rotation with overlap. The files are replaced one by one, the seal first, so that
/// whoever reads in between finds either a pair that fits or says that it does not. What was there is kept as
/// NAME.old.*.
Result<void> renew_seal(const DevCertificates& what, const std::string& name);
/// Whether a whole set is there.
bool is_complete(const std::string& folder);

}  // namespace zhida::seal_tools
