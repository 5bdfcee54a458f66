// `zhida reconcile --day`: one day, our book against the treasury's word, to the fen.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "platform/storage/database.h"

namespace zhida::treasury {

/// How one payment stands between our book, the treasury's answers and its statement of the day.
struct ReconcileLine {
  std::string result;  ///< `MATCHED`, `HUB_ONLY`, `TREASURY_ONLY`, `AMOUNT_DIFF`, `PAYEE_DIFF`, `DATE_DIFF`, …
  std::string business_no, agent_business_no, pay_cert_no, direction;  ///< direction: `PAID`, `RETURNED`
  std::int64_t book_fen = 0, treasury_fen = 0, statement_fen = 0;
  std::int64_t age_days = 0;
  std::string detail;
};

/// One appropriation's day, in fen: opening + changes = closing, account by account.
struct ReconcileBalance {
  std::string appropriation, division, pro_code;
  std::int64_t opening_available = 0, quota_changes = 0, others = 0, reserved = 0, released = 0, settled = 0,
               unspent = 0, returned_prior_year = 0, closing_available = 0;
  std::int64_t closing_reserved = 0, closing_spent = 0;
  std::int64_t reported_current = 0, reported_applied = 0;  ///< CUR_AMT and PAY_APP_AMT as budget last said
  std::int64_t difference = 0;                              ///< reported_applied − (others + reserved + spent)
};

struct ReconcileReport {
  Date day;
  std::string division;  ///< Empty: all.
  bool statement_received = false;
  std::vector<ReconcileLine> lines;
  std::vector<ReconcileBalance> balances;
  std::int64_t paid_count = 0, paid_fen = 0, returned_count = 0, returned_fen = 0, open_count = 0, open_fen = 0;
  std::int64_t unexplained = 0;  ///< Lines that are not MATCHED and not merely open.
  bool agrees() const { return unexplained == 0; }
};

/// Read only; the same store gives the same report.
Result<ReconcileReport> reconcile_day(storage::Transaction& transaction, Date day, const std::string& division = {});

std::string to_text(const ReconcileReport& report);  ///< For a terminal.
Json to_json(const ReconcileReport& report);         ///< Amounts as integers `…_fen`.

}  // namespace zhida::treasury
