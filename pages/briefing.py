"""What do we show the committee?

Themes and evidence are chosen and put in order, and shown or taken away.
"""

from cellcount.ui import briefing, frame

with frame.open_page("briefing") as release:
    briefing.show(release)
