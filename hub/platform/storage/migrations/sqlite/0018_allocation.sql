-- What cannot be said of one firm alone: benefits received before, who comes first, for whom the money lasts, persons
-- who count once.

-- Our own cases also write down what was received. `award` is firm/item/period: what a firm has of an award does not
-- count against the rest of the same award. A benefit that came back stays as a row that counts no more. `claimed`:
-- a person for whom money was asked, but not paid yet.
ALTER TABLE received_benefit ADD COLUMN award TEXT NOT NULL DEFAULT '';
ALTER TABLE received_benefit ADD COLUMN taken_back_on TEXT;
ALTER TABLE received_benefit ADD COLUMN claimed INTEGER NOT NULL DEFAULT 0 CHECK (claimed IN (0, 1));
CREATE INDEX received_benefit_reference ON received_benefit (reference);

-- Firms that must be matched again though their profile did not change. `asked` grows, so that what is asked for during
-- a round is done in the next one.
CREATE TABLE match_wanted (
  uscc  TEXT    NOT NULL PRIMARY KEY,
  asked INTEGER NOT NULL
) WITHOUT ROWID;

-- Questions that a person is asked once.
CREATE TABLE asked_once (
  question TEXT    NOT NULL PRIMARY KEY,
  asked_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Lists of persons behind a firm's counts. Only a salted digest of the identity number, and what the items ask about.
CREATE TABLE person_row (
  uscc       TEXT NOT NULL,
  list       TEXT NOT NULL,                      -- the item, and who handed it in
  digest     TEXT NOT NULL,
  fields     TEXT NOT NULL,                      -- canonical JSON
  as_of      TEXT NOT NULL,
  source     TEXT NOT NULL,
  keep_until TEXT NOT NULL,
  PRIMARY KEY (uscc, list, digest)
) WITHOUT ROWID;
CREATE INDEX person_row_keep ON person_row (keep_until);
CREATE INDEX person_row_digest ON person_row (digest);

-- A round: who gets a place, and how much, drawn up from the profiles of one moment, confirmed by two persons.
CREATE TABLE allocation_round (
  id               TEXT    NOT NULL PRIMARY KEY,
  policy_id        TEXT    NOT NULL,
  policy_version   TEXT    NOT NULL,
  period           TEXT    NOT NULL,
  at_day           TEXT    NOT NULL,
  profile_sequence INTEGER NOT NULL,
  inputs_digest    TEXT    NOT NULL,             -- sha256:<hex> of the inputs' canonical JSON
  body             TEXT    NOT NULL,             -- inputs and outcome, canonical JSON
  state            TEXT    NOT NULL CHECK (state IN ('draft', 'decided', 'superseded', 'discarded')),
  drawn_by         TEXT    NOT NULL,
  drawn_at         INTEGER NOT NULL,
  decided_at       INTEGER,
  CHECK (state IN ('draft', 'discarded') OR decided_at IS NOT NULL)
) WITHOUT ROWID;
CREATE UNIQUE INDEX allocation_round_draft ON allocation_round (policy_id, period) WHERE state = 'draft';
CREATE UNIQUE INDEX allocation_round_decided ON allocation_round (policy_id, period) WHERE state = 'decided';

CREATE TABLE allocation_line (
  round_id   TEXT    NOT NULL REFERENCES allocation_round (id),
  uscc       TEXT    NOT NULL,
  best       INTEGER NOT NULL,
  worst      INTEGER NOT NULL,
  outcome    TEXT    NOT NULL CHECK (outcome IN ('met', 'not_met', 'unknown')),
  reason     TEXT    NOT NULL,
  wanted_fen INTEGER NOT NULL,
  given_fen  INTEGER NOT NULL CHECK (given_fen BETWEEN 0 AND wanted_fen),
  PRIMARY KEY (round_id, uscc)
) WITHOUT ROWID;
CREATE INDEX allocation_line_firm ON allocation_line (uscc);

CREATE TABLE allocation_confirmation (
  round_id   TEXT    NOT NULL REFERENCES allocation_round (id),
  actor      TEXT    NOT NULL CHECK (actor LIKE 'user:_%'),
  role       TEXT    NOT NULL,
  department TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (round_id, actor)
) WITHOUT ROWID;

CREATE TRIGGER allocation_round_keeps BEFORE UPDATE ON allocation_round
WHEN NEW.id <> OLD.id OR NEW.policy_id <> OLD.policy_id OR NEW.policy_version <> OLD.policy_version
  OR NEW.period <> OLD.period OR NEW.at_day <> OLD.at_day OR NEW.profile_sequence <> OLD.profile_sequence
  OR NEW.inputs_digest <> OLD.inputs_digest OR NEW.body <> OLD.body OR NEW.drawn_by <> OLD.drawn_by
  OR NEW.drawn_at <> OLD.drawn_at
  OR (NEW.state <> OLD.state AND NOT ((OLD.state = 'draft' AND NEW.state IN ('decided', 'discarded'))
                                   OR (OLD.state = 'decided' AND NEW.state = 'superseded')))
BEGIN SELECT RAISE(ABORT, 'a round keeps what was drawn up'); END;
CREATE TRIGGER allocation_round_no_delete BEFORE DELETE ON allocation_round
BEGIN SELECT RAISE(ABORT, 'rounds are never deleted'); END;
CREATE TRIGGER allocation_round_born_draft BEFORE INSERT ON allocation_round WHEN NEW.state <> 'draft'
BEGIN SELECT RAISE(ABORT, 'a round begins as a draft'); END;
CREATE TRIGGER allocation_round_four_eyes BEFORE UPDATE OF state ON allocation_round
WHEN NEW.state = 'decided' AND OLD.state <> 'decided'
 AND (SELECT count(*) FROM allocation_confirmation WHERE round_id = NEW.id AND actor <> NEW.drawn_by) < 2
BEGIN SELECT RAISE(ABORT, 'four_eyes: two persons must have confirmed the round'); END;
CREATE TRIGGER allocation_line_no_update BEFORE UPDATE ON allocation_line
BEGIN SELECT RAISE(ABORT, 'allocation_line is append-only'); END;
CREATE TRIGGER allocation_line_no_delete BEFORE DELETE ON allocation_line
BEGIN SELECT RAISE(ABORT, 'allocation_line is append-only'); END;
CREATE TRIGGER allocation_confirmation_no_update BEFORE UPDATE ON allocation_confirmation
BEGIN SELECT RAISE(ABORT, 'allocation_confirmation is append-only'); END;
CREATE TRIGGER allocation_confirmation_no_delete BEFORE DELETE ON allocation_confirmation
BEGIN SELECT RAISE(ABORT, 'allocation_confirmation is append-only'); END;

-- Who bears which part of a case's sum (市、县各承担…): as of the last request or decision; adds up to its amount.
CREATE TABLE case_share (
  case_id    TEXT    NOT NULL REFERENCES benefit_case (id),
  position   INTEGER NOT NULL,
  payer      TEXT    NOT NULL,
  share_ppm  INTEGER NOT NULL,
  amount_fen INTEGER NOT NULL CHECK (amount_fen >= 0),
  PRIMARY KEY (case_id, position)
) WITHOUT ROWID;
