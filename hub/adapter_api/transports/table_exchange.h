// Table exchange (库表交换): a front-end database into which the other side writes whole rows with a change flag, a
// load time and a sequence. Read only: nothing is ever written there.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "adapter_api/adapter.h"
#include "adapter_api/transports/delivery.h"
#include "base/secret.h"
#include "platform/storage/database.h"

namespace zhida::transports {

/// One exchanged table.
struct ExchangeTable {
  std::string table;        ///< `reg_info`
  std::string record_type;  ///< `market_supervision.registration`
  std::string key_column;   ///< `pripid`; several, joined with `-`, are separated by commas: `pripid,annual_year`.
  std::vector<std::string> columns;               ///< What is handed on; the key columns among them.
  std::string uscc_column = "uni_social_crd_cd";  ///< For pulls of one firm; empty: this table cannot.
  std::string flag_column = "opflag";             ///< i/u/d or 1/2/3, in either case; empty: every row is there.
  std::string watermark_column = "load_time";
  std::string sequence_column = "seq";  ///< Grows with each row written; unique within one load.
};

/// Positions are (watermark, sequence), with the number of rows up to there. The other side may empty and refill a
/// table without telling: the row at which reading stopped has gone, and the sequences start again or as many inserts
/// as there were rows stand there anew. Such a reload is waited out until it stands still, read whole and delivered as
/// the complete list (complete_for); with less than half of the rows it is refused (`source_shrunk`). Rows that became
/// visible behind the watermark are noticed by their number. Open one object a pull: a file that was replaced would
/// else be read as it was.
class TableExchange {
 public:
  /// `url` as for storage::DatabaseConfig. A SQLite file must exist. Error `source_unreachable`.
  static Result<std::unique_ptr<TableExchange>> open(const std::string& url, Secret<std::string> password);

  /// Reads what is new in one table and hands it over in batches of `batch_rows`, in the order of writing; the cursor
  /// goes along with each batch (each batch is one consistent read). A complete list is one batch. For one firm: its
  /// latest row, without the cursor.
  Result<void> pull(AdapterContext& context, Delivery& delivery, const std::string& source, const ExchangeTable& table,
                    const PullRequest& request, int batch_rows = 1'000);
  /// Says whether a table can be read and how many rows it has.
  Result<std::int64_t> count(const std::string& table);
  /// Runs a query of the adapter's own (a list of as-of days, say), read only; letters as storage::Transaction::query.
  Result<storage::Rows> query(std::string_view sql, const storage::Values& values, std::string_view columns);

 private:
  explicit TableExchange(std::unique_ptr<storage::Database> database) : database_(std::move(database)) {}
  std::unique_ptr<storage::Database> database_;
};

}  // namespace zhida::transports
