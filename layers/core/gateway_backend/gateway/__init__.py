"""Speaking to smallcase Gateway: its API, its tokens, its checksums."""
