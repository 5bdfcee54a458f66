// Verifying an evidence pack: offline, with nothing but the file and, better, a root certificate of one's own.
#pragma once
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "base/time.h"
#include "platform/crypto/certificate.h"
#include "seal/seal.h"

namespace zhida::seal {

struct PackOptions {
  /// Whom to believe. Empty: the roots in the pack itself, which the report says loudly.
  std::vector<crypto::Certificate> roots{};
  Instant now{};
  bool require_trusted_time = false;       ///< The log's head must be time-stamped.
  bool require_revocation_status = false;  ///< No usable revocation list: refused instead of noted.
};

/// Something in the pack that does not hold.
struct PackFinding {
  Code code = Code::format;
  std::string member;  ///< Of the archive; empty for the archive itself.
  std::string detail;
};

/// `code` is that of the first finding, in the order in which the pack is read: archive, manifest and its seal, every
/// member against the manifest, statement and leaves, documents, sources, log.
struct PackReport {
  Code code = Code::ok;
  std::vector<PackFinding> findings;
  Json json;  ///< Everything for people and programs (docs/evidence.md).
};

/// Never fails: a file that is no pack has the code `format`.
PackReport verify_pack(ByteView archive, const PackOptions& options);

}  // namespace zhida::seal
