"""A study whose processes are killed again and again, and which ends with the same numbers."""
