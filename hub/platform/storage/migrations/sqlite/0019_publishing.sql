-- How an item gets in force, and what a decision stood on.

-- A decision is what came out, and everything that went in: the item's version, the fields that it asked for as they
-- were, the day, the code tables, the program. `matched`: the outcome of a pair became another one. `withdrawn`: because
-- the item was taken out of force. `rechecked`: fresh data before money is asked for. `requested`: what a payment request
-- was drawn up on.
ALTER TABLE entitlement_history ADD COLUMN purpose TEXT NOT NULL DEFAULT 'matched'
  CHECK (purpose IN ('matched', 'withdrawn', 'rechecked', 'requested'));
ALTER TABLE entitlement_history ADD COLUMN case_id TEXT NOT NULL DEFAULT '';
ALTER TABLE entitlement_history ADD COLUMN channel TEXT NOT NULL DEFAULT '';
ALTER TABLE entitlement_history ADD COLUMN facts TEXT;  -- NULL: decided by an older program
ALTER TABLE entitlement_history ADD COLUMN code_lists TEXT NOT NULL DEFAULT '';
ALTER TABLE entitlement_history ADD COLUMN program TEXT NOT NULL DEFAULT '';
CREATE INDEX entitlement_history_case ON entitlement_history (case_id, id) WHERE case_id <> '';
CREATE TRIGGER entitlement_history_no_update BEFORE UPDATE ON entitlement_history
BEGIN SELECT RAISE(ABORT, 'entitlement_history is append-only'); END;
CREATE TRIGGER entitlement_history_no_delete BEFORE DELETE ON entitlement_history
BEGIN SELECT RAISE(ABORT, 'entitlement_history is append-only'); END;

-- The code tables that a hub ran with: the SHA-256 of each, under the SHA-256 of that list.
CREATE TABLE code_lists (
  digest     TEXT    NOT NULL PRIMARY KEY,
  files      TEXT    NOT NULL,                 -- canonical JSON: file name → SHA-256
  first_used INTEGER NOT NULL
) WITHOUT ROWID;

-- What people want in force, or out of force. The item as it is meant stands in it; files may change meanwhile.
CREATE TABLE policy_proposal (
  id           TEXT    NOT NULL PRIMARY KEY,
  kind         TEXT    NOT NULL CHECK (kind IN ('publish', 'repeal')),
  policy_id    TEXT    NOT NULL,
  version      TEXT    NOT NULL,
  base_version TEXT    NOT NULL,               -- in force when it was proposed; empty: none
  title        TEXT    NOT NULL,
  body         TEXT    NOT NULL,
  checks       TEXT    NOT NULL,               -- canonical JSON: what the checker and the examples said
  data         TEXT    NOT NULL,               -- canonical JSON: which data decide, from which sources, how fresh
  state        TEXT    NOT NULL CHECK (state IN ('proposed', 'approved', 'done', 'withdrawn')),
  proposed_at  INTEGER NOT NULL,
  ended_at     INTEGER
) WITHOUT ROWID;
CREATE UNIQUE INDEX policy_proposal_open ON policy_proposal (policy_id) WHERE state IN ('proposed', 'approved');
CREATE INDEX policy_proposal_policy ON policy_proposal (policy_id, proposed_at);
CREATE TRIGGER policy_proposal_identity BEFORE UPDATE ON policy_proposal
WHEN NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.policy_id <> OLD.policy_id OR NEW.version <> OLD.version
  OR NEW.body <> OLD.body OR NEW.checks <> OLD.checks OR NEW.data <> OLD.data OR NEW.proposed_at <> OLD.proposed_at
  OR OLD.state IN ('done', 'withdrawn')
BEGIN SELECT RAISE(ABORT, 'a proposal keeps what was proposed, and ends once'); END;
CREATE TRIGGER policy_proposal_no_delete BEFORE DELETE ON policy_proposal
BEGIN SELECT RAISE(ABORT, 'proposals are never deleted'); END;

-- What it would do, against the profiles of the day.
CREATE TABLE policy_back_test (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  proposal_id   TEXT    NOT NULL REFERENCES policy_proposal (id),
  day           TEXT    NOT NULL,
  base_version  TEXT    NOT NULL,
  inputs_digest TEXT    NOT NULL,              -- SHA-256 over both versions, the day, and what was read of each firm
  report        TEXT    NOT NULL,              -- canonical JSON
  at            INTEGER NOT NULL
);
CREATE INDEX policy_back_test_proposal ON policy_back_test (proposal_id, id);
CREATE TRIGGER policy_back_test_no_update BEFORE UPDATE ON policy_back_test
BEGIN SELECT RAISE(ABORT, 'policy_back_test is append-only'); END;
CREATE TRIGGER policy_back_test_no_delete BEFORE DELETE ON policy_back_test
BEGIN SELECT RAISE(ABORT, 'policy_back_test is append-only'); END;

-- The hands of a proposal.
CREATE TABLE policy_hand (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  proposal_id  TEXT    NOT NULL REFERENCES policy_proposal (id),
  hand         TEXT    NOT NULL CHECK (hand IN ('propose', 'approve', 'confirm_conditions', 'confirm_data', 'withdraw')),
  role         TEXT    NOT NULL,
  actor        TEXT    NOT NULL CHECK (actor <> '' AND actor <> 'system'),
  reason       TEXT    NOT NULL DEFAULT '',
  back_test_id INTEGER REFERENCES policy_back_test (id),
  at           INTEGER NOT NULL
);
CREATE INDEX policy_hand_proposal ON policy_hand (proposal_id, id);
CREATE TRIGGER policy_hand_no_update BEFORE UPDATE ON policy_hand
BEGIN SELECT RAISE(ABORT, 'policy_hand is append-only'); END;
CREATE TRIGGER policy_hand_no_delete BEFORE DELETE ON policy_hand
BEGIN SELECT RAISE(ABORT, 'policy_hand is append-only'); END;
-- Four eyes: nobody approves what they proposed, nobody approves twice; one person does not confirm both.
CREATE TRIGGER policy_hand_four_eyes BEFORE INSERT ON policy_hand
WHEN (NEW.hand = 'approve' AND EXISTS (SELECT 1 FROM policy_hand WHERE proposal_id = NEW.proposal_id
        AND actor = NEW.actor AND hand IN ('propose', 'approve')))
  OR (NEW.hand = 'confirm_conditions' AND EXISTS (SELECT 1 FROM policy_hand WHERE proposal_id = NEW.proposal_id
        AND actor = NEW.actor AND hand = 'confirm_data'))
  OR (NEW.hand = 'confirm_data' AND EXISTS (SELECT 1 FROM policy_hand WHERE proposal_id = NEW.proposal_id
        AND actor = NEW.actor AND hand = 'confirm_conditions'))
BEGIN SELECT RAISE(ABORT, 'four_eyes: this needs another person'); END;
CREATE TRIGGER policy_hand_back_tested BEFORE INSERT ON policy_hand
WHEN NEW.hand = 'approve' AND NOT EXISTS (SELECT 1 FROM policy_back_test WHERE proposal_id = NEW.proposal_id
       AND id = NEW.back_test_id)
BEGIN SELECT RAISE(ABORT, 'nobody approves without a back-test'); END;
-- Nothing is done that was not approved, and no item comes in force that was not confirmed by both sides.
CREATE TRIGGER policy_proposal_hands BEFORE UPDATE OF state ON policy_proposal
WHEN (NEW.state IN ('approved', 'done') AND NOT EXISTS (SELECT 1 FROM policy_hand WHERE proposal_id = NEW.id
        AND hand = 'approve'))
  OR (NEW.state = 'done' AND NEW.kind = 'publish' AND (SELECT count(DISTINCT hand) FROM policy_hand
        WHERE proposal_id = NEW.id AND hand IN ('confirm_conditions', 'confirm_data')) < 2)
BEGIN SELECT RAISE(ABORT, 'four_eyes: approval or confirmation is missing'); END;
CREATE TRIGGER policy_proposal_born BEFORE INSERT ON policy_proposal WHEN NEW.state <> 'proposed'
BEGIN SELECT RAISE(ABORT, 'a proposal begins as proposed'); END;
