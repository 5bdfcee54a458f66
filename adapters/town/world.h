// The invented town, read by simulators, tests and the demo. Written once by `town_make`; nobody changes it afterwards,
// and the hub never sees it.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/source_record.h"

namespace zhida::town {

/// One version of one row, exactly as its system serves it from `appears_at` on.
struct Row {
  std::int64_t sequence = 0;  ///< Rising with appears_at within a record type, from 1: offset, watermark and `seq`.
  std::string key;            ///< The source's own row key; several versions of a row share it.
  std::string uscc;           ///< Whose row it truly is (clean, whatever the columns say); empty: nobody in town.
  Instant appears_at{};    ///< From this moment the system serves it: gxsj, load_time, UPDATE_TIME, file or send time.
  bool withdrawn = false;  ///< The source takes the row back (delete row, IS_DELETED).
  std::string flag;        ///< market_supervision: opflag as spelled (i u d or 1 2 3). Empty elsewhere.
  std::string batch;       ///< Delivery::id where the system delivers in packages, messages or files; else empty.
  std::vector<std::string> faults;  ///< Tags of deliberate faults (README.md); empty for most rows.
  Columns columns;                  ///< The dirty cells; nullopt is the source's own null.
};

/// Which rows, in the order of `sequence`.
struct RowQuery {
  std::string record_type;          ///< `tax.sales`
  Instant as_of{};                  ///< What has not appeared by this moment is not there.
  std::optional<Instant> after{};   ///< Only rows that appeared later than this (increments).
  std::int64_t after_sequence = 0;  ///< Only rows with a higher sequence.
  std::string uscc{};               ///< Only rows that truly are this firm's.
  std::string batch{};              ///< Only rows of this delivery.
  bool all_versions = false;  ///< Older versions too (a change log, a file); else the newest of each key by as_of.
  std::int64_t offset = 0;
  std::int64_t limit = 1000;
};

/// Something that arrives in one piece: a social security package, a credit message, a department's file.
struct Delivery {
  std::int64_t sequence = 0;              ///< Order of sending, from 1, over all systems.
  std::string id;                         ///< Package number, message id, file name.
  std::string system;                     ///< `social_security`, `credit`, `department_lists`
  std::string record_type;                ///< Of the rows inside; empty when they are mixed (credit).
  std::vector<std::string> record_types;  ///< All types inside, in the order to write them.
  Instant appears_at{};
  Date dated;             ///< SCRQ of a package, day in a file's name, day of a message.
  std::string encoding;   ///< `GB18030`, `UTF-8`, `UTF-8-BOM` (files); GB18030 for packages; UTF-8 for messages.
  std::int64_t rows = 0;  ///< Rows inside.
  std::int64_t declared_rows = 0;  ///< What the head says (JLS); differs from rows where fault is `wrong_count`.
  /// Empty, or `sent_twice` (send it again, same id, same bytes), `wrong_count`, `truncated` (cut the octets at two
  /// thirds), `broken_seal` (seal it, then change one octet of the seal's signature).
  std::string fault;
};

/// A deliberate fault, and what the hub is expected to make of it. README.md lists the kinds.
struct Fault {
  std::string kind;         ///< `uscc_masked`, `page_twice`, …
  std::string system;       ///< `tax`
  std::string record_type;  ///< Empty for faults of a whole system.
  std::string key;          ///< Row key, delivery id, or empty.
  std::string uscc;         ///< The firm that is touched, or empty.
  /// `quarantine`, `conflict`, `unknown`, `refuse_delivery`, `duplicate`, `recover` (retry and lose nothing),
  /// `harmless`.
  std::string expect;
  std::string code;    ///< Quarantine code when the contract fixes one; empty: any code will do.
  std::string detail;  ///< A number or word the simulator needs (page, size), or a remark for people.
  Instant at{};        ///< From when on it happens.
};

/// How a firm behaves when the hub asks it something.
enum class Behaviour { prompt, late, refuses, wrong_account_first, silent };
const char* to_text(Behaviour behaviour);

struct Person {
  std::string uscc;
  std::string phone;
  Behaviour behaviour = Behaviour::prompt;
  int answers_after_days = 0;  ///< Working days until the answer; 0 the same day. Unused for silent firms.
  std::string account_name, account_no, bank_name,
      bank_no;                                       ///< The true payee account; bank_no passes its check digit.
  std::string wrong_account_name, wrong_account_no;  ///< What wrong_account_first says at first; else empty.
};

/// world.db, opened read-only. Copy a value out of its Result before looping over it: `for (… : world.rows(q).value())`
/// reads what is gone already. Several processes may read it at once; one object belongs to one thread.
class World {
 public:
  static Result<World> open(const std::string& path);  ///< Errors `world_missing`, `world_malformed`.
  World(World&&) noexcept;
  World& operator=(World&&) noexcept;
  ~World();

  Result<std::vector<Row>> rows(const RowQuery& query) const;
  Result<std::int64_t> count(const RowQuery& query) const;  ///< How many rows() would give without offset and limit.
  /// Deliveries of a system that have appeared by as_of, in order; those after `after_sequence`.
  Result<std::vector<Delivery>> deliveries(const std::string& system, Instant as_of,
                                           std::int64_t after_sequence = 0) const;
  /// Faults of a system, or of all systems when it is empty.
  Result<std::vector<Fault>> faults(const std::string& system = "") const;
  Result<std::vector<std::string>> record_types() const;
  /// Column names of a record type, in the order of the source's table or file header.
  Result<std::vector<std::string>> columns(const std::string& record_type) const;
  /// `seed`, `enterprises`, `start`, `faults`.
  Result<std::string> setting(const std::string& name) const;

  Result<std::vector<std::string>> enterprises() const;  ///< Every USCC in town, whether or not the hub can know it.
  Result<std::optional<Person>> person(const std::string& uscc) const;
  Result<std::optional<Person>> account_holder(const std::string& account_no) const;  ///< By the true account number.

 private:
  struct State;
  explicit World(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace zhida::town
