"""The coach's store: every dive and session, in one SQLite file."""
