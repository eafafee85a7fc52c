"""The pages of the CRM."""
