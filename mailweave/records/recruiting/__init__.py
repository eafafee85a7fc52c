"""Jobs, candidates and their applications; what they came with, and what we think of them."""
