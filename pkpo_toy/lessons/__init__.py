"""What is taught: recorded trainings, the sentences read off them, and where they are shown."""
