"""The front of the house: command line, HTTP, settings, the database's keeper. It wires, no more."""
