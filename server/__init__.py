"""HTTP, the console, the command line, and who may do what."""
