-- The source door: what came in, and what the hub knows of a firm because of it.

-- One delivery of a source, with what proves it: the source's own sealed payload, or the hub's sealed manifest.
CREATE TABLE intake_batch (
  source         TEXT    NOT NULL,
  batch_id       TEXT    NOT NULL,
  origin         TEXT    NOT NULL,
  received_at    INTEGER NOT NULL,
  records        INTEGER NOT NULL,
  accepted       INTEGER NOT NULL,
  duplicate      INTEGER NOT NULL,
  quarantined    INTEGER NOT NULL,
  manifest       BLOB    NOT NULL,
  manifest_seal  BLOB    NOT NULL,
  payload        BLOB    NOT NULL,
  payload_digest TEXT    NOT NULL,
  payload_seal   BLOB    NOT NULL,
  outcomes       TEXT    NOT NULL,             -- what was answered, to be answered again when the batch comes twice
  trace_id       TEXT    NOT NULL,
  PRIMARY KEY (source, batch_id)
) WITHOUT ROWID;
CREATE INDEX intake_batch_received ON intake_batch (received_at);

-- Where to go on with a stream of a source. Streams of the hub itself begin with `@`.
CREATE TABLE source_cursor (
  source     TEXT    NOT NULL,
  stream     TEXT    NOT NULL,
  position   TEXT    NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (source, stream)
) WITHOUT ROWID;

-- The last version of every row of every source.
CREATE TABLE source_record (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  source        TEXT    NOT NULL,
  record_type   TEXT    NOT NULL,
  record_key    TEXT    NOT NULL,
  uscc          TEXT    NOT NULL DEFAULT '',   -- empty: the row speaks of no firm (budget, lists)
  matched_by    TEXT    NOT NULL DEFAULT '' CHECK (matched_by IN ('', 'uscc', 'organisation_code', 'name')),
  division      TEXT    NOT NULL DEFAULT '',
  column_digest BLOB    NOT NULL,
  as_of         TEXT    NOT NULL,              -- the day the source vouches for
  received_at   INTEGER NOT NULL,
  batch_id      TEXT    NOT NULL,
  position      INTEGER NOT NULL,
  body          BLOB    NOT NULL,
  columns       TEXT    NOT NULL,
  state         TEXT    NOT NULL CHECK (state IN ('current', 'withdrawn', 'unreadable')),
  trace_id      TEXT    NOT NULL,
  UNIQUE (source, record_type, record_key)
);
CREATE INDEX source_record_uscc ON source_record (uscc) WHERE uscc <> '';
CREATE INDEX source_record_by_name ON source_record (uscc) WHERE matched_by = 'name';

-- What could not be taken in, with its bytes and the reason; can be run again.
CREATE TABLE quarantine (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  source      TEXT    NOT NULL,
  record_type TEXT    NOT NULL,
  record_key  TEXT    NOT NULL,
  batch_id    TEXT    NOT NULL,
  position    INTEGER NOT NULL,
  code        TEXT    NOT NULL,
  file        TEXT    NOT NULL,                -- the mapping file whose rule refused it
  line        INTEGER NOT NULL,
  field       TEXT    NOT NULL,
  value       TEXT    NOT NULL,
  message     TEXT    NOT NULL,
  body        BLOB    NOT NULL,
  columns     TEXT,                            -- NULL: the adapter could not take the row apart
  change      TEXT    NOT NULL CHECK (change IN ('upsert', 'withdraw')),
  as_of       TEXT    NOT NULL,
  waits_name  TEXT    NOT NULL DEFAULT '',     -- an unknown firm is the reason: what would name it
  waits_code  TEXT    NOT NULL DEFAULT '',
  waits_type  TEXT    NOT NULL DEFAULT '',     -- another record of this source that would tell the firm …
  waits_key   TEXT    NOT NULL DEFAULT '',     -- … and its key
  state       TEXT    NOT NULL CHECK (state IN ('open', 'replayed', 'discarded')),
  attempts    INTEGER NOT NULL DEFAULT 1,
  first_at    INTEGER NOT NULL,
  last_at     INTEGER NOT NULL,
  trace_id    TEXT    NOT NULL,
  uscc        TEXT    NOT NULL DEFAULT '',
  division    TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX quarantine_open ON quarantine (source, record_type, record_key) WHERE state = 'open';
CREATE INDEX quarantine_waiting ON quarantine (id) WHERE state = 'open' AND (waits_name <> '' OR waits_code <> '' OR waits_key <> '');

CREATE TABLE enterprise (
  uscc              TEXT    PRIMARY KEY,
  division          TEXT    NOT NULL,
  name              TEXT    NOT NULL DEFAULT '',
  kind              TEXT    NOT NULL DEFAULT '',
  sequence          INTEGER NOT NULL DEFAULT 0, -- the last profile_change of this firm
  first_seen        INTEGER NOT NULL,
  updated_at        INTEGER NOT NULL,
  name_key          TEXT    NOT NULL DEFAULT '',
  name_rank         INTEGER NOT NULL DEFAULT 9,
  name_as_of        TEXT    NOT NULL DEFAULT '',
  division_rank     INTEGER NOT NULL DEFAULT 9,
  division_as_of    TEXT    NOT NULL DEFAULT '',
  organisation_code TEXT    NOT NULL
) WITHOUT ROWID;
CREATE INDEX enterprise_name ON enterprise (name_key);
CREATE INDEX enterprise_organisation_code ON enterprise (organisation_code);
CREATE INDEX enterprise_division ON enterprise (division);

-- What one row of a source says about one field of a firm. data_text NULL: the row is there but cannot be read.
CREATE TABLE profile_value (
  uscc        TEXT    NOT NULL,
  field       TEXT    NOT NULL,
  source      TEXT    NOT NULL,
  record_type TEXT    NOT NULL,
  record_key  TEXT    NOT NULL,
  data_text   TEXT,
  data_type   TEXT    NOT NULL,
  as_of       TEXT    NOT NULL,
  received_at INTEGER NOT NULL,
  record_id   INTEGER NOT NULL,
  PRIMARY KEY (uscc, field, source, record_type, record_key)
) WITHOUT ROWID;

-- The numbered log of what changed; matching reads on from its own place.
CREATE TABLE profile_change (
  sequence  INTEGER PRIMARY KEY AUTOINCREMENT,
  uscc      TEXT    NOT NULL,
  division  TEXT    NOT NULL,
  field     TEXT    NOT NULL,
  old_text  TEXT,
  new_text  TEXT,
  record_id INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  trace_id  TEXT    NOT NULL
);
CREATE INDEX profile_change_uscc ON profile_change (uscc, sequence);

-- Complete lists that were seen: where a firm is not on such a list, absence is a fact.
CREATE TABLE list_coverage (
  source      TEXT    NOT NULL,
  list_id     TEXT    NOT NULL,
  as_of       TEXT    NOT NULL,
  received_at INTEGER NOT NULL,
  record_id   INTEGER NOT NULL,
  PRIMARY KEY (source, list_id)
) WITHOUT ROWID;
