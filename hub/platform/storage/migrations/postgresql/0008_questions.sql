-- A message that its receiver refused for good waits for a person: asked once for each refusal. The question is closed
-- when the receiver has the message after all, answers it, or refuses it once more (which is asked anew).
CREATE TABLE refused_message (
  outbox_id  BIGINT NOT NULL REFERENCES outbox (id),
  refused_at BIGINT NOT NULL,                  -- outbox.settled_at of the refusal
  asked_at   BIGINT NOT NULL,
  closed_at  BIGINT,
  PRIMARY KEY (outbox_id, refused_at)
);
CREATE UNIQUE INDEX refused_message_open ON refused_message (outbox_id) WHERE closed_at IS NULL;

-- Who wrote an objection down, as the book of people knows them, and for whom. Persons are compared, not texts.
ALTER TABLE objection ADD COLUMN raised_by_person TEXT NOT NULL DEFAULT '';
ALTER TABLE objection ADD COLUMN on_behalf_of TEXT NOT NULL DEFAULT '';
ALTER TABLE objection ADD COLUMN decided_by_person TEXT NOT NULL DEFAULT '';
UPDATE objection SET raised_by_person = substr(raised_by, 6) WHERE raised_by LIKE 'user:%';
UPDATE objection SET decided_by_person = substr(decided_by, 6) WHERE decided_by LIKE 'user:%';
CREATE FUNCTION objection_two_persons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.decided_by_person <> '' AND NEW.decided_by_person IN (NEW.raised_by_person, NEW.on_behalf_of) THEN
    RAISE EXCEPTION 'four_eyes: who raised an objection does not decide it' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER objection_two_persons BEFORE UPDATE ON objection
  FOR EACH ROW EXECUTE FUNCTION objection_two_persons();

-- The final yes was given for one account. Another account takes the yes back, so that other people see it first.
CREATE FUNCTION benefit_case_released_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.approved_once = 1 AND NEW.approved_once = 1
     AND (NEW.payee_account_no IS DISTINCT FROM OLD.payee_account_no OR NEW.payee_name IS DISTINCT FROM OLD.payee_name
       OR NEW.payee_bank_no IS DISTINCT FROM OLD.payee_bank_no
       OR NEW.payee_bank_name IS DISTINCT FROM OLD.payee_bank_name) THEN
    RAISE EXCEPTION 'four_eyes: another account needs a new review' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER benefit_case_released_account BEFORE UPDATE ON benefit_case
  FOR EACH ROW EXECUTE FUNCTION benefit_case_released_account();
