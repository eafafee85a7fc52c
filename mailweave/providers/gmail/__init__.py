"""Gmail behind the provider protocols."""
