"""The fuse box: settings, urls and entry points. Nobody imports it."""
