-- Whose seal: what a department decided at one step of a review, as octets, and the seal over them, which a seal platform
-- gives: the department's, or that of the person who decided for it. One row a seal, written with the decision itself; the
-- seal comes later.
CREATE TABLE office_decision (
  id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  case_id    TEXT   NOT NULL REFERENCES benefit_case (id),
  round      BIGINT NOT NULL,
  step       BIGINT NOT NULL,
  department TEXT   NOT NULL,
  holder     TEXT   NOT NULL,                    -- whose seal: '' is the department, else the actor who decided, user:ID
  hand       TEXT   NOT NULL,
  decision   TEXT   NOT NULL CHECK (decision IN ('agree', 'refuse')),
  message_id TEXT   NOT NULL UNIQUE,             -- what the platform is asked under, each time the same
  required   BIGINT NOT NULL CHECK (required IN (0, 1)),
  body       BYTEA  NOT NULL CHECK (length(body) > 0),
  digest     TEXT   NOT NULL,                    -- sm3:<hex> of the body
  asked_at   BIGINT NOT NULL,
  state      TEXT   NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'refused', 'sealed')),
  attempts   BIGINT NOT NULL DEFAULT 0,          -- questions that brought no seal
  tried_at   BIGINT,
  code       TEXT   NOT NULL DEFAULT '',         -- why there is no seal yet
  error      TEXT   NOT NULL DEFAULT '',
  late       BIGINT NOT NULL DEFAULT 0 CHECK (late IN (0, 1)),
  seal       BYTEA,                              -- SES_Signature, the full form
  es_id      TEXT   NOT NULL DEFAULT '',
  signed_at  BIGINT,                             -- as the seal says
  sealed_at  BIGINT,                             -- when it was kept here
  UNIQUE (case_id, round, step, holder),
  CHECK ((state = 'sealed') = (seal IS NOT NULL)),
  CHECK ((state = 'sealed') = (sealed_at IS NOT NULL))
);
CREATE INDEX office_decision_waiting ON office_decision (department, holder, id) WHERE state <> 'sealed';
CREATE INDEX office_decision_counted ON office_decision (department, holder, state, id);  -- For the numbers that are shown.

-- What a platform gave and must not be used: kept as evidence, never read by anything that decides.
CREATE TABLE office_seal_wrong (
  id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  decision_id BIGINT NOT NULL REFERENCES office_decision (id),
  at          BIGINT NOT NULL,
  code        TEXT   NOT NULL,
  detail      TEXT   NOT NULL,
  digest      TEXT   NOT NULL,                   -- sm3:<hex> of the answer
  answer      BYTEA  NOT NULL,
  UNIQUE (decision_id, digest)
);

CREATE FUNCTION office_decision_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'sealed' THEN
    RAISE EXCEPTION 'what was sealed is never changed' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.case_id <> OLD.case_id OR NEW.round <> OLD.round OR NEW.step <> OLD.step OR NEW.department <> OLD.department
    OR NEW.holder <> OLD.holder OR NEW.hand <> OLD.hand OR NEW.decision <> OLD.decision
    OR NEW.message_id <> OLD.message_id OR NEW.body <> OLD.body OR NEW.digest <> OLD.digest OR NEW.asked_at <> OLD.asked_at OR NEW.required <> OLD.required THEN
    RAISE EXCEPTION 'what an office decided is never changed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER office_decision_keep BEFORE UPDATE ON office_decision
  FOR EACH ROW EXECUTE FUNCTION office_decision_keep();
CREATE FUNCTION office_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER office_decision_no_delete BEFORE DELETE ON office_decision
  FOR EACH ROW EXECUTE FUNCTION office_refuse();
CREATE TRIGGER office_seal_wrong_no_change BEFORE UPDATE OR DELETE ON office_seal_wrong
  FOR EACH ROW EXECUTE FUNCTION office_refuse();
