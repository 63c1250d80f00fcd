{{/* What works and should not be left so. */}}
{{- define "paybus.warnings" -}}
{{- if .Values.database.url }}
- "database.url is kept in the release, where whoever reads its values reads the password. Use database.existingSecret."
{{- end }}
{{- if .Values.merchants.files }}
- "merchants.files are kept in the release, with every merchant's key. Use merchants.existingSecrets."
{{- end }}
{{- if .Values.workloads.sandbox.enabled }}
- "the sandbox runs. It moves no money, and forgets its books when it ends. Switch it off where a real gateway is called."
{{- end }}
{{- if .Values.toolbox.enabled }}
- "the toolbox runs. Whoever may exec into it acts for every merchant; switch it off when it is not needed."
{{- end }}
{{- if not .Values.migrations.enabled }}
- "migrations are off. Run `paybus migrate` before each upgrade, with a role that owns the tables."
{{- end }}
{{- if and (hasSuffix "PLAINTEXT" .Values.kafka.securityProtocol) (not .Values.workloads.sandbox.enabled) }}
- "Kafka is spoken with in plain text. Payment codes and amounts can be read on the way; use SSL or SASL_SSL."
{{- end }}
{{- if not .Values.networkPolicy.enabled }}
- "no NetworkPolicy: every pod of the cluster reaches the notifier and the metrics. Set networkPolicy.enabled."
{{- end }}
{{- if not (or .Values.monitoring.serviceMonitor.enabled .Values.monitoring.podMonitor.enabled .Values.monitoring.annotations) }}
- "nobody reads the metrics. Set monitoring.serviceMonitor.enabled and monitoring.rules.enabled, or have pods scraped."
{{- end }}
{{- if and (or .Values.monitoring.rules.enabled .Values.monitoring.dashboards.enabled) (not .Values.monitoring.docsUrl) }}
- "links from alerts and dashboards lead to no runbook. Set monitoring.docsUrl to where docs/ of this version can be read."
{{- end }}
{{- if not .Values.workloads.exporter.enabled }}
- "no exporter runs here: lag, unknown amounts and the outbox are not watched unless another release does."
{{- end }}
{{- if and (or .Values.callbacks.ingress.enabled) (not .Values.callbacks.ingress.tlsSecret) }}
- "the Ingress has no certificate of its own (callbacks.ingress.tlsSecret): callbacks are authentic, but not private."
{{- end }}
{{- end }}
