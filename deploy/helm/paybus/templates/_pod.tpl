{{/* The parts of pods. What takes a workload gets (dict "root" $ "name" "pay"). */}}

{{/* Where the ledger's URL is: (dict "root" $ "own" databaseSecret). */}}
{{- define "paybus.databaseVariable" -}}
- name: PAYBUS_DATABASE_URL
  valueFrom:
    secretKeyRef:
      {{- if .own.name }}
      name: {{ .own.name }}
      key: {{ .own.key }}
      {{- else if .root.Values.database.existingSecret }}
      name: {{ .root.Values.database.existingSecret }}
      key: {{ .root.Values.database.key }}
      {{- else }}
      name: {{ .made | default (printf "%s-database" (include "paybus.fullname" .root)) }}
      key: url
      {{- end }}
{{- end }}

{{/* The Secret of its ledger's URL, by name. */}}
{{- define "paybus.databaseSecretName" -}}
{{- $own := (include "paybus.workload" . | fromYaml).databaseSecret }}
{{- $own.name | default .root.Values.database.existingSecret | default (printf "%s-database" (include "paybus.fullname" .root)) }}
{{- end }}

{{- define "paybus.kafkaSecretVariables" -}}
{{- if include "paybus.kafkaSasl" .root }}
{{- $sasl := .root.Values.kafka.sasl }}
{{- $secret := include "paybus.kafkaSaslSecret" . }}
{{- if and $sasl.usernameKey (not .root.Values.kafka.strimzi.users.enabled) }}
- name: PAYBUS_KAFKA_SASL_USERNAME
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ $sasl.usernameKey }}
{{- end }}
- name: PAYBUS_KAFKA_SASL_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ ternary "password" $sasl.passwordKey .root.Values.kafka.strimzi.users.enabled }}
{{- end }}
{{- if and (include "paybus.kafkaTls" .root) (include "paybus.kafkaCertificateSecret" .) .root.Values.kafka.tls.privateKeyPasswordKey }}
- name: PAYBUS_KAFKA_KEY_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "paybus.kafkaCertificateSecret" . }}
      key: {{ .root.Values.kafka.tls.privateKeyPasswordKey }}
{{- end }}
{{- end }}

{{/* The standard variables of OpenTelemetry. */}}
{{- define "paybus.tracingVariables" -}}
{{- $attributes := dict "k8s.namespace.name" .root.Release.Namespace "k8s.pod.name" "$(K8S_POD_NAME)" }}
{{- with .root.Values.tracing }}
{{- if and .enabled (ne $.name "sandbox") }}
- name: K8S_POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .endpoint | quote }}
- name: OTEL_TRACES_SAMPLER
  value: {{ .sampler }}
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ .samplerArgument | quote }}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: {{ include "paybus.pairs" (merge $attributes .resourceAttributes) | quote }}
{{- if .headersSecret }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom:
    secretKeyRef:
      name: {{ .headersSecret }}
      key: {{ .headersKey }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "paybus.pairs" -}}
{{- $pairs := list }}
{{- range $name, $value := . }}
{{- $pairs = append $pairs (printf "%s=%s" $name $value) }}
{{- end }}
{{- join "," $pairs }}
{{- end }}

{{- define "paybus.environment" -}}
{{- $workload := include "paybus.workload" . | fromYaml }}
{{- if ne .name "sandbox" }}
{{ include "paybus.databaseVariable" (dict "root" .root "own" $workload.databaseSecret) }}
{{ include "paybus.kafkaSecretVariables" . }}
{{ include "paybus.tracingVariables" . }}
{{- end }}
{{- with $workload.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The Secrets with merchant files, as a list. */}}
{{- define "paybus.merchantSecrets" -}}
{{- $names := .Values.merchants.existingSecrets }}
{{- if or .Values.merchants.files .Values.sandboxMerchant.create }}
{{- $names = append $names (printf "%s-merchants" (include "paybus.fullname" .)) }}
{{- end }}
{{- $names | toJson }}
{{- end }}

{{- define "paybus.merchantVolume" -}}
- name: merchants
  projected:
    defaultMode: 0440
    sources:
      {{- range include "paybus.merchantSecrets" . | fromJsonArray }}
      - secret:
          name: {{ . }}
      {{- end }}
{{- end }}

{{- define "paybus.kafkaVolume" -}}
{{- $authority := include "paybus.kafkaAuthoritySecret" .root }}
{{- $certificate := include "paybus.kafkaCertificateSecret" . }}
{{- if and (include "paybus.kafkaTls" .root) (or $authority $certificate) }}
{{- $tls := .root.Values.kafka.tls }}
- name: kafka
  projected:
    defaultMode: 0440
    sources:
      {{- with $authority }}
      - secret:
          name: {{ . }}
          items:
            - {key: {{ $tls.caKey }}, path: ca.crt}
      {{- end }}
      {{- with $certificate }}
      - secret:
          name: {{ . }}
          items:
            - {key: {{ $tls.certificateKey }}, path: tls.crt}
            - {key: {{ $tls.privateKeyKey }}, path: tls.key}
      {{- end }}
{{- end }}
{{- end }}

{{- define "paybus.databaseVolume" -}}
{{- with .Values.database.caSecret }}
- name: database
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    items:
      - {key: {{ $.Values.database.caKey }}, path: ca.crt}
{{- end }}
{{- end }}

{{- define "paybus.temporaryVolume" -}}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- end }}

{{- define "paybus.volumes" -}}
{{ include "paybus.temporaryVolume" . }}
{{- if ne .name "exporter" }}
{{ include "paybus.merchantVolume" .root }}
{{- end }}
{{- if ne .name "sandbox" }}
{{ include "paybus.kafkaVolume" . }}
{{ include "paybus.databaseVolume" .root }}
{{- end }}
{{- if and (include "paybus.profileMap" .root) (include "paybus.callsGateway" .) }}
- name: profile
  configMap:
    name: {{ include "paybus.profileMap" .root }}
{{- end }}
{{- with (include "paybus.workload" . | fromYaml).extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Where volumes are mounted: the names of the list say it. */}}
{{- define "paybus.mounts" -}}
{{- range include "paybus.volumes" . | fromYamlArray }}
{{- if eq .name "tmp" }}
- {name: tmp, mountPath: /tmp}
{{- else if has .name (list "merchants" "kafka" "database" "profile") }}
- {name: {{ .name }}, mountPath: /etc/paybus/{{ .name }}, readOnly: true}
{{- end }}
{{- end }}
{{- with (include "paybus.workload" . | fromYaml).extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What every pod has, also the Jobs' and the tests': (dict "root" $ "pod" workload). */}}
{{- define "paybus.podSettings" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with concat .root.Values.global.imagePullSecrets .root.Values.imagePullSecrets | uniq }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  {{- toYaml .pod.podSecurityContext | nindent 2 }}
{{- end }}

{{/* Where and how it is scheduled. */}}
{{- define "paybus.scheduling" -}}
{{- $fields := dict }}
{{- range list "priorityClassName" "runtimeClassName" "schedulerName" "dnsPolicy" "dnsConfig" "hostAliases" "nodeSelector" "tolerations" "affinity" }}
{{- if get $.pod . }}
{{- $_ := set $fields . (get $.pod .) }}
{{- end }}
{{- end }}
{{- if kindIs "bool" .pod.hostUsers }}
{{- $_ := set $fields "hostUsers" .pod.hostUsers }}
{{- end }}
{{- with $fields }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{- define "paybus.topologySpread" -}}
{{- $workload := include "paybus.workload" . | fromYaml }}
{{- if $workload.topologySpreadConstraints }}
{{- toYaml $workload.topologySpreadConstraints }}
{{- else }}
{{- range $key, $when := dict "topology.kubernetes.io/zone" $workload.topologySpread.zones "kubernetes.io/hostname" $workload.topologySpread.nodes }}
{{- if $when }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: {{ $when }}
  labelSelector:
    matchLabels:
      {{- include "paybus.selector" $ | nindent 6 }}
  matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end }}
{{- end }}
{{- end }}
