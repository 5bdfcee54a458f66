#pragma once
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "domain/source_record.h"

namespace zhida::adapters::social_security {

inline constexpr const char* kUnit = "social_security.unit";                       // Table CBXX101.
inline constexpr const char* kPayment = "social_security.payment";                 // Table JFXX101.
inline constexpr const char* kDecisionReport = "social_security.decision_report";  // Table JDHZ101.

/// One package (NOTES.md describes its form). Pure. The package is refused as a whole, with Fate::refuse, where it
/// cannot be trusted: `package_malformed` (cut off, no XML, no head), `package_count_differs` (JLS is not the number of
/// records), `package_total_differs` (JEHJ is not the sum of the amounts). The batch id is the package number: the same
/// package again is the same batch. A record without its key is unreadable; the others go on.
Result<SourceBatch> decode_package(const std::string& file_name, ByteView content);
/// For fixtures and fuzzers.
Result<SourceBatch> decode_sample(std::string_view name, ByteView content);

/// The feedback file for a package, GB18030 XML: what was taken, and for each record that was not, which field and why
/// (table YWJY101). `outcomes` in the order of batch.records, then the unreadable ones.
Result<Bytes> feedback(const SourceBatch& batch, const std::vector<RecordOutcome>& outcomes);
/// The feedback for a package that was refused as a whole.
Result<Bytes> refusal(const std::string& file_name, const Error& error);

}  // namespace zhida::adapters::social_security
