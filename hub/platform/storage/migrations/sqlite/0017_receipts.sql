-- What was received before: by a firm, or by a person of whom nothing but a salted digest is kept. Items that may be had
-- once, or not again for some months, ask here.
CREATE TABLE received_benefit (
  benefit     TEXT    NOT NULL,
  subject     TEXT    NOT NULL,
  is_person   INTEGER NOT NULL CHECK (is_person IN (0, 1)),
  reference   TEXT    NOT NULL,
  received_on TEXT    NOT NULL,
  source      TEXT    NOT NULL,
  keep_until  TEXT,
  CHECK (is_person = 0 OR keep_until IS NOT NULL),
  PRIMARY KEY (benefit, subject, reference)
) WITHOUT ROWID;
CREATE INDEX received_benefit_subject ON received_benefit (subject, benefit, received_on);
CREATE INDEX received_benefit_keep ON received_benefit (keep_until) WHERE keep_until IS NOT NULL;

-- Benefits of which somebody vouches that every receipt is here: only then does no row mean never.
CREATE TABLE receipt_history (
  benefit    TEXT NOT NULL PRIMARY KEY,
  vouched_by TEXT NOT NULL,
  vouched_on TEXT NOT NULL
) WITHOUT ROWID;
