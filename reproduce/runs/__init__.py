"""A run on disk: its folder, record, checkpoints and log, and what it was made with."""
