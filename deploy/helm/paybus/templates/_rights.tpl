{{/* What each workload may do at the brokers, and no more: (dict "root" $ "name" "pay"), a list of ACLs. */}}

{{- define "paybus.rights" -}}
{{- $prefix := .root.Values.kafka.topicPrefix }}
{{- $calls := include "paybus.callTopic" .root }}
{{- $events := include "paybus.eventTopic" .root }}
{{- if include "paybus.consumes" . }}
{{- $commands := include "paybus.commandTopic" . }}
{{ include "paybus.right" (list "topic" $commands "Read" "Describe") }}
{{ include "paybus.right" (list "group" $commands "Read" "Describe") }}
{{ include "paybus.right" (list "topic" (printf "%s.dlq" $commands) "Write" "Describe") }}
{{ include "paybus.right" (list "topic" $calls "Write" "Describe") }}
{{- else if eq .name "notifier" }}
{{ include "paybus.right" (list "topic" $events "Write" "Describe") }}
{{- else if eq .name "reconciler" }}
{{ include "paybus.right" (list "topic" $calls "Write" "Describe") }}
{{- else if eq .name "exporter" }}
{{- range $kind := list "pay" "refund" "cancel" }}
{{- $commands := include "paybus.commandTopic" (dict "root" $.root "name" $kind) }}
{{ include "paybus.right" (list "topic" $commands "Read" "Describe") }}
{{ include "paybus.right" (list "topic" (printf "%s.dlq" $commands) "Read" "Describe") }}
{{ include "paybus.right" (list "group" $commands "Describe") }}
{{- end }}
{{ include "paybus.right" (list "topic" $calls "Read" "Describe") }}
{{ include "paybus.right" (list "group" (printf "%s.exporter" $prefix) "Read" "Describe") }}
{{- else if eq .name "toolbox" }}
{{- range $kind := list "pay" "refund" "cancel" }}
{{- $commands := include "paybus.commandTopic" (dict "root" $.root "name" $kind) }}
{{ include "paybus.right" (list "topic" $commands "Read" "Write" "Describe") }}
{{ include "paybus.right" (list "topic" (printf "%s.dlq" $commands) "Read" "Describe") }}
{{- end }}
{{ include "paybus.right" (list "topic" $events "Read" "Describe") }}
{{- else if eq .name "test" }}
{{ include "paybus.right" (list "topic" (include "paybus.commandTopic" (dict "root" .root "name" "pay")) "Write" "Describe") }}
{{ include "paybus.right" (list "topic" $events "Read" "Describe") }}
{{- end }}
{{- end }}

{{- define "paybus.right" -}}
- type: allow
  resource: {type: {{ index . 0 }}, name: {{ index . 1 }}, patternType: literal}
  operations: [{{ slice . 2 | join ", " }}]
{{- end }}
