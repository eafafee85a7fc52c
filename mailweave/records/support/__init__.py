"""Tickets: what customers want of us, and mail that becomes one."""
