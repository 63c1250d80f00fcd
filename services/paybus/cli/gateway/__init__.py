"""Commands that ask the gateway itself: one HTTP request each, nothing of ours in between."""
