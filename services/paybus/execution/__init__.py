"""Accepted operation -> settled outcome: lanes, deadlines, limits, inquiries."""
