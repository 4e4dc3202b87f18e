"""Every kernel against its plain twin, compiled and interpreted, on the same cases."""
