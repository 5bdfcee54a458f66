-- The trail as a transparency log: sealed heads over one growing tree, their time-stamps and countersignatures.
CREATE TABLE audit_log (
  one        BIGINT PRIMARY KEY CHECK (one = 1),        -- There is one log.
  id         TEXT   NOT NULL,                           -- UUID; stands in every head
  created_at BIGINT NOT NULL
);
-- Full tiles of the tree: 256 hashes side by side at height 8·level, and the hash above them. What is not full yet is
-- computed from the tiles below, and at level 0 from audit_record.leaf_hash.
CREATE TABLE audit_tile (
  level  BIGINT NOT NULL CHECK (level >= 0),
  place  BIGINT NOT NULL CHECK (place >= 0),
  root   BYTEA  NOT NULL CHECK (length(root) = 32),
  hashes BYTEA  NOT NULL CHECK (length(hashes) = 8192),
  PRIMARY KEY (level, place)
);
CREATE TABLE audit_head (
  size    BIGINT PRIMARY KEY CHECK (size > 0),          -- records 1 … size
  at      BIGINT NOT NULL,
  root    BYTEA  NOT NULL CHECK (length(root) = 32),
  payload TEXT   NOT NULL,                              -- canonical JSON: the octets that are sealed
  seal    BYTEA  NOT NULL                               -- SES_Signature over them
);
CREATE TABLE audit_time (
  size        BIGINT PRIMARY KEY,                       -- of the head
  at          BIGINT NOT NULL,                          -- when the token came, business clock
  gen_time    BIGINT NOT NULL,                          -- what the token says
  expires_at  BIGINT NOT NULL,                          -- the end of the authority's certificate
  token       BYTEA  NOT NULL                           -- RFC 3161, over the head's signature value
);
CREATE TABLE audit_witness (
  size BIGINT NOT NULL,
  peer TEXT   NOT NULL,
  at   BIGINT NOT NULL,
  seal BYTEA  NOT NULL,                                 -- the peer's SES_Signature over the head's payload
  PRIMARY KEY (size, peer)
);
-- Old heads and tokens that became part of a later record, before their authority's certificate ended.
CREATE TABLE audit_renewal (
  seq        BIGINT PRIMARY KEY,                        -- the record
  first_size BIGINT NOT NULL,
  last_size  BIGINT NOT NULL
);
-- Records that were exported whole, and may be deleted here: their hashes stay in audit_tile.
CREATE TABLE audit_archive (
  last_seq    BIGINT PRIMARY KEY,
  first_seq   BIGINT NOT NULL,
  at          BIGINT NOT NULL,
  head_size   BIGINT NOT NULL,
  record_hash BYTEA  NOT NULL CHECK (length(record_hash) = 32),  -- of last_seq: the next record's prev_hash
  manifest    TEXT   NOT NULL                           -- sm3:<hex> of the archive's manifest
);

CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: rows are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
CREATE FUNCTION audit_log_check_archived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.size >= coalesce((SELECT max(head_size) FROM audit_archive), 0) THEN
    RAISE EXCEPTION '% is append-only: only what is archived may go', TG_TABLE_NAME USING ERRCODE = 'check_violation';
  END IF;
  RETURN OLD;
END $$;
CREATE FUNCTION audit_record_check_archived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.seq > coalesce((SELECT max(last_seq) FROM audit_archive), 0) THEN
    RAISE EXCEPTION 'audit_record is append-only: rows are never deleted' USING ERRCODE = 'check_violation';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER audit_tile_no_change BEFORE UPDATE OR DELETE ON audit_tile
  FOR EACH ROW EXECUTE FUNCTION audit_log_refuse();
CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE ON audit_log
  FOR EACH ROW EXECUTE FUNCTION audit_log_refuse();
CREATE TRIGGER audit_archive_no_change BEFORE UPDATE OR DELETE ON audit_archive
  FOR EACH ROW EXECUTE FUNCTION audit_log_refuse();
CREATE TRIGGER audit_head_no_update BEFORE UPDATE ON audit_head
  FOR EACH ROW EXECUTE FUNCTION audit_log_refuse();
CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head
  FOR EACH ROW EXECUTE FUNCTION audit_log_check_archived();
CREATE TRIGGER audit_time_no_update BEFORE UPDATE ON audit_time
  FOR EACH ROW EXECUTE FUNCTION audit_log_refuse();
CREATE TRIGGER audit_time_no_delete BEFORE DELETE ON audit_time
  FOR EACH ROW EXECUTE FUNCTION audit_log_check_archived();
CREATE TRIGGER audit_witness_no_update BEFORE UPDATE ON audit_witness
  FOR EACH ROW EXECUTE FUNCTION audit_log_refuse();
CREATE TRIGGER audit_witness_no_delete BEFORE DELETE ON audit_witness
  FOR EACH ROW EXECUTE FUNCTION audit_log_check_archived();

-- Only what an archive holds may be deleted.
DROP TRIGGER audit_record_no_change ON audit_record;
CREATE TRIGGER audit_record_no_change BEFORE UPDATE ON audit_record
  FOR EACH ROW EXECUTE FUNCTION audit_record_refuse();
CREATE TRIGGER audit_record_no_delete BEFORE DELETE ON audit_record
  FOR EACH ROW EXECUTE FUNCTION audit_record_check_archived();
