// What a case stood on and what became of it, gathered from every stage: the facts of an evidence pack and the octets
// that prove them. Reading only.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "audit/audit_trail.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/result.h"
#include "domain/benefit_case.h"
#include "flow/rooms.h"
#include "platform/crypto/merkle_tree.h"
#include "platform/storage/database.h"

namespace zhida::flow {

/// Something sealed that left or came in.
struct EvidenceDocument {
  std::string fact{};       ///< `document.03`
  std::string kind{};       ///< `payment_request`, `treasury_answer`, `fund_decision`
  std::string title{};      ///< For people: 支付申请
  std::string extension{};  ///< `xml`, `json`
  Bytes body{}, seal{};
  std::string proof{};               ///< proof.json where the seal is over a batch of messages; else empty.
  bool names_others = false;         ///< It speaks of other firms' payments too.
  std::vector<std::string> tells{};  ///< Facts that its octets tell as well: where one is withheld, so are they.
};

/// A delivery of a source with what proves it.
struct EvidenceBatch {
  std::string key;  ///< `batch-1`
  std::string source, batch_id, trace_id;
  Bytes manifest, manifest_seal;
  Bytes payload, payload_seal;  ///< Where the source itself seals.
  std::string payload_proof;    ///< proof.json where it sealed several deliveries at once; else empty.
  bool names_others = false;    ///< The payload has rows of other firms.
  bool sealed_by_source() const { return !payload_seal.empty(); }
};

/// One row of a source, and where it stands in its batch.
struct EvidenceRow {
  std::string fact{};  ///< `row.5f0c…`
  std::string batch;   ///< Key of the batch; empty where none is there.
  std::string columns;
  Bytes body;
  Bytes digest;                       ///< SHA-256 of `columns`.
  std::uint64_t index = 0, size = 0;  ///< In the batch; size 0: the batch is older than proofs of rows.
  std::vector<crypto::NodeHash> path;
};

struct CaseFacts {
  BenefitCase benefit_case;
  std::map<std::string, Json> facts;  ///< In the order of their names: that of the leaves.
  /// Facts that name a person as another fact does: shown only where that one is. By their own name, the other's.
  std::map<std::string, std::string> tied;
  Bytes policy_body;
  std::vector<EvidenceDocument> documents;
  std::vector<EvidenceBatch> batches;
  std::vector<EvidenceRow> rows;
  std::vector<audit::AuditRecord> records;  ///< Of the case, and of the batches; by number.
};

/// Errors `case_not_found`; `case_not_decided` while nobody has decided it.
Result<CaseFacts> gather_facts(storage::Transaction& transaction, const Rooms& rooms, const CaseId& id);

}  // namespace zhida::flow
