"""Benchmarks: each is one command and prints ratios against the simplest thing that could do the same work."""
