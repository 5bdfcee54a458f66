-- An item in force whose data come from elsewhere, or grow stale later, than was confirmed with it: confirmed anew by a
-- data officer. The newest row of a version counts; without one, what its proposal says.
CREATE TABLE policy_data_confirmation (
  id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  policy_id TEXT   NOT NULL,
  version   TEXT   NOT NULL,
  data      TEXT   NOT NULL,                   -- canonical JSON, as in policy_proposal
  actor     TEXT   NOT NULL CHECK (actor <> '' AND actor <> 'system'),
  at        BIGINT NOT NULL
);
CREATE INDEX policy_data_confirmation_version ON policy_data_confirmation (policy_id, version, id);
CREATE TRIGGER policy_data_confirmation_no_change BEFORE UPDATE OR DELETE ON policy_data_confirmation
  FOR EACH ROW EXECUTE FUNCTION publishing_append_only();
-- Conditions and data of a version are confirmed by two people.
CREATE FUNCTION policy_data_confirmation_four_eyes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM policy_hand h JOIN policy_proposal p ON p.id = h.proposal_id WHERE p.policy_id = NEW.policy_id
       AND p.version = NEW.version AND p.state = 'done' AND h.hand = 'confirm_conditions' AND h.actor = NEW.actor) THEN
    RAISE EXCEPTION 'four_eyes: this needs another person' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER policy_data_confirmation_four_eyes BEFORE INSERT ON policy_data_confirmation
  FOR EACH ROW EXECUTE FUNCTION policy_data_confirmation_four_eyes();
