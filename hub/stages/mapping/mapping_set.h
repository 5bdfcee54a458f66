// All mapping files of a folder, checked and ready to apply.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/field_catalogue.h"
#include "domain/mapped_record.h"
#include "domain/source_record.h"

namespace zhida::mapping {

struct Mapping;    // mapping_file.h
class CodeTables;  // code_tables.h

/// The mapping files below a folder, sorted.
std::vector<std::string> mapping_files(const std::string& directory);

class MappingSet {
 public:
  /// Reads `directory`/fields.yaml, codes/ and every mapping `*/*.yaml` (not `*.test.yaml`, not policies/). What is
  /// wrong goes to `findings`, all of it; with any finding the result is the error `mappings_invalid`.
  static Result<MappingSet> load(const std::string& directory, std::vector<Finding>& findings);
  MappingSet(MappingSet&&) noexcept;
  MappingSet& operator=(MappingSet&&) noexcept;
  ~MappingSet();

  const FieldCatalogue& fields() const;
  const CodeTables& codes() const;
  const Mapping* find(const std::string& record_type) const;
  const std::map<std::string, std::unique_ptr<Mapping>>& all() const;

  /// Pure; any thread. `received_on` is the day of receipt: it judges what lies in the past, and is the as_of of
  /// records that state none. A record type without a mapping is quarantined with code `mapping_missing`; never throws.
  MappingOutcome apply(const SourceRecord& record, Date received_on) const;

 private:
  struct Parts;
  explicit MappingSet(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace zhida::mapping
