"""What happened to records besides mail: notes, calls, meetings, tasks and changes."""
