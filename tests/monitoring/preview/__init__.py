"""Draws the dashboards with Grafana's components from what a real Prometheus has seen."""
