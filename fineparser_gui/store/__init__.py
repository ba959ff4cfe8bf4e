"""The coach's store: every dive and session, in an SQLite file."""
