-- Evidence packs: what the hub stated of a case, fact by fact, so that packs for different readers agree; and what is
-- needed to prove the rows of sources that a case stood on.

-- One sealed statement over all facts of a case; a new version where facts came since.
CREATE TABLE evidence_statement (
  case_id TEXT    NOT NULL REFERENCES benefit_case (id),
  version INTEGER NOT NULL CHECK (version > 0),
  leaves  INTEGER NOT NULL CHECK (leaves > 0),
  payload TEXT    NOT NULL,                    -- canonical JSON with the root: the octets that are sealed
  seal    BLOB    NOT NULL CHECK (length(seal) > 0),
  at      INTEGER NOT NULL,
  PRIMARY KEY (case_id, version)
) WITHOUT ROWID;
-- Its leaves. Who knows a salt can show the fact; who does not learns nothing from the leaf.
CREATE TABLE evidence_fact (
  case_id  TEXT    NOT NULL,
  version  INTEGER NOT NULL,
  position INTEGER NOT NULL,
  name     TEXT    NOT NULL,
  value    TEXT    NOT NULL,                   -- canonical JSON
  salt     BLOB    NOT NULL CHECK (length(salt) = 32),
  PRIMARY KEY (case_id, version, position),
  UNIQUE (case_id, version, name),
  FOREIGN KEY (case_id, version) REFERENCES evidence_statement (case_id, version)
) WITHOUT ROWID;

CREATE TRIGGER evidence_statement_no_update BEFORE UPDATE ON evidence_statement
BEGIN SELECT RAISE(ABORT, 'evidence_statement is append-only'); END;
CREATE TRIGGER evidence_statement_no_delete BEFORE DELETE ON evidence_statement
BEGIN SELECT RAISE(ABORT, 'evidence_statement is append-only'); END;
CREATE TRIGGER evidence_fact_no_update BEFORE UPDATE ON evidence_fact
BEGIN SELECT RAISE(ABORT, 'evidence_fact is append-only'); END;
CREATE TRIGGER evidence_fact_no_delete BEFORE DELETE ON evidence_fact
BEGIN SELECT RAISE(ABORT, 'evidence_fact is append-only'); END;

-- The SHA-256 digests of a batch's rows, side by side in their order: what the root in its manifest is computed from.
ALTER TABLE intake_batch ADD COLUMN row_digests BLOB;  -- NULL: taken by an older version

-- Rows of sources as they were before a newer version replaced them: a case stands on what was true then.
CREATE TABLE source_record_version (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  record_id   INTEGER NOT NULL,
  batch_id    TEXT    NOT NULL,
  as_of       TEXT    NOT NULL,
  received_at INTEGER NOT NULL,
  body        BLOB    NOT NULL,
  columns     TEXT    NOT NULL,
  trace_id    TEXT    NOT NULL
);
CREATE INDEX source_record_version_record ON source_record_version (record_id, trace_id);
CREATE TRIGGER source_record_keeps_version AFTER UPDATE OF batch_id ON source_record
WHEN OLD.batch_id <> NEW.batch_id OR OLD.trace_id <> NEW.trace_id
BEGIN
  INSERT INTO source_record_version (record_id, batch_id, as_of, received_at, body, columns, trace_id)
  VALUES (OLD.id, OLD.batch_id, OLD.as_of, OLD.received_at, OLD.body, OLD.columns, OLD.trace_id);
END;
