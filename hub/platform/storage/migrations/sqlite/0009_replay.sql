-- What the replay of a dead letter needs, and what became of the last one.
ALTER TABLE dead_letter ADD COLUMN address TEXT NOT NULL DEFAULT '';        -- where it knocked; empty: kept by an older version
ALTER TABLE dead_letter ADD COLUMN replayed_at INTEGER;
ALTER TABLE dead_letter ADD COLUMN replay_result TEXT NOT NULL DEFAULT '';  -- `done`, or the code of the refusal

-- What a batch said, so that another content under a used batch id is told from a repetition.
ALTER TABLE intake_batch ADD COLUMN content_digest TEXT NOT NULL DEFAULT '';  -- empty: taken by an older version
