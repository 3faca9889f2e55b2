"""What a file means: names, values, instances. Runs on ``ast`` and never edits."""
