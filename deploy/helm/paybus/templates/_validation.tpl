{{/* What cannot work is refused before anything is installed, all of it at once, one sentence each.

     A template can give text only, so problems come as lines. */}}

{{- define "paybus.validate" -}}
{{- $problems := list }}
{{- range list "paybus.problemsOfStores" "paybus.problemsOfKafka" "paybus.problemsOfTopics" "paybus.problemsOfCallbacks" "paybus.problemsOfMerchantGroups" "paybus.problemsOfMonitoring" }}
{{- $problems = concat $problems (include . $ | fromYamlArray) }}
{{- end }}
{{- range $name := include "paybus.enabled" . | fromJsonArray }}
{{- $problems = concat $problems (include "paybus.problemsOfWorkload" (dict "root" $ "name" $name) | fromYamlArray) }}
{{- end }}
{{- with $problems }}
{{- fail (printf "these values cannot work:\n  - %s" (join "\n  - " .)) }}
{{- end }}
{{- end }}

{{- define "paybus.problemsOfStores" -}}
{{- if and .Values.database.url .Values.database.existingSecret }}
- "database.url and database.existingSecret are both set: write one of them"
{{- else if not (or .Values.database.url .Values.database.existingSecret .Values.defaults.databaseSecret.name) }}
- "database.existingSecret is missing: name the Secret that has the ledger's URL"
{{- end }}
{{- if not (include "paybus.merchantSecrets" . | fromJsonArray) }}
- "merchants.existingSecrets is missing: name the Secrets that have the merchant files"
{{- end }}
{{- range $file, $_ := .Values.merchants.files }}
{{- if not (regexMatch "^[0-9A-Za-z]+[.]toml$" $file) }}
- "merchants.files.{{ $file }}: a merchant file has the merchant's number for its name, and ends in .toml"
{{- end }}
{{- end }}
{{- if and .Values.sandboxMerchant.create (not .Values.workloads.sandbox.enabled) }}
- "sandboxMerchant.create is of no use without workloads.sandbox.enabled"
{{- end }}
{{- if and .Values.profile.existingConfigMap .Values.profile.toml }}
- "profile.toml and profile.existingConfigMap are both set: write one of them"
{{- end }}
{{- end }}

{{- define "paybus.problemsOfMerchantGroups" -}}
{{- $found := dict }}
{{- range $name, $merchants := .Values.exporter.merchantGroups }}
{{- range $merchants }}
{{- if ne (get $found . | default $name) $name }}
- "exporter.merchantGroups: merchant {{ . }} is in {{ get $found . }} and in {{ $name }}: write him once"
{{- end }}
{{- $_ := set $found . $name }}
{{- end }}
{{- end }}
{{- end }}

{{- define "paybus.problemsOfKafka" -}}
{{- with .Values.kafka }}
{{- $own := or $.Values.defaults.kafkaSecret .strimzi.users.enabled }}
{{- if not (regexMatch "^[^ ,]+:[0-9]+(,[^ ,]+:[0-9]+)*$" .bootstrap) }}
- "kafka.bootstrap is missing or no address: write the brokers as host:port, with commas between"
{{- end }}
{{- if include "paybus.kafkaSasl" $ }}
{{- if not (or .sasl.existingSecret $own) }}
- "kafka.sasl.existingSecret is missing: {{ .securityProtocol }} needs a password"
{{- end }}
{{- if not (or .sasl.username .sasl.usernameKey .strimzi.users.enabled) }}
- "kafka.sasl.username and kafka.sasl.usernameKey are missing: {{ .securityProtocol }} needs a user"
{{- end }}
{{- else if .sasl.existingSecret }}
- "kafka.sasl.existingSecret is of no use with kafka.securityProtocol {{ .securityProtocol }}"
{{- end }}
{{- if and (or .tls.caSecret .tls.certificateSecret) (not (include "paybus.kafkaTls" $)) }}
- "kafka.tls is of no use with kafka.securityProtocol {{ .securityProtocol }}: write SSL or SASL_SSL"
{{- end }}
{{- if .strimzi.users.enabled }}
{{- if and (eq .strimzi.users.authentication "tls") (ne .securityProtocol "SSL") }}
- "kafka.strimzi.users.authentication is tls: kafka.securityProtocol must be SSL"
{{- end }}
{{- if and (eq .strimzi.users.authentication "scram-sha-512") (not (and (include "paybus.kafkaSasl" $) (eq .sasl.mechanism "SCRAM-SHA-512"))) }}
- "kafka.strimzi.users.authentication is scram-sha-512: kafka.securityProtocol must have SASL, with SCRAM-SHA-512"
{{- end }}
{{- if and .strimzi.namespace (ne .strimzi.namespace $.Release.Namespace) (not .strimzi.users.secretsAreCopied) }}
- "kafka.strimzi.namespace: the users' Secrets are made there, and pods here cannot read them; have them copied and set kafka.strimzi.users.secretsAreCopied, or install into {{ .strimzi.namespace }}"
{{- end }}
{{- end }}
{{- if and (or .strimzi.users.enabled .strimzi.topics.enabled) (not .strimzi.cluster) }}
- "kafka.strimzi.cluster is missing: name the Kafka resource that users and topics belong to"
{{- end }}
{{- end }}
{{- end }}

{{- define "paybus.problemsOfTopics" -}}
{{- with .Values.kafka.strimzi.topics }}
{{- if .enabled }}
{{- if gt (int .minInSyncReplicas) (int .replicas) }}
- "kafka.strimzi.topics.minInSyncReplicas is above replicas: nothing could ever be written"
{{- else if and (eq (int .minInSyncReplicas) (int .replicas)) (gt (int .replicas) 1) }}
- "kafka.strimzi.topics.minInSyncReplicas is as many as replicas: a single broker that is away would stop everything"
{{- end }}
{{- if le (float64 .deadLetters.retentionDays) (float64 .commands.retentionDays) }}
- "kafka.strimzi.topics.deadLetters.retentionDays must be above those of commands: a dead letter is looked at later"
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "paybus.problemsOfCallbacks" -}}
{{- with .Values.callbacks }}
{{- if or .ingress.enabled .httpRoute.enabled }}
{{- if not .host }}
- "callbacks.host is missing: without it the route would take every host's requests"
{{- end }}
{{- if not $.Values.workloads.notifier.enabled }}
- "callbacks lead to the notifier: set workloads.notifier.enabled"
{{- end }}
{{- if and .httpRoute.enabled (not .httpRoute.parentRefs) }}
- "callbacks.httpRoute.parentRefs is missing: name the Gateway that the route belongs to"
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "paybus.problemsOfMonitoring" -}}
{{- with .Values.monitoring }}
{{- if and .serviceMonitor.enabled .podMonitor.enabled }}
- "monitoring.serviceMonitor and monitoring.podMonitor are both enabled: everything would be counted twice"
{{- end }}
{{- end }}
{{- if and .Values.tracing.enabled (not .Values.tracing.endpoint) }}
- "tracing.endpoint is missing: write where spans are sent"
{{- end }}
{{- end }}

{{- define "paybus.problemsOfWorkload" -}}
{{- $workload := include "paybus.workload" . | fromYaml }}
{{- $scaling := $workload.autoscaling }}
{{- if has .name (list "exporter" "sandbox") }}
{{- if or (ne $scaling.kind "none") (gt (int $workload.replicas) 1) (and (eq .name "exporter") (ne (int $workload.replicas) 1)) }}
- "workloads.{{ .name }}: exactly one pod, and no autoscaling: {{ ternary "two exporters count everything twice" "every sandbox has books of its own" (eq .name "exporter") }}"
{{- end }}
{{- if ne (get $workload.strategy "type") "Recreate" }}
- "workloads.{{ .name }}.strategy must be Recreate: the old pod has to be gone before the new one starts"
{{- end }}
{{- end }}
{{- if ne $scaling.kind "none" }}
{{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) }}
- "workloads.{{ .name }}.autoscaling.minReplicas is above maxReplicas"
{{- end }}
{{- if and (eq $scaling.kind "keda") (not (include "paybus.consumes" .)) }}
- "workloads.{{ .name }}.autoscaling.kind: only pay, refund and cancel have commands whose lag KEDA could see"
{{- end }}
{{- $topics := .root.Values.kafka.strimzi.topics }}
{{- if and (include "paybus.consumes" .) $topics.enabled (gt (int $scaling.maxReplicas) (int $topics.commands.partitions)) }}
- "workloads.{{ .name }}.autoscaling.maxReplicas is above kafka.strimzi.topics.commands.partitions: the rest would have nothing to read"
{{- end }}
{{- end }}
{{- if ne .name "sandbox" }}
{{- include "paybus.problemsOfTimes" . }}
{{- end }}
{{- end }}

{{/* The chain: a call ends before the grace, the grace before the pod is killed. */}}
{{- define "paybus.problemsOfTimes" -}}
{{- $workload := include "paybus.workload" . | fromYaml }}
{{- $settings := include "paybus.settings" . | fromJson }}
{{- $termination := include "paybus.terminationSeconds" . | float64 }}
{{- $least := addf $workload.preStopSeconds $settings.grace_seconds 20 }}
{{- if lt $termination $least }}
- "workloads.{{ .name }}.terminationGracePeriodSeconds is {{ $termination }}, and must be {{ $least }} or more: preStopSeconds, grace_seconds and 20 s to write down what was decided"
{{- end }}
{{- if lt (float64 $workload.readinessProbe.timeoutSeconds) 3.0 }}
- "workloads.{{ .name }}.readinessProbe.timeoutSeconds must be 3 or more: /ready itself takes up to 2 s to say what is away"
{{- end }}
{{- if include "paybus.callsGateway" . }}
{{- $answer := ternary $settings.gateway_pay_seconds $settings.gateway_other_seconds (eq .name "pay") }}
{{- $waits := ternary 2 1 (eq $settings.gateway_engine "httpcore") }}
{{- $call := addf (mulf $waits $settings.gateway_connect_seconds) $answer 5 }}
{{- if lt $settings.grace_seconds $call }}
- "workloads.{{ .name }}: grace_seconds is {{ $settings.grace_seconds }}, and must be {{ $call }} or more: the time for connecting and for the gateway's answer, and 5 s to settle it"
{{- end }}
{{- if lt $settings.max_open $settings.in_flight }}
- "workloads.{{ .name }}: max_open ({{ $settings.max_open }}) must not be below in_flight ({{ $settings.in_flight }})"
{{- end }}
{{- if not (and (lt $settings.heartbeat_seconds $settings.fence_seconds) (lt $settings.fence_seconds $settings.lease_seconds)) }}
- "workloads.{{ .name }}: heartbeat_seconds, fence_seconds and lease_seconds must grow in this order, such as 1, 3.5 and 5"
{{- end }}
{{- end }}
{{- end }}
