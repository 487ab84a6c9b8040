"""The verbs of the command line, one module a noun; each imports what it needs when it runs."""
