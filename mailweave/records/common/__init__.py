"""What record modules do alike: lists, addresses, forms and pages."""
