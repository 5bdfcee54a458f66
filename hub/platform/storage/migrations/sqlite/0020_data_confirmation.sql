-- An item in force whose data come from elsewhere, or grow stale later, than was confirmed with it: confirmed anew by a
-- data officer. The newest row of a version counts; without one, what its proposal says.
CREATE TABLE policy_data_confirmation (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  policy_id TEXT    NOT NULL,
  version   TEXT    NOT NULL,
  data      TEXT    NOT NULL,                  -- canonical JSON, as in policy_proposal
  actor     TEXT    NOT NULL CHECK (actor <> '' AND actor <> 'system'),
  at        INTEGER NOT NULL
);
CREATE INDEX policy_data_confirmation_version ON policy_data_confirmation (policy_id, version, id);
CREATE TRIGGER policy_data_confirmation_no_update BEFORE UPDATE ON policy_data_confirmation
BEGIN SELECT RAISE(ABORT, 'policy_data_confirmation is append-only'); END;
CREATE TRIGGER policy_data_confirmation_no_delete BEFORE DELETE ON policy_data_confirmation
BEGIN SELECT RAISE(ABORT, 'policy_data_confirmation is append-only'); END;
-- Conditions and data of a version are confirmed by two people.
CREATE TRIGGER policy_data_confirmation_four_eyes BEFORE INSERT ON policy_data_confirmation
WHEN EXISTS (SELECT 1 FROM policy_hand h JOIN policy_proposal p ON p.id = h.proposal_id WHERE p.policy_id = NEW.policy_id
       AND p.version = NEW.version AND p.state = 'done' AND h.hand = 'confirm_conditions' AND h.actor = NEW.actor)
BEGIN SELECT RAISE(ABORT, 'four_eyes: this needs another person'); END;
