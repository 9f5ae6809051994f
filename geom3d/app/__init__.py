"""The live page: a server for this machine's browser, and processes beside it that do the work."""
