"""Writing: whole or not at all, by one process at a time, under names that every system can hold."""
