"""What is taught: recorded trainings, what they show, and how they are played."""
