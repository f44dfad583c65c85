"""Which challenge themes could these data serve?

The eight themes of the project brief, each with its policy questions, what the data can answer, and a live figure
from the release in use; and a verdict on every application of the brief's Appendix 3.
"""  # noqa: D400 - a page asks its question

from cellcount.ui import frame, themes

with frame.open_page("themes") as release:
    themes.show_cards(release)
    themes.show_applications(release)
