"""A feed is a protocol, a row of the catalog and one test file: its server side, which tests of every kind find."""

from __future__ import annotations

import pytest
from kind_sides import side_file, side_of

from marketwatch.feeds.catalog import CATALOG, FeedKind


def test_every_kind_of_feed_has_its_file() -> None:
    missing = [f"tests/contract/{side_file(kind).name}" for kind in CATALOG if not side_file(kind).exists()]
    assert missing == [], f"write {', '.join(missing)}: the server side of a feed, as SIDE (see tests/kind_sides.py)"


def test_no_file_is_of_a_kind_that_is_gone() -> None:
    known = {side_file(kind) for kind in CATALOG}
    assert set(next(iter(known)).parent.glob("test_*_side.py")) - known == set()


@pytest.mark.parametrize("kind", list(CATALOG))
def test_what_a_side_knows_is_of_its_feed(kind: FeedKind) -> None:
    spec, side = CATALOG[kind], side_of(kind)
    keys = [spec.feed_key(instrument) for instrument in side.instruments]
    assert len(set(keys)) == 4
    assert None not in keys
    assert side.stranger not in keys
    assert spec.feed_key(spec.instrument_of(side.sample.key)) == side.sample.key
