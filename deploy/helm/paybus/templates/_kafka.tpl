{{/* Who we are to the brokers. What takes a workload gets (dict "root" $ "name" "pay"). */}}

{{- define "paybus.kafkaSasl" -}}
{{- if hasPrefix "SASL_" .Values.kafka.securityProtocol }}yes{{ end }}
{{- end }}

{{- define "paybus.kafkaTls" -}}
{{- if hasSuffix "SSL" .Values.kafka.securityProtocol }}yes{{ end }}
{{- end }}

{{/* The Secret of its own user: the one that was named for it, or its KafkaUser's; empty if it has none. */}}
{{- define "paybus.kafkaOwnSecret" -}}
{{- $own := get (.root.Values.workloads) .name | default dict }}
{{- with default .root.Values.defaults.kafkaSecret $own.kafkaSecret }}
{{- . }}
{{- else }}
{{- if .root.Values.kafka.strimzi.users.enabled }}{{ include "paybus.component" . }}{{ end }}
{{- end }}
{{- end }}

{{- define "paybus.kafkaSaslSecret" -}}
{{- default .root.Values.kafka.sasl.existingSecret (include "paybus.kafkaOwnSecret" .) }}
{{- end }}

{{- define "paybus.kafkaCertificateSecret" -}}
{{- if .root.Values.kafka.strimzi.users.enabled }}
{{- if eq .root.Values.kafka.strimzi.users.authentication "tls" }}{{ include "paybus.kafkaOwnSecret" . }}{{ end }}
{{- else if .root.Values.kafka.tls.certificateSecret }}
{{- default .root.Values.kafka.tls.certificateSecret (include "paybus.kafkaOwnSecret" .) }}
{{- end }}
{{- end }}

{{- define "paybus.kafkaAuthoritySecret" -}}
{{- with .Values.kafka }}
{{- if .tls.caSecret }}{{ .tls.caSecret }}{{ else if .strimzi.cluster }}{{ .strimzi.cluster }}-cluster-ca-cert{{ end }}
{{- end }}
{{- end }}

{{/* The user's name, where it is known here and not in a Secret. */}}
{{- define "paybus.kafkaUser" -}}
{{- if .root.Values.kafka.strimzi.users.enabled }}{{ include "paybus.component" . }}{{ else }}{{ .root.Values.kafka.sasl.username }}{{ end }}
{{- end }}

{{- define "paybus.kafkaVariables" -}}
{{- $kafka := .root.Values.kafka }}
{{- $variables := dict "PAYBUS_KAFKA_BOOTSTRAP" $kafka.bootstrap "PAYBUS_TOPIC_PREFIX" $kafka.topicPrefix "PAYBUS_KAFKA_SECURITY_PROTOCOL" $kafka.securityProtocol }}
{{- if include "paybus.kafkaSasl" .root }}
{{- $_ := set $variables "PAYBUS_KAFKA_SASL_MECHANISM" $kafka.sasl.mechanism }}
{{- if not $kafka.sasl.usernameKey }}
{{- $_ := set $variables "PAYBUS_KAFKA_SASL_USERNAME" (include "paybus.kafkaUser" .) }}
{{- end }}
{{- end }}
{{- if include "paybus.kafkaTls" .root }}
{{- if include "paybus.kafkaAuthoritySecret" .root }}
{{- $_ := set $variables "PAYBUS_KAFKA_CA_FILE" "/etc/paybus/kafka/ca.crt" }}
{{- end }}
{{- if include "paybus.kafkaCertificateSecret" . }}
{{- $_ := set $variables "PAYBUS_KAFKA_CERTIFICATE_FILE" "/etc/paybus/kafka/tls.crt" }}
{{- $_ := set $variables "PAYBUS_KAFKA_KEY_FILE" "/etc/paybus/kafka/tls.key" }}
{{- end }}
{{- end }}
{{- $variables | toJson }}
{{- end }}

{{/* The names of our topics, as services/paybus/contracts/topics.py gives them. */}}
{{- define "paybus.commandTopic" -}}
{{- printf "%s.%s.commands.v1" .root.Values.kafka.topicPrefix .name }}
{{- end }}

{{- define "paybus.eventTopic" -}}
{{- printf "%s.trade.events.v1" .Values.kafka.topicPrefix }}
{{- end }}

{{- define "paybus.callTopic" -}}
{{- printf "%s.gateway.calls.v1" .Values.kafka.topicPrefix }}
{{- end }}

{{/* The ports of the brokers, as a list. */}}
{{- define "paybus.kafkaPorts" -}}
{{- $ports := .Values.networkPolicy.kafka.ports }}
{{- if not $ports }}
{{- range splitList "," .Values.kafka.bootstrap }}
{{- $ports = append $ports (regexFind "[0-9]+$" . | int) }}
{{- end }}
{{- end }}
{{- $ports | uniq | toJson }}
{{- end }}
