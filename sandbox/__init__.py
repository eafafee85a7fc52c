"""The world outside, for offline work: it imports nothing of the product."""
