"""From the bytes of a file or an answer to its lines: compression, encodings and absurd sizes. Pure."""

from __future__ import annotations

import codecs
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from marketwatch.errors import InstrumentError

LARGEST_MASTER: Final = 500 * 1024 * 1024
LONGEST_LINE: Final = 1024 * 1024
_GZIP: Final = b"\x1f\x8b"
_PIECE: Final = 1024 * 1024
_ENOUGH_TO_SNIFF: Final = 64


class MasterText:
    """The text of one master, decoded while it is read.

    `is_cut` and `warnings` are known once everything was read. Raises InstrumentError when there is too much, or when
    it is neither text nor compressed text.
    """

    def __init__(self, chunks: Iterable[bytes], name: str, *, limit: int = LARGEST_MASTER) -> None:
        self._chunks = chunks
        self._name = name
        self._limit = limit
        self._digest = hashlib.blake2b(digest_size=16)
        self.is_cut = False
        self.warnings: list[str] = []
        self.ends_with_a_line_end = True
        self.overlong: dict[int, str] = {}

    def lines(self) -> Iterator[str]:
        """Yield the lines without their ends; a line beyond reason becomes an empty one, named in `overlong`."""
        tail, number, dropped = "", 0, False
        for text in self.pieces():
            parts = (tail + text).split("\n")
            tail = parts.pop()
            for part in parts:
                number += 1
                if dropped or len(part) > LONGEST_LINE or "\0" in part:
                    self.overlong[number] = "it holds NUL characters" if "\0" in part else "the line is too long"
                    part, dropped = "", False
                yield part
            if len(tail) > LONGEST_LINE:
                tail, dropped = "", True
        self.ends_with_a_line_end = not tail and not dropped
        if dropped or "\0" in tail:
            self.overlong[number + 1] = "the line is too long" if dropped else "it holds NUL characters"
            tail = ""
        if tail or dropped:
            yield tail

    def whole(self) -> str:
        """Return everything at once."""
        return "".join(self.pieces())

    def pieces(self) -> Iterator[str]:
        """Yield the decoded text with `\\n` as the only line end."""
        data = _joined_start(self._plain())
        encoding = _encoding(next(data))
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)("strict"), translate=True)
        for chunk in data:
            try:
                yield decoder.decode(chunk)
            except UnicodeDecodeError as error:
                if not encoding.startswith("utf-8"):
                    raise InstrumentError(self._name, "it is not text") from error
                self.warnings.append("It is not UTF-8 and was read as Latin-1: names may look odd")
                pending = codecs.getincrementaldecoder("cp1252")("replace")
                held = decoder.getstate()[0]
                decoder = io.IncrementalNewlineDecoder(pending, translate=True)
                yield decoder.decode(held + chunk)
        yield self._last(decoder)

    @property
    def digest(self) -> str:
        """Tells whether two files are the same, once everything was read."""
        return self._digest.hexdigest()

    def _hashed(self, chunk: bytes) -> bytes:
        self._digest.update(chunk)
        return chunk

    def _last(self, decoder: io.IncrementalNewlineDecoder) -> str:
        try:
            return decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            self.is_cut = True
            return ""

    def _plain(self) -> Iterator[bytes]:
        """Undo compression, whether the answer's header named it or not, and keep to the limit."""
        total = 0
        for piece in self._unpacked():
            total += len(piece)
            if total > self._limit:
                size = f"{self._limit // 1024**2} MB"
                raise InstrumentError(self._name, f"it is larger than {size}", "Check that it is the right file")
            yield piece

    def _unpacked(self) -> Iterator[bytes]:
        chunks = _joined_start(map(self._hashed, self._chunks))
        if not next(chunks).startswith(_GZIP):
            for chunk in chunks:
                yield from (chunk[at : at + _PIECE] for at in range(0, len(chunk), _PIECE))
            return
        unpack = zlib.decompressobj(wbits=31)
        try:
            for chunk in chunks:
                while chunk:
                    if unpack.eof:
                        if not chunk.startswith(_GZIP):
                            return
                        unpack = zlib.decompressobj(wbits=31)
                    yield unpack.decompress(chunk, _PIECE)
                    chunk = unpack.unconsumed_tail or unpack.unused_data
        except zlib.error as error:
            raise InstrumentError(self._name, "its compression is damaged") from error
        self.is_cut = self.is_cut or not unpack.eof


def _joined_start(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the first bytes to look at, then everything, those included."""
    start = b""
    for chunk in chunks:
        start += chunk
        if len(start) >= _ENOUGH_TO_SNIFF:
            break
    yield start[:_ENOUGH_TO_SNIFF]
    yield start
    yield from chunks


def _encoding(start: bytes) -> str:
    """Name the encoding by its mark or, without one, by where the zero bytes are."""
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = start[::2].count(0), start[1::2].count(0)
    if odd > len(start) // 4 and even == 0:
        return "utf-16-le"
    if even > len(start) // 4 and odd == 0:
        return "utf-16-be"
    return "utf-8"
