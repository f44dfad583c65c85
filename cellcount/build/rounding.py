"""Rounding to base 5, up or down by chance, the same figure always the same way.

A figure of 12 becomes 10 with a chance of 3/5 and 15 with one of 2/5, so that sums stay right on average. Chance is a
number worked out from the release's secret and from what the figure is of (table, measure, date and hour, zone), never
from its value: the same figure of a rebuilt release is rounded by the same number, and averaging releases gains
nothing.

The number is SipHash-1-3 of the zone, under a key of its own for every measure and hour, which BLAKE2b makes of the
secret. Both are published functions made for this: whoever lacks the secret of 256 bits cannot tell the numbers from
chance by any method known, and whoever found one hour's key would learn nothing of another's. SipHash-1-3 is the
variant with fewer rounds, used by several languages against crafted input; it has no proof, as no such function has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BASE = 5
"""Figures are released as multiples of this, in people, trips, visits or nights."""

Words = NDArray[np.uint64]

_AT_ONCE = 16_384
"""Zones hashed together: what the processor's cache holds."""
_INITIAL = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)


@dataclass(frozen=True)
class Key:
    """A key of SipHash: two numbers of 64 bits."""

    first: int
    second: int


def key_of(secret: bytes, measure: str, when: str) -> Key:
    """The key of one measure at one time.

    Parameters
    ----------
    secret : bytes
        The release's secret, 16 to 64 bytes.
    measure : str
        Table and column, for example `present all`.
    when : str
        Date and hour, month or period.

    Returns
    -------
    Key

    References
    ----------
    Saarinen, M.-J. and Aumasson, J.-P. (2015). The BLAKE2 cryptographic hash and message authentication code. RFC 7693.
    """
    digest = hashlib.blake2b(
        f"{measure}\n{when}".encode(), key=secret, digest_size=16, person=b"cellcount-round"
    ).digest()
    return Key(int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little"))


def words_of(codes: Iterable[str]) -> Words:
    """A number of 64 bits for each code, whatever list it stands in.

    Parameters
    ----------
    codes : iterable of str
        Codes of areas, countries, purposes.

    Returns
    -------
    array of uint64
    """
    digests = [hashlib.blake2b(code.encode(), digest_size=8).digest() for code in codes]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def siphash(key: Key, words: Sequence[Words], *, rounds: int = 1, final_rounds: int = 3) -> Words:
    """SipHash of messages of whole words, many at once.

    Parameters
    ----------
    key : Key
        The key.
    words : sequence of arrays of uint64, each of the same length
        First word of every message, second word, and so on.
    rounds, final_rounds : int
        Rounds for each word and at the end: 1 and 3 here, 2 and 4 in the first publication.

    Returns
    -------
    array of uint64

    References
    ----------
    Aumasson, J.-P. and Bernstein, D. J. (2012). SipHash: a fast short-input PRF. INDOCRYPT 2012, LNCS 7668, 489-508.

    Examples
    --------
    The authors' test vector for the eight bytes 00 to 07 under the key 00 to 0f:

    >>> key = Key(0x0706050403020100, 0x0F0E0D0C0B0A0908)
    >>> message = np.array([0x0706050403020100], dtype=np.uint64)
    >>> hex(siphash(key, [message], rounds=2, final_rounds=4)[0])
    '0x93f5f5799a932462'
    """
    result = np.empty(len(words[0]), dtype=np.uint64)
    for start in range(0, len(result), _AT_ONCE):
        chunk = slice(start, start + _AT_ONCE)
        result[chunk] = _siphash(key, [word[chunk] for word in words], rounds, final_rounds)
    return result


def chances(key: Key, words: Sequence[Words]) -> NDArray[np.float64]:
    """Numbers from 0 to below 1, even in their spread, one for each zone.

    Parameters
    ----------
    key : Key
        Key of the measure and hour.
    words : sequence of arrays of uint64
        What the zone is.

    Returns
    -------
    array of float
    """
    return (siphash(key, words) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def to_base(figures: NDArray[np.floating], chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Figures rounded up or down to a multiple of 5, without bias.

    Parameters
    ----------
    figures : array of float
        Estimates, 0 or more.
    chance : array of float
        A number from 0 to below 1 for each, that does not depend on the figure.

    Returns
    -------
    array of float
        The multiple above where the number is below the part that the figure has of the way to it: an expectation
        equal to the figure, and a variance of (5 - r) r for r people above the multiple below, 6.25 at most and 4 on
        average over r = 0, 1, 2, 3, 4.

    References
    ----------
    Fraser, B. and Wooton, J. (2005). A proposed method for confidentialising tabular output to protect against
    differencing. UNECE/Eurostat work session on statistical data confidentiality, Geneva, on the same figure always
    being changed in the same way; Nargundkar, M. S. and Saveland, W. (1972), Random rounding to prevent statistical
    disclosures, on rounding without bias.

    Examples
    --------
    >>> to_base(np.array([0.0, 12.0, 12.0, 15.0]), np.array([0.0, 0.39, 0.41, 0.0]))
    array([ 0., 15., 10., 15.])
    """
    steps = figures / BASE
    below = np.floor(steps)
    return BASE * (below + (chance < steps - below))


def _siphash(key: Key, words: Sequence[Words], rounds: int, final_rounds: int) -> Words:
    keys = (key.first, key.second)
    v0, v1, v2, v3 = (
        np.full(len(words[0]), initial ^ keys[number % 2], dtype=np.uint64) for number, initial in enumerate(_INITIAL)
    )
    state = (v0, v1, v2, v3, np.empty_like(v0))
    length = np.full_like(v0, 8 * len(words) % 256 << 56)
    for word in (*words, length):
        v3 ^= word
        for _ in range(rounds):
            _round(*state)
        v0 ^= word
    v2 ^= np.uint64(0xFF)
    for _ in range(final_rounds):
        _round(*state)
    return v0 ^ v1 ^ v2 ^ v3


def _round(v0: Words, v1: Words, v2: Words, v3: Words, spare: Words) -> None:
    """One round, in place: additions come round at 64 bits, as they shall."""
    v0 += v1
    _turn(v1, 13, spare)
    v1 ^= v0
    _turn(v0, 32, spare)
    v2 += v3
    _turn(v3, 16, spare)
    v3 ^= v2
    v0 += v3
    _turn(v3, 21, spare)
    v3 ^= v0
    v2 += v1
    _turn(v1, 17, spare)
    v1 ^= v2
    _turn(v2, 32, spare)


def _turn(word: Words, bits: int, spare: Words) -> None:
    """Turn the bits of each number to the left."""
    np.right_shift(word, np.uint64(64 - bits), out=spare)
    np.left_shift(word, np.uint64(bits), out=word)
    word |= spare
