"""Decisions: decide() is the one door, deliver sends, settle names what became of it."""
