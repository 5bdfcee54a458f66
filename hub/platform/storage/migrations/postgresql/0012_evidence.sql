-- Evidence packs: what the hub stated of a case, fact by fact, so that packs for different readers agree; and what is
-- needed to prove the rows of sources that a case stood on.

-- One sealed statement over all facts of a case; a new version where facts came since.
CREATE TABLE evidence_statement (
  case_id TEXT   NOT NULL REFERENCES benefit_case (id),
  version BIGINT NOT NULL CHECK (version > 0),
  leaves  BIGINT NOT NULL CHECK (leaves > 0),
  payload TEXT   NOT NULL,                     -- canonical JSON with the root: the octets that are sealed
  seal    BYTEA  NOT NULL CHECK (length(seal) > 0),
  at      BIGINT NOT NULL,
  PRIMARY KEY (case_id, version)
);
-- Its leaves. Who knows a salt can show the fact; who does not learns nothing from the leaf.
CREATE TABLE evidence_fact (
  case_id  TEXT   NOT NULL,
  version  BIGINT NOT NULL,
  position BIGINT NOT NULL,
  name     TEXT   NOT NULL,
  value    TEXT   NOT NULL,                    -- canonical JSON
  salt     BYTEA  NOT NULL CHECK (length(salt) = 32),
  PRIMARY KEY (case_id, version, position),
  UNIQUE (case_id, version, name),
  FOREIGN KEY (case_id, version) REFERENCES evidence_statement (case_id, version)
);

CREATE FUNCTION evidence_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER evidence_statement_no_change BEFORE UPDATE OR DELETE ON evidence_statement
  FOR EACH ROW EXECUTE FUNCTION evidence_refuse();
CREATE TRIGGER evidence_fact_no_change BEFORE UPDATE OR DELETE ON evidence_fact
  FOR EACH ROW EXECUTE FUNCTION evidence_refuse();

-- The SHA-256 digests of a batch's rows, side by side in their order: what the root in its manifest is computed from.
ALTER TABLE intake_batch ADD COLUMN row_digests BYTEA;  -- NULL: taken by an older version

-- Rows of sources as they were before a newer version replaced them: a case stands on what was true then.
CREATE TABLE source_record_version (
  id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  record_id   BIGINT NOT NULL,
  batch_id    TEXT   NOT NULL,
  as_of       TEXT   NOT NULL,
  received_at BIGINT NOT NULL,
  body        BYTEA  NOT NULL,
  columns     TEXT   NOT NULL,
  trace_id    TEXT   NOT NULL
);
CREATE INDEX source_record_version_record ON source_record_version (record_id, trace_id);
CREATE FUNCTION source_record_keep_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO source_record_version (record_id, batch_id, as_of, received_at, body, columns, trace_id)
  VALUES (OLD.id, OLD.batch_id, OLD.as_of, OLD.received_at, OLD.body, OLD.columns, OLD.trace_id);
  RETURN NULL;
END $$;
CREATE TRIGGER source_record_keeps_version AFTER UPDATE OF batch_id ON source_record
  FOR EACH ROW WHEN (OLD.batch_id <> NEW.batch_id OR OLD.trace_id <> NEW.trace_id)
  EXECUTE FUNCTION source_record_keep_version();
