"""Boards for Grafana: described here, and written as it reads them by ``python -m monitoring.grafana``."""
