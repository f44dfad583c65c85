"""How much the record takes: long enough for anybody's words, short enough that nothing fills the disk."""

from __future__ import annotations

MOST_IDENTIFIER = 100
"""Characters of the id of a theme, a criterion or a release, and of the slug of a page."""
MOST_NAME = 200
"""Characters of a person's name, an option, a label, a unit, the name of a file."""
MOST_LINE = 500
"""Characters of a headline or a title."""
MOST_TEXT = 4_000
"""Characters of a caption, a reason, a sentence, the words of a slide."""
MOST_LINK = 8_000
"""Characters of the query string of a view."""
MOST_SQL = 50_000
"""Characters of a query."""
MOST_ENTRIES = 200
"""Caveats, sentences, queries, slides, names."""
MOST_YEARS = 100
FIRST_YEAR, LAST_YEAR = 1990, 2200
"""Of times and of appraisals. Nothing was kept before, and a local time near the first year of all cannot be told."""
MOST_BIAS = 100
"""Per cent of optimism bias: a category may have benefits, and a benefit cannot lose more than all of itself."""
MOST_POUNDS = 1e13
MOST_JSON_BYTES = 2_000_000
"""Of inputs, parameters or a snapshot."""
MOST_JSON_DEPTH = 32
MOST_PICTURE_BYTES = 10_000_000
MOST_PICTURE_SIDE = 10_000
"""Pixels."""
MOST_PICTURE_PIXELS = 50_000_000
"""What is decoded at once: four bytes a pixel, 200 MB."""
MOST_VERSION = 2_000_000_000
MOST_POSITION = 1_000_000
MOST_IMPORTED = {"version": MOST_VERSION // 2, "position": MOST_POSITION // 2}
"""Of an item that comes from a file: it leaves as many for those who change the item, or add to its theme, here."""
MOST_DATA_BYTES = 25_000_000
MOST_IMPORT_BYTES = 200_000_000
FEWEST_CHOSEN, MOST_CHOSEN = 2, 3
"""Themes of a shortlist."""
