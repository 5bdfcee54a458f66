-- A message that its receiver refused for good waits for a person: asked once for each refusal. The question is closed
-- when the receiver has the message after all, answers it, or refuses it once more (which is asked anew).
CREATE TABLE refused_message (
  outbox_id  INTEGER NOT NULL REFERENCES outbox (id),
  refused_at INTEGER NOT NULL,                 -- outbox.settled_at of the refusal
  asked_at   INTEGER NOT NULL,
  closed_at  INTEGER,
  PRIMARY KEY (outbox_id, refused_at)
) WITHOUT ROWID;
CREATE UNIQUE INDEX refused_message_open ON refused_message (outbox_id) WHERE closed_at IS NULL;

-- Who wrote an objection down, as the book of people knows them, and for whom. Persons are compared, not texts.
ALTER TABLE objection ADD COLUMN raised_by_person TEXT NOT NULL DEFAULT '';
ALTER TABLE objection ADD COLUMN on_behalf_of TEXT NOT NULL DEFAULT '';
ALTER TABLE objection ADD COLUMN decided_by_person TEXT NOT NULL DEFAULT '';
UPDATE objection SET raised_by_person = substr(raised_by, 6) WHERE raised_by LIKE 'user:%';
UPDATE objection SET decided_by_person = substr(decided_by, 6) WHERE decided_by LIKE 'user:%';
CREATE TRIGGER objection_two_persons BEFORE UPDATE ON objection
WHEN NEW.decided_by_person <> '' AND NEW.decided_by_person IN (NEW.raised_by_person, NEW.on_behalf_of)
BEGIN SELECT RAISE(ABORT, 'four_eyes: who raised an objection does not decide it'); END;

-- The final yes was given for one account. Another account takes the yes back, so that other people see it first.
CREATE TRIGGER benefit_case_released_account BEFORE UPDATE ON benefit_case
WHEN OLD.approved_once = 1 AND NEW.approved_once = 1
 AND (NEW.payee_account_no IS NOT OLD.payee_account_no OR NEW.payee_name IS NOT OLD.payee_name
   OR NEW.payee_bank_no IS NOT OLD.payee_bank_no OR NEW.payee_bank_name IS NOT OLD.payee_bank_name)
BEGIN SELECT RAISE(ABORT, 'four_eyes: another account needs a new review'); END;
