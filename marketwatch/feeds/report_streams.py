"""The connections beside a feed's prices: each is a feed of its own to its supervisor."""

from __future__ import annotations

import math

import msgspec

from marketwatch.domain.ids import FeedId
from marketwatch.feeds.catalog import FeedAddress, ReportStream
from marketwatch.feeds.surroundings import FeedSettings


def stream_settings(settings: FeedSettings, stream: ReportStream) -> FeedSettings:
    """Return the settings of one such connection of a feed.

    Raises ConfigurationError when the feed's address does not lead to one.
    """
    limits = settings.spec.limits
    # An alert or a pattern may be rare: that none comes is no fault, and nothing is old for it.
    silence = msgspec.structs.replace(limits.silence, useful_s=math.inf, mute_s=math.inf)
    spec = msgspec.structs.replace(
        settings.spec,
        limits=msgspec.structs.replace(limits, silence=silence),
        protocol=stream.protocol,
        channels=(stream.channel,),
        default_channels=(stream.channel,),
        upgrade_refusal=stream.upgrade_refusal,
        has_rest_snapshot=False,
        report_streams=(),
    )
    return msgspec.structs.replace(
        settings,
        feed_id=FeedId(f"{settings.feed_id}/{stream.name}"),
        label=f"{settings.label}, {stream.name}",
        spec=spec,
        address=FeedAddress(stream.url(settings.address.url), settings.address.delay_s),
    )
