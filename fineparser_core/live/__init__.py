"""Cameras as they send: sources, and the ring on disk that keeps the last minutes. No Qt, no torch."""
