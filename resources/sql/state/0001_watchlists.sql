CREATE TABLE watchlists (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    layout TEXT NOT NULL,
    sort_column TEXT,
    sort_descending INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE watchlist_entries (
    list_id TEXT NOT NULL REFERENCES watchlists (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (list_id, position)
) STRICT, WITHOUT ROWID;
