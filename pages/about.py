"""What are these data, and whose are they?

The release in use, its caveats, how people are protected, the sources with their licences, and the standard.
"""

from cellcount.ui import about, frame

with frame.open_page("about") as release:
    about.show(release)
