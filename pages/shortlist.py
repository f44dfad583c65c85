"""Which two or three themes go forward?

Themes are scored against criteria, costs are held against benefits, and a decision is kept with its reasons.
"""

from cellcount.ui import frame, shortlist

with frame.open_page("shortlist") as release:
    shortlist.show(release)
