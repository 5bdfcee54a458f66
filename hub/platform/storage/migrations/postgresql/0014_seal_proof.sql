-- The way from sealed octets to the seal of their batch (proof.json, docs/seal.md); '' where the seal is over them alone.
-- `seal` is the full form in any case.
ALTER TABLE payment_attempt ADD COLUMN seal_proof TEXT NOT NULL DEFAULT '';
ALTER TABLE treasury_message ADD COLUMN seal_proof TEXT NOT NULL DEFAULT '';
ALTER TABLE intake_batch ADD COLUMN payload_proof TEXT NOT NULL DEFAULT '';

CREATE FUNCTION payment_attempt_proof() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.seal_proof <> OLD.seal_proof THEN
    RAISE EXCEPTION 'what was sealed is never changed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payment_attempt_proof BEFORE UPDATE OF seal_proof ON payment_attempt
  FOR EACH ROW EXECUTE FUNCTION payment_attempt_proof();
