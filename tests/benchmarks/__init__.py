"""Benchmarks: what a page, a reading, an answer and a pass cost. They print, they never assert."""
