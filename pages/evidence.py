"""What have we found for each theme?

The views that were kept as evidence, theme by theme, with their figures, and what has changed in them since.
"""

from cellcount.ui import board, frame

with frame.open_page("evidence") as release:
    board.show(release)
