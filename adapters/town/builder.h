// Where the systems' rows come together: into the world file, and, as what they truly say, into the facts of their
// firm.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "adapters/town/dirt.h"
#include "adapters/town/firm.h"
#include "adapters/town/truth.h"
#include "adapters/town/world.h"
#include "adapters/town/world_writer.h"

namespace zhida::town {

/// One row version as a system writes it, and what the town knows about it.
struct Line {
  std::string record_type;
  std::string key;
  Instant at{};
  Date as_of;
  Columns cells;
  std::map<Fact, std::optional<std::int64_t>> facts;
  std::string flag;
  std::string batch;
  std::string fault;  ///< Tag of a deliberate fault.
  bool withdrawn = false;
  bool readable = true;   ///< The hub can tell whose it is and can read every cell.
  bool delivered = true;  ///< Its delivery is not refused.
};

/// Kinds of deliveries of one system are filled one after the other; `lane` keeps those apart that have another date or
/// fault.
struct Lane {
  std::string name;
  std::string record_type;  ///< Empty: mixed.
  Instant at{};
  Date dated;
  std::string fault;
  std::int64_t rows_max = 40;
};

class Builder {
 public:
  Builder(const TownOptions& options, WorldWriter& writer) : options_(options), writer_(writer) {}

  const TownOptions& options() const { return options_; }

  /// Observations of the rows that follow belong to this firm (nullptr: to nobody).
  void turn_to(const Firm* firm) {
    firm_ = firm;
    observations_.clear();
  }
  const std::vector<Observation>& observations() const { return observations_; }

  void put(const Line& line);
  /// Only what the hub will learn (a row that is gone from a newer file), no row.
  void observe(const Line& line);
  void fault(std::string kind, std::string record_type, std::string key, std::string expect, std::string code = "",
             std::string detail = "");
  void fault(Fault fault);
  /// The row cannot be read: quarantine, with the code where the contract fixes one.
  void spoil(Line& row, const std::string& kind, const std::string& code);
  /// The id of the delivery that takes the next row of a lane.
  std::string parcel(const std::string& system, const Lane& lane);
  /// A department's file: one delivery, all rows.
  void file(const std::string& name, const std::string& record_type, Instant at, Date dated,
            const std::string& encoding);
  void send_all();  ///< Writes the deliveries, in the order of their times.

  std::map<std::string, std::int64_t> rows_by_type;
  std::map<std::string, std::int64_t> faults_by_kind;
  std::vector<Fault> faults;

 private:
  const TownOptions& options_;
  WorldWriter& writer_;
  const Firm* firm_ = nullptr;
  std::vector<Observation> observations_;
  std::vector<Delivery> deliveries_;
  std::map<std::string, std::size_t> open_;  // Lane → the delivery that has room.
  std::map<std::string, std::size_t> by_id_;
  std::map<std::string, std::int64_t> numbers_;  // Day and system → deliveries so far.
};

// One a system; each writes one firm's rows, and once what belongs to no firm.
void write_tax(Builder& out, const Firm& firm);
void write_tax_faults(Builder& out);
void write_market(Builder& out, const Firm& firm);
void write_market_rest(Builder& out);
void write_social(Builder& out, const Firm& firm);
void write_credit(Builder& out, const Firm& firm);
void write_credit_rest(Builder& out, std::size_t firms);
void write_department_files(Builder& out);
void write_departments(Builder& out, const Firm& firm);
/// `need_fen`: what each policy can cost at most, by policy; and the part that firms of county 330522 can ask for.
void write_budget(Builder& out, const std::map<std::string, std::int64_t>& need_fen,
                  const std::map<std::string, std::int64_t>& county_need_fen);

/// What the lists' keepers vouch for on the start day.
Coverage coverage_at_start(const TownOptions& options);
/// Day in the names of the departments' newer files.
Date newer_file_day(const TownOptions& options);

}  // namespace zhida::town
