"""The `roundtable` command, one subcommand a file."""
