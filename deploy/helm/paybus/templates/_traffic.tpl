{{/* Rules of NetworkPolicies. */}}

{{/* What goes out: (list peers ports); no peers mean anywhere. */}}
{{- define "paybus.egress" -}}
- {{ with index . 0 }}to:
    {{- toYaml . | nindent 4 }}
  {{ end }}ports:
    {{- range index . 1 }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end }}

{{/* A peer: the release's pods of some components, (dict "root" $ "names" list). */}}
{{- define "paybus.peers" -}}
- podSelector:
    matchLabels:
      {{- include "paybus.releaseSelector" .root | nindent 6 }}
    matchExpressions:
      - {key: app.kubernetes.io/component, operator: In, values: [{{ join ", " .names }}]}
{{- end }}

{{- define "paybus.egressRules" -}}
{{- $policy := .root.Values.networkPolicy }}
{{- $run := include "paybus.enabled" .root | fromJsonArray }}
- to:
    {{- toYaml $policy.dns | nindent 4 }}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- if not (has .name (list "sandbox" "test")) }}
{{ include "paybus.egress" (list $policy.database.to $policy.database.ports) }}
{{- end }}
{{- if not (or (has .name (list "sandbox" "migrations")) (and (eq .name "test") (not (include "paybus.testPays" .root)))) }}
{{ include "paybus.egress" (list $policy.kafka.to (include "paybus.kafkaPorts" .root | fromJsonArray)) }}
{{- end }}
{{- if has .name (include "paybus.gatewayCallers" .root | fromJsonArray) }}
{{- if not $policy.gateway.names }}
{{ include "paybus.egress" (list $policy.gateway.to $policy.gateway.ports) }}
{{- end }}
{{- if has "sandbox" $run }}
{{ include "paybus.egress" (list (include "paybus.peers" (dict "root" .root "names" (list "sandbox")) | fromYamlArray) (list 8080)) }}
{{- end }}
{{- end }}
{{- if eq .name "sandbox" }}
{{ include "paybus.egress" (list (include "paybus.peers" (dict "root" .root "names" (list "notifier")) | fromYamlArray) (list 8080)) }}
{{- end }}
{{- if eq .name "test" }}
{{ include "paybus.egress" (list (include "paybus.peers" (dict "root" .root "names" $run) | fromYamlArray) (list 8080)) }}
{{- end }}
{{- if and .root.Values.tracing.enabled (not (has .name (list "sandbox" "migrations" "test" "toolbox"))) }}
{{ include "paybus.egress" (list $policy.tracing.to $policy.tracing.ports) }}
{{- end }}
{{- with $policy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What comes in. Probes come from the node itself, which no policy denies. */}}
{{- define "paybus.ingressRules" -}}
{{- $policy := .root.Values.networkPolicy }}
{{- $callers := ternary (append (include "paybus.gatewayCallers" .root | fromJsonArray) "test") (list "test") (eq .name "sandbox") }}
{{- if eq .name "notifier" }}
{{- $callers = list "sandbox" "test" }}
- {{ with $policy.callbacksFrom }}from:
    {{- toYaml . | nindent 4 }}
  {{ end }}ports:
    - {protocol: TCP, port: 8080}
{{- end }}
- from:
    {{- include "paybus.peers" (dict "root" .root "names" $callers) | nindent 4 }}
  ports:
    - {protocol: TCP, port: 8080}
{{- if and $policy.monitoringFrom (ne .name "sandbox") }}
- from:
    {{- toYaml $policy.monitoringFrom | nindent 4 }}
  ports:
    - {protocol: TCP, port: 8080}
{{- end }}
{{- with $policy.extraIngress }}
{{ toYaml . }}
{{- end }}
{{- end }}
