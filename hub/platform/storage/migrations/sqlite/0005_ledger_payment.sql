-- The budget book and the payment attempts. What must never happen with money is refused here, whoever asks.

CREATE TABLE appropriation (
  bgt_id           TEXT    PRIMARY KEY,
  division         TEXT    NOT NULL CHECK (length(division) = 6),
  fiscal_year      INTEGER NOT NULL,
  pro_code         TEXT    NOT NULL,
  pro_name         TEXT    NOT NULL,
  agency_code      TEXT    NOT NULL,
  agency_name      TEXT    NOT NULL,
  fund_type_code   TEXT    NOT NULL,
  exp_func_code    TEXT    NOT NULL,
  gov_bgt_eco_code TEXT    NOT NULL,
  dep_bgt_eco_code TEXT    NOT NULL,
  cor_bgt_doc_no   TEXT    NOT NULL,
  sup_bgt_doc_no   TEXT    NOT NULL,
  amount_fen       INTEGER NOT NULL,
  cut_fen          INTEGER NOT NULL,
  current_fen      INTEGER NOT NULL,           -- CUR_AMT as reported
  applied_fen      INTEGER NOT NULL,           -- PAY_APP_AMT as reported
  executable       INTEGER NOT NULL CHECK (executable IN (0, 1)),
  deleted          INTEGER NOT NULL CHECK (deleted IN (0, 1)),
  updated_at       TEXT    NOT NULL,
  record_id        INTEGER NOT NULL,
  -- The balances: moved by ledger_entry alone.
  total_fen        INTEGER NOT NULL DEFAULT 0 CHECK (total_fen >= 0),
  available_fen    INTEGER NOT NULL DEFAULT 0 CHECK (available_fen >= 0),
  others_fen       INTEGER NOT NULL DEFAULT 0 CHECK (others_fen >= 0),
  reserved_fen     INTEGER NOT NULL DEFAULT 0 CHECK (reserved_fen >= 0),
  spent_fen        INTEGER NOT NULL DEFAULT 0 CHECK (spent_fen >= 0),
  prior_year_fen   INTEGER NOT NULL DEFAULT 0 CHECK (prior_year_fen >= 0),
  last_entry_id    INTEGER NOT NULL DEFAULT 0,
  CHECK (others_fen + reserved_fen + spent_fen <= total_fen),
  CHECK (available_fen + others_fen + reserved_fen + spent_fen + prior_year_fen = total_fen)
) WITHOUT ROWID;
CREATE INDEX appropriation_project ON appropriation (division, fiscal_year, pro_code);

CREATE TABLE budget_payment (
  pay_app_no  TEXT    PRIMARY KEY,
  bgt_id      TEXT    NOT NULL,
  division    TEXT    NOT NULL,
  amount_fen  INTEGER NOT NULL,
  business_no TEXT    NOT NULL,
  payee_name  TEXT    NOT NULL,
  use_des     TEXT    NOT NULL,
  deleted     INTEGER NOT NULL CHECK (deleted IN (0, 1)),
  counted_fen INTEGER NOT NULL,                -- what it adds to the others' spending; 0 when it is ours or deleted
  updated_at  TEXT    NOT NULL,
  record_id   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX budget_payment_appropriation ON budget_payment (bgt_id);
CREATE INDEX budget_payment_business ON budget_payment (business_no) WHERE business_no <> '';

-- A report that would break the book: kept whole, applied never in part.
CREATE TABLE parked_report (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  kind       TEXT    NOT NULL CHECK (kind IN ('appropriation', 'payment')),
  key        TEXT    NOT NULL,
  bgt_id     TEXT    NOT NULL,
  division   TEXT    NOT NULL,
  reason     TEXT    NOT NULL,
  record     TEXT    NOT NULL,
  state      TEXT    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'applied', 'superseded')),
  at         INTEGER NOT NULL,
  settled_at INTEGER
);
CREATE UNIQUE INDEX parked_report_open ON parked_report (kind, key) WHERE state = 'open';
CREATE INDEX parked_report_appropriation ON parked_report (bgt_id) WHERE state = 'open';

-- One payment request each time it is made: the exact octets, their seal, and what the treasury said of it.
CREATE TABLE payment_attempt (
  business_no      TEXT    PRIMARY KEY CHECK (length(business_no) BETWEEN 1 AND 35),
  case_id          TEXT    NOT NULL REFERENCES benefit_case (id),
  attempt          INTEGER NOT NULL CHECK (attempt >= 1),
  division         TEXT    NOT NULL,
  fiscal_year      INTEGER NOT NULL,
  bgt_id           TEXT    NOT NULL REFERENCES appropriation (bgt_id),
  amount_fen       INTEGER NOT NULL CHECK (amount_fen > 0),
  uscc             TEXT    NOT NULL,
  payee_name       TEXT    NOT NULL,
  payee_account_no TEXT    NOT NULL,
  payee_bank_name  TEXT    NOT NULL,
  payee_bank_no    TEXT    NOT NULL,
  pro_code         TEXT    NOT NULL,
  use_des          TEXT    NOT NULL,
  message_id       TEXT    NOT NULL UNIQUE,
  body             BLOB    NOT NULL CHECK (length(body) > 0),
  seal             BLOB    NOT NULL CHECK (length(seal) > 0),
  digest           TEXT    NOT NULL,
  trace_id         TEXT    NOT NULL,
  created_at       INTEGER NOT NULL,
  state            TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'acked', 'rejected', 'settled', 'cancelled',
                                                     'returned')),
  state_at         INTEGER NOT NULL,
  pay_app_no       TEXT    NOT NULL DEFAULT '',
  pay_cert_no      TEXT    NOT NULL DEFAULT '',
  agent_business_no TEXT   NOT NULL DEFAULT '',
  paid_on          TEXT,
  reason           TEXT    NOT NULL DEFAULT '',
  paid_fen         INTEGER NOT NULL DEFAULT 0 CHECK (paid_fen IN (0, amount_fen)),
  returned_fen     INTEGER NOT NULL DEFAULT 0 CHECK (returned_fen BETWEEN 0 AND amount_fen),
  frozen           INTEGER NOT NULL DEFAULT 0 CHECK (frozen IN (0, 1)),
  overdue_since    INTEGER,
  asked            INTEGER NOT NULL DEFAULT 0,
  last_asked_at    INTEGER,
  UNIQUE (case_id, attempt)
) WITHOUT ROWID;
-- I1: at most one attempt of a benefit is alive.
CREATE UNIQUE INDEX payment_attempt_one_alive ON payment_attempt (case_id)
  WHERE state IN ('queued', 'sent', 'acked', 'settled');
CREATE INDEX payment_attempt_open ON payment_attempt (state, created_at) WHERE state IN ('queued', 'sent', 'acked');

-- Everything the treasury said, one row a detail, with the sealed octets it stands in.
CREATE TABLE treasury_message (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  peer        TEXT    NOT NULL,
  message_id  TEXT    NOT NULL,
  position    INTEGER NOT NULL,
  business_no TEXT    NOT NULL,
  answer      TEXT    NOT NULL,
  amount_fen  INTEGER,
  on_day      TEXT,
  agent_business_no TEXT NOT NULL DEFAULT '',
  outcome     TEXT    NOT NULL CHECK (outcome IN ('advanced', 'partial', 'unchanged', 'conflict', 'waiting', 'unknown',
                                                 'statement')),
  detail      TEXT    NOT NULL DEFAULT '',
  body        BLOB    NOT NULL CHECK (length(body) > 0),
  seal        BLOB    NOT NULL CHECK (length(seal) > 0),
  received_at INTEGER NOT NULL,
  trace_id    TEXT    NOT NULL DEFAULT '',
  UNIQUE (peer, message_id, position)
);
CREATE INDEX treasury_message_business ON treasury_message (business_no, id);

CREATE TABLE payment_conflict (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  business_no TEXT    NOT NULL,
  case_id     TEXT    NOT NULL DEFAULT '',
  code        TEXT    NOT NULL,
  detail      TEXT    NOT NULL,
  message_row INTEGER NOT NULL REFERENCES treasury_message (id),
  state       TEXT    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
  decided_by  TEXT    NOT NULL DEFAULT '',
  decision    TEXT    NOT NULL DEFAULT '',
  at          INTEGER NOT NULL,
  decided_at  INTEGER,
  CHECK (state = 'open' OR decided_by <> '')
);
CREATE INDEX payment_conflict_open ON payment_conflict (business_no) WHERE state = 'open';

CREATE TABLE statement_line (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  peer        TEXT    NOT NULL,
  division    TEXT    NOT NULL,
  fiscal_year INTEGER NOT NULL,
  day         TEXT    NOT NULL,
  business_no TEXT    NOT NULL,
  returned    INTEGER NOT NULL CHECK (returned IN (0, 1)),
  pay_cert_no TEXT    NOT NULL,
  agent_business_no TEXT NOT NULL,
  payee_account_no  TEXT NOT NULL,
  amount_fen  INTEGER NOT NULL,
  message_row INTEGER NOT NULL REFERENCES treasury_message (id),
  UNIQUE (peer, division, business_no, returned, agent_business_no)
);
CREATE INDEX statement_line_day ON statement_line (day, division);

-- The book's entries: from one account to another of the same appropriation, so that each sums to nothing.
CREATE TABLE ledger_entry (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  bgt_id       TEXT    NOT NULL REFERENCES appropriation (bgt_id),
  business_no  TEXT    REFERENCES payment_attempt (business_no),
  kind         TEXT    NOT NULL CHECK (kind IN ('appropriate', 'cut', 'others', 'others_back', 'reserve', 'settle',
                                                'release', 'unspend', 'return_prior_year', 'release_prior_year')),
  from_account TEXT    NOT NULL CHECK (from_account IN ('budget', 'available', 'others', 'reserved', 'spent')),
  to_account   TEXT    NOT NULL CHECK (to_account IN ('budget', 'available', 'others', 'reserved', 'spent',
                                                      'prior_year')),
  amount_fen   INTEGER NOT NULL CHECK (amount_fen > 0),
  agent_business_no TEXT,                      -- the bank's serial number of the payment
  division     TEXT    NOT NULL,
  reference    TEXT    NOT NULL DEFAULT '',
  at           INTEGER NOT NULL,
  day          TEXT    NOT NULL,
  CHECK (kind || ':' || from_account || '>' || to_account IN
         ('appropriate:budget>available', 'cut:available>budget', 'others:available>others',
          'others_back:others>available', 'reserve:available>reserved', 'settle:reserved>spent',
          'release:reserved>available', 'unspend:spent>available', 'return_prior_year:spent>prior_year',
          'release_prior_year:reserved>prior_year')),
  CHECK ((business_no IS NOT NULL) = (kind IN ('reserve', 'settle', 'release', 'unspend', 'return_prior_year',
                                               'release_prior_year'))),
  CHECK (kind <> 'settle' OR agent_business_no <> '')
);
-- I3: each step of an attempt once (returns may come in parts, told apart by their reference).
CREATE UNIQUE INDEX ledger_entry_once ON ledger_entry (business_no, kind, reference) WHERE business_no IS NOT NULL;
CREATE UNIQUE INDEX ledger_entry_end_once ON ledger_entry (business_no)
  WHERE kind IN ('settle', 'release', 'release_prior_year');
-- I4: a bank's serial number stands for one payment.
CREATE UNIQUE INDEX ledger_entry_serial ON ledger_entry (division, agent_business_no) WHERE kind = 'settle';
CREATE INDEX ledger_entry_appropriation ON ledger_entry (bgt_id, id);
CREATE INDEX ledger_entry_day ON ledger_entry (day);

CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END;
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END;
CREATE TRIGGER ledger_entry_next_only BEFORE INSERT ON ledger_entry
WHEN EXISTS (SELECT 1 FROM ledger_entry WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END;
-- An entry of an attempt is about its appropriation and its amount, and says what the attempt's state says.
CREATE TRIGGER ledger_entry_fits_attempt BEFORE INSERT ON ledger_entry
WHEN NEW.business_no IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM payment_attempt a WHERE a.business_no = NEW.business_no AND a.bgt_id = NEW.bgt_id
     AND (NEW.kind IN ('unspend', 'return_prior_year') OR a.amount_fen = NEW.amount_fen)
     AND ((NEW.kind = 'reserve' AND a.state = 'queued')
       OR (NEW.kind = 'settle' AND a.state = 'settled')
       OR (NEW.kind = 'release' AND a.state IN ('rejected', 'cancelled', 'returned'))
       OR (NEW.kind = 'release_prior_year' AND a.state = 'returned')
       OR (NEW.kind IN ('unspend', 'return_prior_year') AND a.state IN ('settled', 'returned'))))
BEGIN SELECT RAISE(ABORT, 'ledger_entry does not agree with its attempt'); END;
-- Only what was reserved can be settled or released; only what was spent can come back, and never more.
CREATE TRIGGER ledger_entry_needs_reserve BEFORE INSERT ON ledger_entry
WHEN NEW.kind IN ('settle', 'release', 'release_prior_year') AND NOT EXISTS (
  SELECT 1 FROM ledger_entry WHERE business_no = NEW.business_no AND kind = 'reserve')
BEGIN SELECT RAISE(ABORT, 'not_reserved'); END;
CREATE TRIGGER ledger_entry_needs_spent BEFORE INSERT ON ledger_entry
WHEN NEW.kind IN ('unspend', 'return_prior_year') AND NEW.amount_fen >
  coalesce((SELECT sum(CASE kind WHEN 'settle' THEN amount_fen ELSE -amount_fen END) FROM ledger_entry
             WHERE business_no = NEW.business_no AND kind IN ('settle', 'unspend', 'return_prior_year')), 0)
BEGIN SELECT RAISE(ABORT, 'exceeds_spent'); END;
-- I2 and I3: the balances are the sum of the entries, because only entries move them; the CHECKs of appropriation
-- refuse the entry that would break the quota.
CREATE TRIGGER ledger_entry_moves_balance AFTER INSERT ON ledger_entry
BEGIN
  UPDATE appropriation SET
    total_fen      = total_fen      - (NEW.to_account = 'budget') * NEW.amount_fen
                                    + (NEW.from_account = 'budget') * NEW.amount_fen,
    available_fen  = available_fen  + ((NEW.to_account = 'available') - (NEW.from_account = 'available')) * NEW.amount_fen,
    others_fen     = others_fen     + ((NEW.to_account = 'others') - (NEW.from_account = 'others')) * NEW.amount_fen,
    reserved_fen   = reserved_fen   + ((NEW.to_account = 'reserved') - (NEW.from_account = 'reserved')) * NEW.amount_fen,
    spent_fen      = spent_fen      + ((NEW.to_account = 'spent') - (NEW.from_account = 'spent')) * NEW.amount_fen,
    prior_year_fen = prior_year_fen + (NEW.to_account = 'prior_year') * NEW.amount_fen,
    last_entry_id  = NEW.id
  WHERE bgt_id = NEW.bgt_id;
END;
CREATE TRIGGER appropriation_born_empty BEFORE INSERT ON appropriation
WHEN NEW.total_fen <> 0 OR NEW.available_fen <> 0 OR NEW.others_fen <> 0 OR NEW.reserved_fen <> 0 OR NEW.spent_fen <> 0
  OR NEW.prior_year_fen <> 0 OR NEW.last_entry_id <> 0
BEGIN SELECT RAISE(ABORT, 'an appropriation begins empty: entries fill it'); END;
CREATE TRIGGER appropriation_moved_by_entries BEFORE UPDATE ON appropriation
WHEN (NEW.total_fen <> OLD.total_fen OR NEW.available_fen <> OLD.available_fen OR NEW.others_fen <> OLD.others_fen
   OR NEW.reserved_fen <> OLD.reserved_fen OR NEW.spent_fen <> OLD.spent_fen OR NEW.prior_year_fen <> OLD.prior_year_fen
   OR NEW.last_entry_id <> OLD.last_entry_id)
 AND (NEW.last_entry_id <= OLD.last_entry_id OR NOT EXISTS (
      SELECT 1 FROM ledger_entry WHERE id = NEW.last_entry_id AND bgt_id = NEW.bgt_id))
BEGIN SELECT RAISE(ABORT, 'balances move by ledger entries alone'); END;
CREATE TRIGGER appropriation_no_delete BEFORE DELETE ON appropriation
BEGIN SELECT RAISE(ABORT, 'appropriations are never deleted'); END;

-- Attempts: the next number, after an end, and never beside a contradiction.
CREATE TRIGGER payment_attempt_next_only BEFORE INSERT ON payment_attempt
WHEN NEW.state <> 'queued'
  OR NEW.attempt <> (SELECT coalesce(max(attempt), 0) + 1 FROM payment_attempt WHERE case_id = NEW.case_id)
  OR EXISTS (SELECT 1 FROM payment_attempt WHERE case_id = NEW.case_id
              AND (frozen = 1 OR state NOT IN ('rejected', 'cancelled', 'returned')))
  OR (SELECT frozen FROM benefit_case WHERE id = NEW.case_id) = 1
BEGIN SELECT RAISE(ABORT, 'attempt_open: the attempt before has no end, or contradicts'); END;
CREATE TRIGGER payment_attempt_no_delete BEFORE DELETE ON payment_attempt
BEGIN SELECT RAISE(ABORT, 'attempts are never deleted'); END;
-- What was sealed stays as it is.
CREATE TRIGGER payment_attempt_bytes BEFORE UPDATE ON payment_attempt
WHEN NEW.business_no <> OLD.business_no OR NEW.case_id <> OLD.case_id OR NEW.attempt <> OLD.attempt
  OR NEW.division <> OLD.division OR NEW.fiscal_year <> OLD.fiscal_year OR NEW.bgt_id <> OLD.bgt_id
  OR NEW.amount_fen <> OLD.amount_fen OR NEW.uscc <> OLD.uscc OR NEW.payee_name <> OLD.payee_name
  OR NEW.payee_account_no <> OLD.payee_account_no OR NEW.payee_bank_name <> OLD.payee_bank_name
  OR NEW.payee_bank_no <> OLD.payee_bank_no OR NEW.message_id <> OLD.message_id OR NEW.body <> OLD.body
  OR NEW.seal <> OLD.seal OR NEW.digest <> OLD.digest
BEGIN SELECT RAISE(ABORT, 'what was sealed is never changed'); END;
-- States only move up: queued < sent < acked < rejected, settled, cancelled < returned.
CREATE TRIGGER payment_attempt_only_up BEFORE UPDATE OF state ON payment_attempt
WHEN NEW.state <> OLD.state AND NOT (
     (OLD.state = 'queued' AND NEW.state <> 'queued')
  OR (OLD.state = 'sent' AND NEW.state NOT IN ('queued', 'sent'))
  OR (OLD.state = 'acked' AND NEW.state NOT IN ('queued', 'sent', 'acked'))
  OR (OLD.state = 'settled' AND NEW.state = 'returned'))
BEGIN SELECT RAISE(ABORT, 'attempt states only move up'); END;
-- I6: a negative end needs the treasury's sealed word on record.
CREATE TRIGGER payment_attempt_signed_end BEFORE UPDATE OF state ON payment_attempt
WHEN NEW.state <> OLD.state AND NEW.state IN ('rejected', 'cancelled', 'returned', 'settled') AND NOT EXISTS (
  SELECT 1 FROM treasury_message m WHERE m.business_no = NEW.business_no AND (
       (NEW.state = 'rejected' AND (m.answer = 'SENT_BACK' OR (m.answer = 'PAID' AND m.amount_fen = 0)))
    OR (NEW.state = 'cancelled' AND m.answer = 'CANCELLED')
    OR (NEW.state = 'settled' AND m.answer = 'PAID' AND m.amount_fen = NEW.amount_fen)
    OR (NEW.state = 'returned' AND m.answer = 'RETURNED')))
BEGIN SELECT RAISE(ABORT, 'answer_not_signed: no sealed answer of the treasury says so'); END;

CREATE TRIGGER treasury_message_no_update BEFORE UPDATE ON treasury_message
BEGIN SELECT RAISE(ABORT, 'treasury_message is append-only'); END;
CREATE TRIGGER treasury_message_no_delete BEFORE DELETE ON treasury_message
BEGIN SELECT RAISE(ABORT, 'treasury_message is append-only'); END;
CREATE TRIGGER statement_line_no_update BEFORE UPDATE ON statement_line
BEGIN SELECT RAISE(ABORT, 'statement_line is append-only'); END;
CREATE TRIGGER statement_line_no_delete BEFORE DELETE ON statement_line
BEGIN SELECT RAISE(ABORT, 'statement_line is append-only'); END;
