CREATE TABLE feed_configs (
    id TEXT NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL,
    content TEXT NOT NULL
) STRICT;
