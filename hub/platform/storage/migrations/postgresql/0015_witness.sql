-- What each peer countersigned last is asked for at every look at the status.
CREATE INDEX audit_witness_by_peer ON audit_witness (peer, size);
