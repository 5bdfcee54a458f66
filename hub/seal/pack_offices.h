// Departments' decisions in an evidence pack: whether the seals are those that the pack says, and the documents fit it.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "seal/pack_verify.h"

namespace zhida::seal {

/// A document of the pack whose seal was checked already.
struct PackDocument {
  std::string member;  ///< Of its octets; empty where they are withheld.
  std::string seal_member;
  const Bytes* octets = nullptr;
  Report report{};  ///< Of its seal.
};

/// Looks at every fact `office.NN`. Gives an item a seal for the report: department, holder (`department`, or the
/// person who decided: `user:zhang`), verdict, seal, `holds`. Findings: `seal_of_another_peer` where the seal is not
/// the one that the fact names, or one seal speaks for a department and for a person; `data_hash` where somebody else
/// decided than the person whose seal it bears, where the document says something else than the facts, or a decision of
/// the last round is about another amount, account or firm than the case; `format` where what the facts name is not
/// there.
Json check_offices(const std::map<std::string, Json>& facts, const std::map<std::string, PackDocument>& documents,
                   std::vector<PackFinding>& findings, std::vector<std::string>& notes);

}  // namespace zhida::seal
