{{/* What is known of one workload: (dict "root" $ "name" "pay"). */}}

{{/* Its values: `defaults`, and over them its own. */}}
{{- define "paybus.workload" -}}
{{- mergeOverwrite (deepCopy .root.Values.defaults) (deepCopy (get .root.Values.workloads .name | default dict)) | toYaml }}
{{- end }}

{{/* The workloads that run, as a list. */}}
{{- define "paybus.enabled" -}}
{{- $names := list }}
{{- range $name, $own := .Values.workloads }}
{{- if $own.enabled }}
{{- $names = append $names $name }}
{{- end }}
{{- end }}
{{- $names | toJson }}
{{- end }}

{{/* Its settings as they will count: the program's defaults, `settings`, its own. */}}
{{- define "paybus.settings" -}}
{{- $known := get (.root.Files.Get "files/settings.json" | fromJson) .name }}
{{- $counts := deepCopy $known.settings }}
{{- range $name, $value := include "paybus.givenSettings" . | fromJson }}
{{- $_ := set $counts $name $value }}
{{- end }}
{{- $counts | toJson }}
{{- end }}

{{/* Those that somebody gave. The sandbox is a program of its own, and its words mean other things. */}}
{{- define "paybus.givenSettings" -}}
{{- $known := get (.root.Files.Get "files/settings.json" | fromJson) .name }}
{{- $own := (include "paybus.workload" . | fromYaml).settings }}
{{- $common := ternary dict .root.Values.settings (eq .name "sandbox") }}
{{- $given := dict }}
{{- range $name, $value := mergeOverwrite (deepCopy $common) $own }}
{{- if and (hasKey $known.settings $name) (not (kindIs "invalid" $value)) }}
{{- $_ := set $given $name $value }}
{{- else if hasKey $own $name }}
{{- fail (printf "workloads.%s.settings.%s: %s has no such setting" $.name $name $.name) }}
{{- end }}
{{- end }}
{{- $given | toJson }}
{{- end }}

{{/* Everything that is no secret, as the data of a ConfigMap. */}}
{{- define "paybus.variables" -}}
{{- $known := get (.root.Files.Get "files/settings.json" | fromJson) .name }}
{{- $variables := dict }}
{{- range $name, $value := include "paybus.givenSettings" . | fromJson }}
{{- $_ := set $variables (printf "%s%s" $known.prefix (upper $name)) (ternary $value (toJson $value) (kindIs "string" $value)) }}
{{- end }}
{{- if eq .name "sandbox" }}
{{- $_ := set $variables "PAYBUS_SANDBOX_HOST" "0.0.0.0" }}
{{- $_ := set $variables "PAYBUS_SANDBOX_PORT" "8080" }}
{{- $_ := set $variables "PAYBUS_SANDBOX_MERCHANTS_DIRECTORY" "/etc/paybus/merchants" }}
{{- else }}
{{- $_ := set $variables "PAYBUS_HTTP_HOST" "0.0.0.0" }}
{{- $_ := set $variables "PAYBUS_HTTP_PORT" "8080" }}
{{- $variables = merge $variables (include "paybus.kafkaVariables" . | fromJson) }}
{{- if eq .name "exporter" }}
{{- with .root.Values.exporter.merchantGroups }}
{{- $_ := set $variables "PAYBUS_MERCHANT_GROUPS" (toJson .) }}
{{- end }}
{{- else }}
{{- $_ := set $variables "PAYBUS_MERCHANTS_DIRECTORY" "/etc/paybus/merchants" }}
{{- with include "paybus.callbackUrl" .root }}
{{- $_ := set $variables "PAYBUS_NOTIFY_BASE_URL" . }}
{{- end }}
{{- end }}
{{- if and (include "paybus.profileMap" .root) (include "paybus.callsGateway" .) }}
{{- $_ := set $variables "PAYBUS_PROFILE" (printf "/etc/paybus/profile/%s" .root.Values.profile.key) }}
{{- end }}
{{- end }}
{{- $variables | toJson }}
{{- end }}

{{/* "yes" for those that speak with the gateway. */}}
{{- define "paybus.callsGateway" -}}
{{- if has .name (list "pay" "refund" "cancel" "reconciler" "toolbox") }}yes{{ end }}
{{- end }}

{{/* Whose pods speak with the gateway, as a list. */}}
{{- define "paybus.gatewayCallers" -}}
{{- $names := list "pay" "refund" "cancel" "reconciler" }}
{{- if .Values.toolbox.enabled }}
{{- $names = append $names "toolbox" }}
{{- end }}
{{- $names | toJson }}
{{- end }}

{{/* "yes" for those that consume commands. */}}
{{- define "paybus.consumes" -}}
{{- if has .name (list "pay" "refund" "cancel") }}yes{{ end }}
{{- end }}

{{- define "paybus.callbackUrl" -}}
{{- with .Values.callbacks }}
{{- if .baseUrl }}{{ .baseUrl }}{{ else if .host }}https://{{ .host }}{{ end }}
{{- end }}
{{- end }}

{{- define "paybus.profileMap" -}}
{{- with .Values.profile }}
{{- if .existingConfigMap }}{{ .existingConfigMap }}{{ else if .toml }}{{ include "paybus.fullname" $ }}-profile{{ end }}
{{- end }}
{{- end }}

{{/* How long its pods may take to end: nobody must be killed while money moves. */}}
{{- define "paybus.terminationSeconds" -}}
{{- $workload := include "paybus.workload" . | fromYaml }}
{{- if $workload.terminationGracePeriodSeconds }}
{{- $workload.terminationGracePeriodSeconds | int }}
{{- else if eq .name "sandbox" }}
{{- add $workload.preStopSeconds 10 | int }}
{{- else }}
{{- $grace := (include "paybus.settings" . | fromJson).grace_seconds }}
{{- addf $workload.preStopSeconds $grace 20 | ceil | int }}
{{- end }}
{{- end }}

{{/* Fewest pods that run when nothing is wrong. */}}
{{- define "paybus.leastReplicas" -}}
{{- $workload := include "paybus.workload" . | fromYaml }}
{{- ternary $workload.replicas $workload.autoscaling.minReplicas (eq $workload.autoscaling.kind "none") }}
{{- end }}

{{/* "yes" where `helm test` pays on the sandbox. */}}
{{- define "paybus.testPays" -}}
{{- $run := include "paybus.enabled" . | fromJsonArray }}
{{- if and .Values.tests.enabled .Values.sandboxMerchant.create (has "sandbox" $run) (has "pay" $run) (has "notifier" $run) }}yes{{ end }}
{{- end }}
