-- What came in, once each: the key under which a repetition is recognised, in the same commit as its effect.
CREATE TABLE inbox (
  peer        TEXT    NOT NULL,
  message_id  TEXT    NOT NULL,
  sha256      BLOB    NOT NULL,
  door        TEXT    NOT NULL,
  outcome     TEXT    NOT NULL CHECK (outcome IN ('done', 'refused')),
  replay      INTEGER NOT NULL DEFAULT 0,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (peer, message_id)
) WITHOUT ROWID;

-- What has to go out; written by the transaction that decided it.
CREATE TABLE outbox (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  message_id     TEXT    NOT NULL UNIQUE,
  address        TEXT    NOT NULL,
  subject        TEXT    NOT NULL,
  group_id       TEXT    NOT NULL DEFAULT '',
  correlation_id TEXT    NOT NULL DEFAULT '',
  reply_to       TEXT    NOT NULL DEFAULT '',
  content_type   TEXT    NOT NULL DEFAULT '',
  properties     TEXT    NOT NULL DEFAULT '{}',
  body           BLOB    NOT NULL,
  seal           BLOB    NOT NULL,
  trace_id       TEXT    NOT NULL DEFAULT '',
  case_id        TEXT    NOT NULL DEFAULT '',
  division       TEXT    NOT NULL DEFAULT '',
  state          TEXT    NOT NULL DEFAULT 'unsent' CHECK (state IN ('unsent', 'sent', 'rejected')),
  reason_code    TEXT    NOT NULL DEFAULT '',
  reason         TEXT    NOT NULL DEFAULT '',
  created_at     INTEGER NOT NULL,
  settled_at     INTEGER
);
CREATE INDEX outbox_unsent ON outbox (address, id) WHERE state = 'unsent';
CREATE INDEX outbox_rejected ON outbox (id) WHERE state = 'rejected';
CREATE INDEX outbox_case ON outbox (case_id, id) WHERE case_id <> '';

-- What failed for good, with its bytes, for people to look at.
CREATE TABLE dead_letter (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  peer        TEXT    NOT NULL,
  message_id  TEXT    NOT NULL,
  door        TEXT    NOT NULL,
  sha256      BLOB    NOT NULL,
  code        TEXT    NOT NULL,
  message     TEXT    NOT NULL,
  body        BLOB    NOT NULL,
  attempts    INTEGER NOT NULL,
  state       TEXT    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replayed', 'closed')),
  replays     INTEGER NOT NULL DEFAULT 0,
  created_at  INTEGER NOT NULL,
  last_at     INTEGER NOT NULL
);
CREATE UNIQUE INDEX dead_letter_message ON dead_letter (peer, message_id, sha256) WHERE message_id <> '';
CREATE INDEX dead_letter_open ON dead_letter (id) WHERE state = 'open';

-- How often a message was tried without an end; gone when it has one.
CREATE TABLE delivery_attempt (
  peer         TEXT    NOT NULL,
  message_id   TEXT    NOT NULL,
  door         TEXT    NOT NULL,
  attempts     INTEGER NOT NULL,
  last_code    TEXT    NOT NULL,
  last_message TEXT    NOT NULL,
  last_at      INTEGER NOT NULL,
  PRIMARY KEY (peer, message_id)
) WITHOUT ROWID;
