-- Cases: one row a benefit (a tranche of an item, for a firm and a period), and what people did to it.

-- The cap over the tranches of one award: together they never come to more.
CREATE TABLE benefit_award (
  uscc      TEXT    NOT NULL,
  policy_id TEXT    NOT NULL,
  period    TEXT    NOT NULL,
  cap_fen   BIGINT NOT NULL CHECK (cap_fen >= 0),
  PRIMARY KEY (uscc, policy_id, period)
);

CREATE TABLE benefit_case (
  id               TEXT    PRIMARY KEY,
  uscc             TEXT    NOT NULL CHECK (length(uscc) = 18),
  enterprise_name  TEXT    NOT NULL,
  division         TEXT    NOT NULL CHECK (length(division) = 6),
  policy_id        TEXT    NOT NULL,
  policy_version   TEXT    NOT NULL,
  title            TEXT    NOT NULL,
  tranche          TEXT    NOT NULL,
  period           TEXT    NOT NULL,
  channel          TEXT    NOT NULL CHECK (channel IN ('appropriation', 'social_insurance_fund', 'relief')),
  amount_fen       BIGINT CHECK (amount_fen > 0),
  state            TEXT    NOT NULL CHECK (state IN ('matched', 'notified', 'confirmed', 'payee_check', 'payee_repair',
                     'in_review', 'publicity', 'held', 'approved', 'rechecking', 'requested', 'sent_to_fund', 'paid',
                     'decided', 'refused', 'lapsed', 'void')),
  state_since      BIGINT NOT NULL,
  due_on           TEXT,
  profile_sequence BIGINT NOT NULL,
  payee_name       TEXT,
  payee_account_no TEXT,
  payee_bank_name  TEXT,
  payee_bank_no    TEXT,
  confirmed_by     TEXT    NOT NULL DEFAULT '',
  frozen           BIGINT NOT NULL DEFAULT 0 CHECK (frozen IN (0, 1)),
  reason           TEXT    NOT NULL DEFAULT '',
  review_round     BIGINT NOT NULL DEFAULT 1,
  publicity_ended  BIGINT NOT NULL DEFAULT 0 CHECK (publicity_ended IN (0, 1)),
  approved_once    BIGINT NOT NULL DEFAULT 0 CHECK (approved_once IN (0, 1)),
  recheck_passed   BIGINT NOT NULL DEFAULT 0 CHECK (recheck_passed IN (0, 1)),
  trace_id         TEXT    NOT NULL DEFAULT '',
  opened_at        BIGINT NOT NULL,
  version          BIGINT NOT NULL DEFAULT 1,
  UNIQUE (uscc, policy_id, period, tranche),
  CHECK (amount_fen IS NOT NULL OR channel = 'relief'),
  CHECK (channel = 'relief' OR state <> 'requested' OR payee_account_no IS NOT NULL),
  CHECK (channel = 'appropriation' OR state NOT IN ('requested', 'paid')),
  CHECK (channel = 'social_insurance_fund' OR state <> 'sent_to_fund')
);
CREATE INDEX benefit_case_state ON benefit_case (state, due_on);
CREATE INDEX benefit_case_division ON benefit_case (division, id);

CREATE TABLE case_event (
  case_id    TEXT    NOT NULL REFERENCES benefit_case (id),
  seq        BIGINT NOT NULL,
  event      TEXT    NOT NULL,
  from_state TEXT    NOT NULL,
  to_state   TEXT    NOT NULL,
  actor      TEXT    NOT NULL,
  role       TEXT    NOT NULL,
  department TEXT    NOT NULL DEFAULT '',
  reason     TEXT    NOT NULL DEFAULT '',
  at         BIGINT NOT NULL,
  trace_id   TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (case_id, seq)
);

-- The hands of a case. No person lends two in one round; each step is done once a round.
CREATE TABLE case_review (
  id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  case_id    TEXT    NOT NULL REFERENCES benefit_case (id),
  round      BIGINT NOT NULL,
  step       BIGINT NOT NULL,
  department TEXT    NOT NULL,
  hand       TEXT    NOT NULL CHECK (hand IN ('maker', 'checker', 'releaser')),
  actor      TEXT    NOT NULL CHECK (actor <> '' AND actor <> 'system'),
  decision   TEXT    NOT NULL CHECK (decision IN ('agree', 'refuse')),
  reason     TEXT    NOT NULL DEFAULT '',
  at         BIGINT NOT NULL,
  UNIQUE (case_id, round, actor),
  UNIQUE (case_id, round, step)
);

CREATE TABLE objection (
  id              TEXT    PRIMARY KEY,
  case_id         TEXT    NOT NULL REFERENCES benefit_case (id),
  raised_by       TEXT    NOT NULL,
  reason          TEXT    NOT NULL,
  evidence_digest TEXT    NOT NULL DEFAULT '',
  state           TEXT    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'dismissed', 'upheld', 'review_again')),
  decided_by      TEXT    NOT NULL DEFAULT '',
  decision_reason TEXT    NOT NULL DEFAULT '',
  raised_at       BIGINT NOT NULL,
  decided_at      BIGINT,
  CHECK (decided_by <> raised_by),
  CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE INDEX objection_case ON objection (case_id, state);

CREATE TABLE notice (
  id         TEXT    PRIMARY KEY,
  case_id    TEXT    NOT NULL REFERENCES benefit_case (id),
  kind       TEXT    NOT NULL,
  recipient  TEXT    NOT NULL,
  content    TEXT    NOT NULL,
  state      TEXT    NOT NULL CHECK (state IN ('portal', 'queued', 'delivered', 'failed')),
  reason     TEXT    NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  reported_at BIGINT
);
CREATE INDEX notice_case ON notice (case_id, id);

-- A decision that a fund carries out: the sealed bytes.
CREATE TABLE fund_decision (
  case_id         TEXT    PRIMARY KEY REFERENCES benefit_case (id),
  fund            TEXT    NOT NULL,
  message_id      TEXT    NOT NULL UNIQUE,
  body            BYTEA    NOT NULL,
  seal            BYTEA    NOT NULL CHECK (length(seal) > 0),
  digest          TEXT    NOT NULL,
  sent_at         BIGINT NOT NULL,
  acknowledged_at BIGINT,
  reference       TEXT    NOT NULL DEFAULT ''
);

-- Who confirmed for the firm is not the one who reviews or releases.
CREATE FUNCTION case_review_not_the_confirmer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.actor = (SELECT confirmed_by FROM benefit_case WHERE id = NEW.case_id) THEN
    RAISE EXCEPTION 'four_eyes: who confirmed a case does not review it' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER case_review_not_the_confirmer BEFORE INSERT ON case_review
  FOR EACH ROW EXECUTE FUNCTION case_review_not_the_confirmer();
CREATE FUNCTION case_review_no_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'case_review is append-only' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER case_review_no_update BEFORE UPDATE ON case_review
  FOR EACH ROW EXECUTE FUNCTION case_review_no_update();
CREATE FUNCTION case_review_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'case_review is append-only' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER case_review_no_delete BEFORE DELETE ON case_review
  FOR EACH ROW EXECUTE FUNCTION case_review_no_delete();
CREATE FUNCTION case_event_no_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'case_event is append-only' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER case_event_no_update BEFORE UPDATE ON case_event
  FOR EACH ROW EXECUTE FUNCTION case_event_no_update();
CREATE FUNCTION case_event_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'case_event is append-only' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER case_event_no_delete BEFORE DELETE ON case_event
  FOR EACH ROW EXECUTE FUNCTION case_event_no_delete();
CREATE FUNCTION case_event_next_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM case_event WHERE case_id = NEW.case_id) THEN
    RAISE EXCEPTION 'case_event is append-only: only the next number may be added' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER case_event_next_only BEFORE INSERT ON case_event
  FOR EACH ROW EXECUTE FUNCTION case_event_next_only();

-- Four eyes and more: nothing is approved, requested or decided for money without maker, checker and releaser, three
-- different persons of one round, all of whom agreed.
CREATE FUNCTION benefit_case_four_eyes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.channel <> 'relief' AND NEW.state <> OLD.state
 AND NEW.state IN ('approved', 'rechecking', 'requested', 'sent_to_fund', 'paid', 'decided')
 AND (SELECT count(DISTINCT hand) FROM case_review
       WHERE case_id = NEW.id AND round = NEW.review_round AND decision = 'agree') < 3 THEN
    RAISE EXCEPTION 'four_eyes: maker, checker and releaser must have agreed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER benefit_case_four_eyes BEFORE UPDATE OF state ON benefit_case
  FOR EACH ROW EXECUTE FUNCTION benefit_case_four_eyes();
CREATE FUNCTION benefit_case_born_matched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state <> 'matched' THEN
    RAISE EXCEPTION 'a case begins as matched' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER benefit_case_born_matched BEFORE INSERT ON benefit_case
  FOR EACH ROW EXECUTE FUNCTION benefit_case_born_matched();
CREATE FUNCTION benefit_case_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'cases are never deleted' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER benefit_case_no_delete BEFORE DELETE ON benefit_case
  FOR EACH ROW EXECUTE FUNCTION benefit_case_no_delete();
CREATE FUNCTION benefit_case_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.uscc <> OLD.uscc OR NEW.policy_id <> OLD.policy_id OR NEW.period <> OLD.period
  OR NEW.tranche <> OLD.tranche OR NEW.channel <> OLD.channel THEN
    RAISE EXCEPTION 'a case keeps its firm, item, period, tranche and channel' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER benefit_case_identity BEFORE UPDATE ON benefit_case
  FOR EACH ROW EXECUTE FUNCTION benefit_case_identity();

-- The tranches of an award together stay under its cap.
CREATE FUNCTION benefit_case_cap_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.amount_fen IS NOT NULL AND
     (SELECT sum(amount_fen) FROM benefit_case WHERE uscc = NEW.uscc AND policy_id = NEW.policy_id
         AND period = NEW.period AND state NOT IN ('refused', 'lapsed', 'void')) >
     coalesce((SELECT cap_fen FROM benefit_award WHERE uscc = NEW.uscc AND policy_id = NEW.policy_id
         AND period = NEW.period), 0) THEN
    RAISE EXCEPTION 'award_cap: the tranches come to more than the award' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER benefit_case_cap_insert AFTER INSERT ON benefit_case
  FOR EACH ROW EXECUTE FUNCTION benefit_case_cap_insert();
CREATE FUNCTION benefit_case_cap_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.amount_fen IS NOT NULL AND NEW.state NOT IN ('refused', 'lapsed', 'void') AND
     (SELECT sum(amount_fen) FROM benefit_case WHERE uscc = NEW.uscc AND policy_id = NEW.policy_id
         AND period = NEW.period AND state NOT IN ('refused', 'lapsed', 'void')) >
     coalesce((SELECT cap_fen FROM benefit_award WHERE uscc = NEW.uscc AND policy_id = NEW.policy_id
         AND period = NEW.period), 0) THEN
    RAISE EXCEPTION 'award_cap: the tranches come to more than the award' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER benefit_case_cap_update AFTER UPDATE OF amount_fen, state ON benefit_case
  FOR EACH ROW EXECUTE FUNCTION benefit_case_cap_update();
