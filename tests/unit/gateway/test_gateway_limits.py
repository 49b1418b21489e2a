from __future__ import annotations

import pytest

from marketwatch.gateway.limits import Limits, RequestRate, access_for, is_loopback, refusal


@pytest.mark.parametrize(
    ("host", "origin", "query", "is_refused"),
    [
        ("127.0.0.1:8765", None, {}, False),
        ("localhost", None, {}, False),
        ("[::1]:8765", None, {}, False),
        ("evil.example:8765", None, {}, True),
        ("127.0.0.1.evil.example", None, {}, True),
        (None, None, {}, True),
        ("127.0.0.1:8765", "https://evil.example", {}, True),
        ("127.0.0.1:8765", "null", {}, True),
        ("127.0.0.1:8765", "http://desk.example", {}, False),
        ("127.0.0.1:8765", None, {"apiKey": "k"}, True),
        ("127.0.0.1:8765", None, {"tickers": "A"}, False),
    ],
)
def test_host_origin_and_keys_in_addresses(
    host: str | None, origin: str | None, query: dict[str, str], is_refused: bool
) -> None:
    access = access_for("127.0.0.1", frozenset({"http://desk.example"}))
    assert (refusal(host, origin, query, access) is not None) is is_refused


def test_a_bucket_of_requests_fills_with_time() -> None:
    rate = RequestRate(per_s=10, burst=3)
    assert [rate.wait_s(0.0) for _ in range(3)] == [0, 0, 0]
    assert rate.wait_s(0.0) == pytest.approx(0.1)
    assert rate.wait_s(1.0) == 0


def test_clients_on_loopback_share_an_address_and_others_get_four_each() -> None:
    assert Limits().for_address("127.0.0.1") == 16
    assert Limits().for_address("192.168.1.20") == 4
    assert Limits(per_address=2).for_address("127.0.0.1") == 2


@pytest.mark.parametrize(
    ("host", "answer"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("desk", False)],  # noqa: S104
)
def test_loopback(host: str, answer: bool) -> None:
    assert is_loopback(host) is answer
