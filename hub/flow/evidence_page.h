// The page for people in an evidence pack: Chinese, printable, self-contained. Pure.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "base/time.h"
#include "seal/pack_format.h"

namespace zhida::flow {

/// All that the page may show: what is not in `facts` is withheld and said to be so.
struct EvidencePage {
  struct Document {
    std::string fact, kind;
    Bytes seal;
    bool shown = false;
  };
  seal::PackManifest manifest;  ///< Without its members.
  Json policy = Json::object();
  std::map<std::string, Json> facts;
  std::vector<Document> documents;
  Instant statement_at{};
  std::int64_t statement_version = 1;
  Bytes statement_seal;
  std::uint64_t log_size = 0;
  Instant log_at{};
  std::optional<Instant> trusted_at;
  std::uint64_t witnessed_size = 0;
  std::vector<std::pair<std::string, Instant>> witnesses;  ///< Who countersigned the head of that size, and when.
  std::size_t records = 0, records_shown = 0;
  std::vector<std::pair<std::string, std::string>> roots;  ///< Subject and SHA-256.
};

/// HTML, UTF-8. Everything that came from outside is escaped; no script, no address outside.
std::string write_evidence_page(const EvidencePage& page);

}  // namespace zhida::flow
