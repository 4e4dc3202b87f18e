"""Monitoring: metrics, the figures and files of the live page, Grafana boards and alerts."""
