"""What studies, lessons and the language model share of a training run."""
