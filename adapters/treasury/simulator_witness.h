// The treasury as a witness of the hub's log: it keeps the newest head that it saw, believes a newer one only with the
// proof that it goes on from that, countersigns it, and gives the countersignature back (docs/evidence.md).
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "platform/http/http_client.h"
#include "seal/sealer.h"
#include "seal/tree_head.h"

namespace zhida::treasury_simulator {

/// One thread. What it knows lies in `witness.json` of its folder, on disk before anything is countersigned.
class Witness {
 public:
  struct Line {
    std::string url;  ///< The hub's REST interface, `https://127.0.0.1:8443`.
    std::string ca_file, certificate_file, key_file;
  };
  struct Seals {
    std::unique_ptr<seal::Sealer> own;
    std::unique_ptr<seal::SealVerifier> verifier;  ///< Knows the hub's seal as the peer `hub`.
  };
  /// Reads what an earlier life left. Errors of reading; `witness_malformed`.
  static Result<std::unique_ptr<Witness>> open(std::string folder, Line line, Seals seals, const Clock& clock);

  /// Looks once at the newest head. Errors of the line (the next round may do better); what is wrong with the hub's log
  /// is no error: it is kept, told, and never countersigned.
  Result<void> round();

 private:
  /// As GET /api/v1/log/head gives it, with what is sealed read.
  struct Document {
    Json json;
    Bytes payload, seal;
    seal::TreeHead head;
  };
  Witness(std::string folder, Line line, Seals seals, const Clock& clock)
      : folder_(std::move(folder)), line_(std::move(line)), seals_(std::move(seals)), clock_(clock) {}
  Result<void> load();
  Result<void> save() const;
  Result<Json> ask(const std::string& path);
  Result<Document> read_document(const Json& json) const;
  /// Empty: `next` goes on from what was seen. Else why not.
  Result<std::string> difference(const Document& next);
  Result<void> refuse_log(const std::string& why, const Document& next);
  Result<void> countersign();

  const std::string folder_;
  const Line line_;
  const Seals seals_;
  const Clock& clock_;
  http::HttpClient http_;
  std::optional<Document> seen_;  // The newest head that holds.
  bool given_back_ = false;       // The hub has our countersignature of it.
  std::int64_t countersigned_ = 0;
  Json refused_;  // Null, or the head that contradicts: from then on nothing is countersigned.
  Log log_{"witness"};
};

}  // namespace zhida::treasury_simulator
