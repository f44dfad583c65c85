"""What are these data, and whose are they?

The release in use, what it holds and lacks, and the sources with their licences.
"""

from cellcount.ui import about, frame

with frame.open_page("about") as release:
    about.show(release)
