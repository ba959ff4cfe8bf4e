"""Pictures of the real window on a real analysis, for looking at and for the documentation."""
