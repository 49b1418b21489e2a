CREATE TABLE feed_choices (
    instrument TEXT NOT NULL PRIMARY KEY,
    primary_feed TEXT,
    fallback_feed TEXT
) STRICT;
