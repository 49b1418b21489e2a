CREATE TABLE master (
    summary TEXT NOT NULL
) STRICT;

CREATE TABLE listings (
    number INTEGER PRIMARY KEY,
    venue TEXT NOT NULL,
    segment TEXT NOT NULL,
    symbol TEXT NOT NULL,
    name TEXT NOT NULL,
    currency TEXT NOT NULL,
    kind TEXT NOT NULL,
    tick_size TEXT,
    lot_size INTEGER NOT NULL,
    multiplier TEXT NOT NULL,
    isin TEXT NOT NULL,
    exchange_tag TEXT NOT NULL,
    token TEXT NOT NULL,
    feed_token TEXT NOT NULL,
    feed_symbol TEXT NOT NULL,
    series TEXT NOT NULL,
    expiry TEXT,
    strike TEXT
) STRICT;

CREATE TABLE row_notes (
    is_skipped INTEGER NOT NULL,
    line INTEGER NOT NULL,
    reason TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;

CREATE TABLE changes (
    noted_ns INTEGER NOT NULL,
    kind TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL
) STRICT;

CREATE VIRTUAL TABLE listing_text USING fts5 (
    symbol, name, isin, token,
    content = 'listings', content_rowid = 'number', tokenize = 'unicode61'
);
