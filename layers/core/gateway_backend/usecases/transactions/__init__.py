"""Starting, completing and syncing transactions."""
