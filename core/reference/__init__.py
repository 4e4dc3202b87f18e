"""Reference data as readable files, one folder a year, and the reader they share."""
