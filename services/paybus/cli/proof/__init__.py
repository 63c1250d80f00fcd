"""`paybus prove`: kill services at every seam, let others take over, and judge by the books."""
