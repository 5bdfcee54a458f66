-- The audit trail. Append-only: triggers refuse every change and deletion, each row is chained to the one before.
CREATE TABLE audit_record (
  seq            BIGINT PRIMARY KEY CHECK (seq > 0),    -- 1, 2, 3, … without gaps
  at             BIGINT NOT NULL,                       -- milliseconds since 1970, business clock
  kind           TEXT   NOT NULL,                       -- hub/audit/events.h
  actor          TEXT   NOT NULL,
  subject_type   TEXT   NOT NULL,
  subject_id     TEXT   NOT NULL,
  case_id        TEXT   NOT NULL,
  uscc           TEXT   NOT NULL,
  division       TEXT   NOT NULL,
  trace_id       TEXT   NOT NULL,
  detail         TEXT   NOT NULL,                       -- RFC 8785
  payload_digest TEXT   NOT NULL,
  prev_hash      BYTEA  NOT NULL CHECK (length(prev_hash) = 32),
  record_hash    BYTEA  NOT NULL CHECK (length(record_hash) = 32),
  leaf_hash      BYTEA  NOT NULL CHECK (length(leaf_hash) = 32)
);
CREATE INDEX audit_record_case ON audit_record (case_id, seq) WHERE case_id <> '';
CREATE INDEX audit_record_trace ON audit_record (trace_id, seq) WHERE trace_id <> '';

CREATE FUNCTION audit_record_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_record is append-only: rows are never changed or deleted' USING ERRCODE = 'check_violation';
END $$;
CREATE FUNCTION audit_record_check_next() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit_record) THEN
    RAISE EXCEPTION 'audit_record is append-only: only the next number may be added' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_record_no_change BEFORE UPDATE OR DELETE ON audit_record
  FOR EACH ROW EXECUTE FUNCTION audit_record_refuse();
CREATE TRIGGER audit_record_no_truncate BEFORE TRUNCATE ON audit_record
  FOR EACH STATEMENT EXECUTE FUNCTION audit_record_refuse();
CREATE TRIGGER audit_record_next_only BEFORE INSERT ON audit_record
  FOR EACH ROW EXECUTE FUNCTION audit_record_check_next();
