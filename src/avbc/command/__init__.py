"""The command line: one thin call of a method per command (extra `cli`)."""
