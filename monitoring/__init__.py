"""How the engine shows its work: metrics, health, the live page, Grafana boards and alerts."""
