// Command line options of the seal commands and of zhida-verify. For the sources of this folder and hub/seal_tools
// only.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace zhida::seal {

class Trust;

/// `--name value`, `--name=value`, bare `--switch`, and the rest in order. A name may come more than once.
class Options {
 public:
  /// Error `usage` for names that are neither in with_value nor in switches, and for a value that is missing.
  static Result<Options> parse(const std::vector<std::string>& arguments, const std::set<std::string>& with_value,
                               const std::set<std::string>& switches);
  bool has(const std::string& name) const { return values_.contains(name); }
  std::vector<std::string> all(const std::string& name) const;
  std::string get_or(const std::string& name, std::string otherwise) const;  ///< The last one given.
  Result<std::string> get(const std::string& name) const;                    ///< Error `usage` where it is missing.
  const std::vector<std::string>& rest() const { return rest_; }

 private:
  std::map<std::string, std::vector<std::string>> values_;
  std::vector<std::string> rest_;
};

/// What --root, --inter, --crl, --time-root, --seal-status and --alg name. Errors `usage`, those of Trust::load.
Result<std::shared_ptr<const Trust>> load_trust(const Options& options);

/// RFC 3339, or a day `YYYY-MM-DD` (its beginning in China). Error `usage`.
Result<Instant> parse_moment(const std::string& text);

}  // namespace zhida::seal
