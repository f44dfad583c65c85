"""Briefings to take away: what is said on them, and the same as slides for PowerPoint and as one page of HTML."""
