"""Sampling results as people have them: readers, pass@k with intervals, weights."""
