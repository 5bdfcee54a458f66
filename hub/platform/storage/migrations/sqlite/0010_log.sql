-- The trail as a transparency log: sealed heads over one growing tree, their time-stamps and countersignatures.
CREATE TABLE audit_log (
  one        INTEGER PRIMARY KEY CHECK (one = 1),       -- There is one log.
  id         TEXT    NOT NULL,                          -- UUID; stands in every head
  created_at INTEGER NOT NULL
);
-- Full tiles of the tree: 256 hashes side by side at height 8·level, and the hash above them. What is not full yet is
-- computed from the tiles below, and at level 0 from audit_record.leaf_hash.
CREATE TABLE audit_tile (
  level  INTEGER NOT NULL CHECK (level >= 0),
  place  INTEGER NOT NULL CHECK (place >= 0),
  root   BLOB    NOT NULL CHECK (length(root) = 32),
  hashes BLOB    NOT NULL CHECK (length(hashes) = 8192),
  PRIMARY KEY (level, place)
);
CREATE TABLE audit_head (
  size    INTEGER PRIMARY KEY CHECK (size > 0),         -- records 1 … size
  at      INTEGER NOT NULL,
  root    BLOB    NOT NULL CHECK (length(root) = 32),
  payload TEXT    NOT NULL,                             -- canonical JSON: the octets that are sealed
  seal    BLOB    NOT NULL                              -- SES_Signature over them
);
CREATE TABLE audit_time (
  size        INTEGER PRIMARY KEY,                      -- of the head
  at          INTEGER NOT NULL,                         -- when the token came, business clock
  gen_time    INTEGER NOT NULL,                         -- what the token says
  expires_at  INTEGER NOT NULL,                         -- the end of the authority's certificate
  token       BLOB    NOT NULL                          -- RFC 3161, over the head's signature value
);
CREATE TABLE audit_witness (
  size INTEGER NOT NULL,
  peer TEXT    NOT NULL,
  at   INTEGER NOT NULL,
  seal BLOB    NOT NULL,                                -- the peer's SES_Signature over the head's payload
  PRIMARY KEY (size, peer)
);
-- Old heads and tokens that became part of a later record, before their authority's certificate ended.
CREATE TABLE audit_renewal (
  seq        INTEGER PRIMARY KEY,                       -- the record
  first_size INTEGER NOT NULL,
  last_size  INTEGER NOT NULL
);
-- Records that were exported whole, and may be deleted here: their hashes stay in audit_tile.
CREATE TABLE audit_archive (
  last_seq    INTEGER PRIMARY KEY,
  first_seq   INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  head_size   INTEGER NOT NULL,
  record_hash BLOB    NOT NULL CHECK (length(record_hash) = 32),  -- of last_seq: the next record's prev_hash
  manifest    TEXT    NOT NULL                          -- sm3:<hex> of the archive's manifest
);

CREATE TRIGGER audit_tile_no_update BEFORE UPDATE ON audit_tile
BEGIN SELECT RAISE(ABORT, 'audit_tile is append-only'); END;
CREATE TRIGGER audit_tile_no_delete BEFORE DELETE ON audit_tile
BEGIN SELECT RAISE(ABORT, 'audit_tile is append-only'); END;
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log never changes'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log never changes'); END;
CREATE TRIGGER audit_head_no_update BEFORE UPDATE ON audit_head
BEGIN SELECT RAISE(ABORT, 'audit_head is append-only'); END;
CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head
WHEN OLD.size >= coalesce((SELECT max(head_size) FROM audit_archive), 0)
BEGIN SELECT RAISE(ABORT, 'audit_head is append-only'); END;
CREATE TRIGGER audit_time_no_update BEFORE UPDATE ON audit_time
BEGIN SELECT RAISE(ABORT, 'audit_time is append-only'); END;
CREATE TRIGGER audit_time_no_delete BEFORE DELETE ON audit_time
WHEN OLD.size >= coalesce((SELECT max(head_size) FROM audit_archive), 0)
BEGIN SELECT RAISE(ABORT, 'audit_time is append-only'); END;
CREATE TRIGGER audit_witness_no_update BEFORE UPDATE ON audit_witness
BEGIN SELECT RAISE(ABORT, 'audit_witness is append-only'); END;
CREATE TRIGGER audit_witness_no_delete BEFORE DELETE ON audit_witness
WHEN OLD.size >= coalesce((SELECT max(head_size) FROM audit_archive), 0)
BEGIN SELECT RAISE(ABORT, 'audit_witness is append-only'); END;
CREATE TRIGGER audit_archive_no_update BEFORE UPDATE ON audit_archive
BEGIN SELECT RAISE(ABORT, 'audit_archive is append-only'); END;
CREATE TRIGGER audit_archive_no_delete BEFORE DELETE ON audit_archive
BEGIN SELECT RAISE(ABORT, 'audit_archive is append-only'); END;

-- Only what an archive holds may be deleted.
DROP TRIGGER audit_record_no_delete;
CREATE TRIGGER audit_record_no_delete BEFORE DELETE ON audit_record
WHEN OLD.seq > coalesce((SELECT max(last_seq) FROM audit_archive), 0)
BEGIN SELECT RAISE(ABORT, 'audit_record is append-only: rows are never deleted'); END;
