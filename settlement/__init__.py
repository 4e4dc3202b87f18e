"""From approved requests to money moved: payment runs, pain.001 out, statuses, statements, returns, delays."""
