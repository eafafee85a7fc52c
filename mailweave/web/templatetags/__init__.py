"""Template tags of the windows."""
