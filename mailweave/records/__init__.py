"""The suite's other parts, as plug-ins the core never imports."""
