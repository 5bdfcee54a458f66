-- Policy items as published: a version is the SHA-256 of its canonical form and never changes. At most one version of an
-- item is in force.
CREATE TABLE policy (
  id           TEXT    NOT NULL,
  version      TEXT    NOT NULL,
  title        TEXT    NOT NULL,
  body         TEXT    NOT NULL,
  published_at BIGINT  NOT NULL,
  state        TEXT    NOT NULL CHECK (state IN ('in_force', 'superseded', 'withdrawn')),
  PRIMARY KEY (id, version)
);
CREATE UNIQUE INDEX policy_in_force ON policy (id) WHERE state = 'in_force';

-- Who may receive what, as it stands: the last outcome of each item on each firm.
CREATE TABLE entitlement (
  uscc             TEXT    NOT NULL,
  policy_id        TEXT    NOT NULL,
  policy_version   TEXT    NOT NULL,
  division         TEXT    NOT NULL,
  evaluated_on     TEXT    NOT NULL,
  profile_sequence BIGINT  NOT NULL,
  verdict          TEXT    NOT NULL CHECK (verdict IN ('met', 'not_met', 'unknown')),
  channel          TEXT    NOT NULL CHECK (channel IN ('appropriation', 'social_insurance_fund', 'relief')),
  amount_fen       BIGINT,
  tranches         TEXT    NOT NULL,
  clauses          TEXT    NOT NULL,
  amount_trace     TEXT    NOT NULL,
  trace_id         TEXT    NOT NULL,
  PRIMARY KEY (uscc, policy_id),
  CHECK (verdict = 'met' OR amount_fen IS NULL)
);
CREATE INDEX entitlement_policy ON entitlement (policy_id, verdict, division);
CREATE INDEX entitlement_division ON entitlement (division, verdict);

-- Every outcome that differed from the one before in verdict, sum, parts or version of the item. Append-only.
CREATE TABLE entitlement_history (
  id               BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uscc             TEXT    NOT NULL,
  policy_id        TEXT    NOT NULL,
  policy_version   TEXT    NOT NULL,
  division         TEXT    NOT NULL,
  evaluated_on     TEXT    NOT NULL,
  profile_sequence BIGINT  NOT NULL,
  verdict          TEXT    NOT NULL,
  amount_fen       BIGINT,
  tranches         TEXT    NOT NULL,
  clauses          TEXT    NOT NULL,
  amount_trace     TEXT    NOT NULL,
  at               BIGINT  NOT NULL,
  trace_id         TEXT    NOT NULL
);
CREATE INDEX entitlement_history_pair ON entitlement_history (uscc, policy_id, id);

-- How far a reader of the profile changes has come.
CREATE TABLE match_cursor (
  name     TEXT    NOT NULL PRIMARY KEY,
  sequence BIGINT  NOT NULL
);
