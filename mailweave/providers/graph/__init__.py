"""Microsoft 365 and Outlook.com behind the provider protocols."""
