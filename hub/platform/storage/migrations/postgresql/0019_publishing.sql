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
CREATE FUNCTION publishing_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER entitlement_history_no_change BEFORE UPDATE OR DELETE ON entitlement_history
  FOR EACH ROW EXECUTE FUNCTION publishing_append_only();

-- The code tables that a hub ran with: the SHA-256 of each, under the SHA-256 of that list.
CREATE TABLE code_lists (
  digest     TEXT    NOT NULL PRIMARY KEY,
  files      TEXT    NOT NULL,                 -- canonical JSON: file name → SHA-256
  first_used BIGINT  NOT NULL
);

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
  proposed_at  BIGINT  NOT NULL,
  ended_at     BIGINT
);
CREATE UNIQUE INDEX policy_proposal_open ON policy_proposal (policy_id) WHERE state IN ('proposed', 'approved');
CREATE INDEX policy_proposal_policy ON policy_proposal (policy_id, proposed_at);
CREATE FUNCTION policy_proposal_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.policy_id <> OLD.policy_id OR NEW.version <> OLD.version
  OR NEW.body <> OLD.body OR NEW.checks <> OLD.checks OR NEW.data <> OLD.data OR NEW.proposed_at <> OLD.proposed_at
  OR OLD.state IN ('done', 'withdrawn') THEN
    RAISE EXCEPTION 'a proposal keeps what was proposed, and ends once' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER policy_proposal_identity BEFORE UPDATE ON policy_proposal
  FOR EACH ROW EXECUTE FUNCTION policy_proposal_identity();
CREATE TRIGGER policy_proposal_no_delete BEFORE DELETE ON policy_proposal
  FOR EACH ROW EXECUTE FUNCTION publishing_append_only();

-- What it would do, against the profiles of the day.
CREATE TABLE policy_back_test (
  id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  proposal_id   TEXT    NOT NULL REFERENCES policy_proposal (id),
  day           TEXT    NOT NULL,
  base_version  TEXT    NOT NULL,
  inputs_digest TEXT    NOT NULL,              -- SHA-256 over both versions, the day, and what was read of each firm
  report        TEXT    NOT NULL,              -- canonical JSON
  at            BIGINT  NOT NULL
);
CREATE INDEX policy_back_test_proposal ON policy_back_test (proposal_id, id);
CREATE TRIGGER policy_back_test_no_change BEFORE UPDATE OR DELETE ON policy_back_test
  FOR EACH ROW EXECUTE FUNCTION publishing_append_only();

-- The hands of a proposal.
CREATE TABLE policy_hand (
  id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  proposal_id  TEXT    NOT NULL REFERENCES policy_proposal (id),
  hand         TEXT    NOT NULL CHECK (hand IN ('propose', 'approve', 'confirm_conditions', 'confirm_data', 'withdraw')),
  role         TEXT    NOT NULL,
  actor        TEXT    NOT NULL CHECK (actor <> '' AND actor <> 'system'),
  reason       TEXT    NOT NULL DEFAULT '',
  back_test_id BIGINT  REFERENCES policy_back_test (id),
  at           BIGINT  NOT NULL
);
CREATE INDEX policy_hand_proposal ON policy_hand (proposal_id, id);
CREATE TRIGGER policy_hand_no_change BEFORE UPDATE OR DELETE ON policy_hand
  FOR EACH ROW EXECUTE FUNCTION publishing_append_only();
-- Four eyes: nobody approves what they proposed, nobody approves twice; one person does not confirm both. Nobody
-- approves without a back-test.
CREATE FUNCTION policy_hand_four_eyes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.hand = 'approve' AND EXISTS (SELECT 1 FROM policy_hand WHERE proposal_id = NEW.proposal_id
        AND actor = NEW.actor AND hand IN ('propose', 'approve')))
  OR (NEW.hand = 'confirm_conditions' AND EXISTS (SELECT 1 FROM policy_hand WHERE proposal_id = NEW.proposal_id
        AND actor = NEW.actor AND hand = 'confirm_data'))
  OR (NEW.hand = 'confirm_data' AND EXISTS (SELECT 1 FROM policy_hand WHERE proposal_id = NEW.proposal_id
        AND actor = NEW.actor AND hand = 'confirm_conditions')) THEN
    RAISE EXCEPTION 'four_eyes: this needs another person' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.hand = 'approve' AND NOT EXISTS (SELECT 1 FROM policy_back_test WHERE proposal_id = NEW.proposal_id
       AND id = NEW.back_test_id) THEN
    RAISE EXCEPTION 'nobody approves without a back-test' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER policy_hand_four_eyes BEFORE INSERT ON policy_hand
  FOR EACH ROW EXECUTE FUNCTION policy_hand_four_eyes();
-- Nothing is done that was not approved, and no item comes in force that was not confirmed by both sides.
CREATE FUNCTION policy_proposal_hands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.state IN ('approved', 'done') AND NOT EXISTS (SELECT 1 FROM policy_hand WHERE proposal_id = NEW.id
        AND hand = 'approve'))
  OR (NEW.state = 'done' AND NEW.kind = 'publish' AND (SELECT count(DISTINCT hand) FROM policy_hand
        WHERE proposal_id = NEW.id AND hand IN ('confirm_conditions', 'confirm_data')) < 2) THEN
    RAISE EXCEPTION 'four_eyes: approval or confirmation is missing' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER policy_proposal_hands BEFORE UPDATE OF state ON policy_proposal
  FOR EACH ROW EXECUTE FUNCTION policy_proposal_hands();
CREATE FUNCTION policy_proposal_born() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state <> 'proposed' THEN
    RAISE EXCEPTION 'a proposal begins as proposed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER policy_proposal_born BEFORE INSERT ON policy_proposal
  FOR EACH ROW EXECUTE FUNCTION policy_proposal_born();
