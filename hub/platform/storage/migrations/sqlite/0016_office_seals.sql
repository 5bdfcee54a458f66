-- Whose seal: what a department decided at one step of a review, as octets, and the seal over them, which a seal platform
-- gives: the department's, or that of the person who decided for it. One row a seal, written with the decision itself; the
-- seal comes later.
CREATE TABLE office_decision (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  case_id    TEXT    NOT NULL REFERENCES benefit_case (id),
  round      INTEGER NOT NULL,
  step       INTEGER NOT NULL,
  department TEXT    NOT NULL,
  holder     TEXT    NOT NULL,                   -- whose seal: '' is the department, else the actor who decided, user:ID
  hand       TEXT    NOT NULL,
  decision   TEXT    NOT NULL CHECK (decision IN ('agree', 'refuse')),
  message_id TEXT    NOT NULL UNIQUE,            -- what the platform is asked under, each time the same
  required   INTEGER NOT NULL CHECK (required IN (0, 1)),
  body       BLOB    NOT NULL CHECK (length(body) > 0),
  digest     TEXT    NOT NULL,                   -- sm3:<hex> of the body
  asked_at   INTEGER NOT NULL,
  state      TEXT    NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'refused', 'sealed')),
  attempts   INTEGER NOT NULL DEFAULT 0,         -- questions that brought no seal
  tried_at   INTEGER,
  code       TEXT    NOT NULL DEFAULT '',        -- why there is no seal yet
  error      TEXT    NOT NULL DEFAULT '',
  late       INTEGER NOT NULL DEFAULT 0 CHECK (late IN (0, 1)),
  seal       BLOB,                               -- SES_Signature, the full form
  es_id      TEXT    NOT NULL DEFAULT '',
  signed_at  INTEGER,                            -- as the seal says
  sealed_at  INTEGER,                            -- when it was kept here
  UNIQUE (case_id, round, step, holder),
  CHECK ((state = 'sealed') = (seal IS NOT NULL)),
  CHECK ((state = 'sealed') = (sealed_at IS NOT NULL))
);
CREATE INDEX office_decision_waiting ON office_decision (department, holder, id) WHERE state <> 'sealed';
CREATE INDEX office_decision_counted ON office_decision (department, holder, state, id);  -- For the numbers that are shown.

-- What a platform gave and must not be used: kept as evidence, never read by anything that decides.
CREATE TABLE office_seal_wrong (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  decision_id INTEGER NOT NULL REFERENCES office_decision (id),
  at          INTEGER NOT NULL,
  code        TEXT    NOT NULL,
  detail      TEXT    NOT NULL,
  digest      TEXT    NOT NULL,                  -- sm3:<hex> of the answer
  answer      BLOB    NOT NULL,
  UNIQUE (decision_id, digest)
);

CREATE TRIGGER office_decision_octets BEFORE UPDATE ON office_decision
WHEN NEW.case_id <> OLD.case_id OR NEW.round <> OLD.round OR NEW.step <> OLD.step OR NEW.department <> OLD.department
  OR NEW.holder <> OLD.holder OR NEW.hand <> OLD.hand OR NEW.decision <> OLD.decision
  OR NEW.message_id <> OLD.message_id OR NEW.body <> OLD.body OR NEW.digest <> OLD.digest OR NEW.asked_at <> OLD.asked_at OR NEW.required <> OLD.required
BEGIN SELECT RAISE(ABORT, 'what an office decided is never changed'); END;
CREATE TRIGGER office_decision_sealed BEFORE UPDATE ON office_decision WHEN OLD.state = 'sealed'
BEGIN SELECT RAISE(ABORT, 'what was sealed is never changed'); END;
CREATE TRIGGER office_decision_no_delete BEFORE DELETE ON office_decision
BEGIN SELECT RAISE(ABORT, 'office_decision is never deleted'); END;
CREATE TRIGGER office_seal_wrong_no_update BEFORE UPDATE ON office_seal_wrong
BEGIN SELECT RAISE(ABORT, 'office_seal_wrong is append-only'); END;
CREATE TRIGGER office_seal_wrong_no_delete BEFORE DELETE ON office_seal_wrong
BEGIN SELECT RAISE(ABORT, 'office_seal_wrong is append-only'); END;
