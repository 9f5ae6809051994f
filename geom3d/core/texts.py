"""Texts that others wrote: what a screen, a page, an XML file and a spreadsheet can all take.

A template may come from a stranger. Its texts are checked once, where they come in, by the types of `geom3d.core.words`; whoever writes them
into a medium that gives some characters a meaning escapes them there: `on_screen`, `in_csv`, `in_markdown`, XML and HTML by their libraries.
"""

from __future__ import annotations

import re
import unicodedata

#: Characters of a text, at most.
LONGEST = 10_000
#: A break of a line, or a tab, with the blanks around it: nothing but a gap between words.
_GAP = re.compile(r"[ ]*[\r\n\t][ \r\n\t]*")
#: What moves the cursor, turns the direction of reading, breaks lines, is no character, or cannot be encoded: Unicode's categories Cc, Cs, Zl, Zp, and
#: some of Cf. Joiners and marks of direction, which scripts need, stay.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_NEVER = frozenset(("Cc", "Cs", "Zl", "Zp"))
#: With one of these in front, a spreadsheet computes what is written.
_COMPUTED = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z|[+-]?(inf|nan)\Z")
#: What Markdown takes for markup or for HTML, links and pictures among it.
_MARKS = re.compile(r"[\\|`<]|(?<=\])[(\[]")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def words(text: str) -> str:
    r"""A text with its lines joined.

    >>> words("two\n  lines")
    'two lines'

    Raises:
        ValueError: with the rule that it breaks; callers add the key.
    """
    joined = _GAP.sub(" ", text)
    bad = next((character for character in joined if not _is_plain(character)), None)
    if bad is not None:
        if unicodedata.category(bad) == "Cs":
            raise ValueError("must be text that UTF-8 can hold")
        raise ValueError(f"must be plain text, without control characters; it holds U+{ord(bad):04X}")
    if len(joined) > LONGEST:
        raise ValueError(f"must have at most {LONGEST:,} characters; it has {len(joined):,}")
    return joined


def on_screen(text: str) -> str:
    r"""A text that does nothing to a terminal but appear: all else is written as Python would.

    >>> print(on_screen("\x1b[31mred\x07"))
    \x1b[31mred\x07
    """
    return "".join(c if c in "\n\t" or _is_plain(c) else c.encode("unicode_escape").decode() for c in text)


def in_csv(value: str) -> str:
    """A cell of a CSV file that no spreadsheet computes: an apostrophe stands before words that begin like a formula.

    >>> in_csv("=1+1"), in_csv("-2.5e-3"), in_csv("LiCoO2")
    ("'=1+1", '-2.5e-3', 'LiCoO2')
    """
    return f"'{value}" if value.startswith(_COMPUTED) and not _NUMBER.match(value) else value


def in_markdown(text: str) -> str:
    r"""A line of words that Markdown shows as they are, HTML among it.

    >>> print(in_markdown("<b>a|b</b> [x](y)"))
    \<b>a\|b\</b> [x]\(y)
    """
    return _ENTITY.sub("&amp;", _MARKS.sub(r"\\\g<0>", " ".join(text.split())))


def _is_plain(character: str) -> bool:
    code = ord(character)
    if 0x20 <= code < 0x7F:
        return True
    never = character in _TURNING or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return not never and unicodedata.category(character) not in _NEVER
