"""The release of one commit: its image, its signed chart and its list of parts, in a registry of yours."""
