"""Programs for those who work on Loa; none of them is part of what is installed."""
