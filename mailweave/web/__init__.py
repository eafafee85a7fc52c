"""The windows: pages for people, one file per resource."""
