-- What cannot be said of one firm alone: benefits received before, who comes first, for whom the money lasts, persons
-- who count once.

-- Our own cases also write down what was received. `award` is firm/item/period: what a firm has of an award does not
-- count against the rest of the same award. A benefit that came back stays as a row that counts no more. `claimed`:
-- a person for whom money was asked, but not paid yet.
ALTER TABLE received_benefit ADD COLUMN award TEXT NOT NULL DEFAULT '';
ALTER TABLE received_benefit ADD COLUMN taken_back_on TEXT;
ALTER TABLE received_benefit ADD COLUMN claimed BIGINT NOT NULL DEFAULT 0 CHECK (claimed IN (0, 1));
CREATE INDEX received_benefit_reference ON received_benefit (reference);

-- Firms that must be matched again though their profile did not change. `asked` grows, so that what is asked for during
-- a round is done in the next one.
CREATE TABLE match_wanted (
  uscc  TEXT    NOT NULL PRIMARY KEY,
  asked BIGINT NOT NULL
);

-- Questions that a person is asked once.
CREATE TABLE asked_once (
  question TEXT    NOT NULL PRIMARY KEY,
  asked_at BIGINT NOT NULL
);

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
);
CREATE INDEX person_row_keep ON person_row (keep_until);
CREATE INDEX person_row_digest ON person_row (digest);

-- A round: who gets a place, and how much, drawn up from the profiles of one moment, confirmed by two persons.
CREATE TABLE allocation_round (
  id               TEXT    NOT NULL PRIMARY KEY,
  policy_id        TEXT    NOT NULL,
  policy_version   TEXT    NOT NULL,
  period           TEXT    NOT NULL,
  at_day           TEXT    NOT NULL,
  profile_sequence BIGINT NOT NULL,
  inputs_digest    TEXT    NOT NULL,             -- sha256:<hex> of the inputs' canonical JSON
  body             TEXT    NOT NULL,             -- inputs and outcome, canonical JSON
  state            TEXT    NOT NULL CHECK (state IN ('draft', 'decided', 'superseded', 'discarded')),
  drawn_by         TEXT    NOT NULL,
  drawn_at         BIGINT NOT NULL,
  decided_at       BIGINT,
  CHECK (state IN ('draft', 'discarded') OR decided_at IS NOT NULL)
);
CREATE UNIQUE INDEX allocation_round_draft ON allocation_round (policy_id, period) WHERE state = 'draft';
CREATE UNIQUE INDEX allocation_round_decided ON allocation_round (policy_id, period) WHERE state = 'decided';

CREATE TABLE allocation_line (
  round_id   TEXT    NOT NULL REFERENCES allocation_round (id),
  uscc       TEXT    NOT NULL,
  best       BIGINT NOT NULL,
  worst      BIGINT NOT NULL,
  outcome    TEXT    NOT NULL CHECK (outcome IN ('met', 'not_met', 'unknown')),
  reason     TEXT    NOT NULL,
  wanted_fen BIGINT NOT NULL,
  given_fen  BIGINT NOT NULL CHECK (given_fen BETWEEN 0 AND wanted_fen),
  PRIMARY KEY (round_id, uscc)
);
CREATE INDEX allocation_line_firm ON allocation_line (uscc);

CREATE TABLE allocation_confirmation (
  round_id   TEXT    NOT NULL REFERENCES allocation_round (id),
  actor      TEXT    NOT NULL CHECK (actor LIKE 'user:_%'),
  role       TEXT    NOT NULL,
  department TEXT    NOT NULL,
  at         BIGINT NOT NULL,
  PRIMARY KEY (round_id, actor)
);

CREATE FUNCTION allocation_round_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.policy_id <> OLD.policy_id OR NEW.policy_version <> OLD.policy_version
    OR NEW.period <> OLD.period OR NEW.at_day <> OLD.at_day OR NEW.profile_sequence <> OLD.profile_sequence
    OR NEW.inputs_digest <> OLD.inputs_digest OR NEW.body <> OLD.body OR NEW.drawn_by <> OLD.drawn_by
    OR NEW.drawn_at <> OLD.drawn_at
    OR (NEW.state <> OLD.state AND NOT ((OLD.state = 'draft' AND NEW.state IN ('decided', 'discarded'))
                                     OR (OLD.state = 'decided' AND NEW.state = 'superseded'))) THEN
    RAISE EXCEPTION 'a round keeps what was drawn up' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.state = 'decided' AND OLD.state <> 'decided'
    AND (SELECT count(*) FROM allocation_confirmation WHERE round_id = NEW.id AND actor <> NEW.drawn_by) < 2 THEN
    RAISE EXCEPTION 'four_eyes: two persons must have confirmed the round' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER allocation_round_keeps BEFORE UPDATE ON allocation_round
  FOR EACH ROW EXECUTE FUNCTION allocation_round_keeps();
CREATE FUNCTION allocation_round_born_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state <> 'draft' THEN
    RAISE EXCEPTION 'a round begins as a draft' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER allocation_round_born_draft BEFORE INSERT ON allocation_round
  FOR EACH ROW EXECUTE FUNCTION allocation_round_born_draft();
CREATE FUNCTION allocation_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER allocation_round_no_delete BEFORE DELETE ON allocation_round
  FOR EACH ROW EXECUTE FUNCTION allocation_append_only();
CREATE TRIGGER allocation_line_append_only BEFORE UPDATE OR DELETE ON allocation_line
  FOR EACH ROW EXECUTE FUNCTION allocation_append_only();
CREATE TRIGGER allocation_confirmation_append_only BEFORE UPDATE OR DELETE ON allocation_confirmation
  FOR EACH ROW EXECUTE FUNCTION allocation_append_only();

-- Who bears which part of a case's sum (市、县各承担…): as of the last request or decision; adds up to its amount.
CREATE TABLE case_share (
  case_id    TEXT    NOT NULL REFERENCES benefit_case (id),
  position   BIGINT NOT NULL,
  payer      TEXT    NOT NULL,
  share_ppm  BIGINT NOT NULL,
  amount_fen BIGINT NOT NULL CHECK (amount_fen >= 0),
  PRIMARY KEY (case_id, position)
);
