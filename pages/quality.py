"""May we trust these figures?

How much of all people is observed, what is withheld, how precise figures are, where operators disagree, how people are
protected, what the release was made from, and how it agrees with official figures.
"""

from cellcount.ui import evidence, frame, quality, quality_reading

with frame.open_page("quality") as release:
    measured = quality_reading.measured(release)
    quality.show_key_figures(measured)
    shown = quality.show_parts(release, measured)
    evidence.show(release, shown.runs, shown.methods, shown.tables)
