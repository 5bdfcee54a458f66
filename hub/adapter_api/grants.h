// grants.yaml: what each source may be asked for, on which legal basis. Without a grant an adapter pulls nothing.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace zhida {

/// One permission of one source. Several grants of a source add up.
struct Grant {
  std::string source;       ///< Adapter name.
  std::string legal_basis;  ///< Which rule or agreement allows it; shown to supervisors.
  std::string purpose;      ///< What the data is for.
  std::string agreement;    ///< Number of the agreement; may be empty.
  Date from, to;            ///< Both days included.
  /// Record type → the columns that may be kept. `columns: all` is spelled as an absent set.
  std::map<std::string, std::optional<std::set<std::string>>> record_types;
};

/// Immutable; any thread.
class Grants {
 public:
  /// The file:
  ///
  ///     grants:
  ///       - source: tax
  ///         legal_basis: 《…》第…条
  ///         purpose: 惠企政策免申即享资格核验
  ///         agreement: 湖数共享〔2025〕12号
  ///         from: 2025-01-01
  ///         to: 2026-12-31
  ///         record_types:
  ///           tax.registration: all
  ///           tax.arrears: [djxh, tax_no, cumu_own_amt, tjrq]
  ///
  /// Errors `grants_malformed` (file, line and column), and those of reading.
  static Result<Grants> parse(std::string_view yaml, const std::string& file_name);
  static Result<Grants> load(const std::string& path);
  Grants() = default;  ///< Nothing is granted.
  explicit Grants(std::vector<Grant> grants) : grants_(std::move(grants)) {}

  bool granted(std::string_view source, std::string_view record_type, Date today) const;
  bool column_granted(std::string_view source, std::string_view record_type, std::string_view column, Date today) const;
  const std::vector<Grant>& all() const { return grants_; }

 private:
  std::vector<Grant> grants_;
};

}  // namespace zhida
