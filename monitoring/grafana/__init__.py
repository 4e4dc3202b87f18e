"""The Grafana boards: declared here, written as JSON by ``python -m monitoring.grafana``."""
