-- What REST answered to a person's request, so that the same request with the same key is answered alike and done once.
CREATE TABLE console_answer (
  person         TEXT    NOT NULL,
  route          TEXT    NOT NULL,             -- method and path
  key            TEXT    NOT NULL,             -- Idempotency-Key
  request_digest TEXT    NOT NULL,             -- SHA-256 of the request's octets, hex
  status         INTEGER NOT NULL CHECK (status BETWEEN 200 AND 499),
  body           TEXT    NOT NULL,
  at             INTEGER NOT NULL,             -- business time; kept for 24 h
  PRIMARY KEY (person, route, key)
) WITHOUT ROWID;
CREATE INDEX console_answer_at ON console_answer (at);
