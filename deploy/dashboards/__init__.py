"""The dashboards as code: `python -m deploy.dashboards write` makes the JSON that Grafana reads."""
