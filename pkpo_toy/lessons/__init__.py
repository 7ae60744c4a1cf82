"""Lessons: recorded trainings, the sentences read off them, and how they are played."""
