"""One file per question: a Config, run(config, rng) -> records, summarize(records) -> summary."""
