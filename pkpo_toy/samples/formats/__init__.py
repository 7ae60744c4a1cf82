"""Sampling results as the tools of the field write them: one reader each, one table of them."""
