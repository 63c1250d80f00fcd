{{/* Names and labels. What takes a component gets (dict "root" $ "name" "pay"). */}}

{{- define "paybus.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "paybus.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "paybus.name" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "paybus.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "paybus.component" -}}
{{- printf "%s-%s" (include "paybus.fullname" .root) .name }}
{{- end }}

{{/* These never change between versions: a Deployment's selector cannot. */}}
{{- define "paybus.selector" -}}
app.kubernetes.io/name: {{ include "paybus.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "paybus.releaseSelector" -}}
app.kubernetes.io/name: {{ include "paybus.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The chart's own labels win: a common label must not take a pod away from its Deployment. With "pod" true the
     chart's version is left out, or every change of the chart would start all pods anew. */}}
{{- define "paybus.labels" -}}
{{- $own := include "paybus.selector" . | fromYaml }}
{{- $told := dict "app.kubernetes.io/part-of" "paybus" "app.kubernetes.io/managed-by" .root.Release.Service "app.kubernetes.io/version" .root.Chart.AppVersion }}
{{- if not .pod }}
{{- $_ := set $told "helm.sh/chart" (printf "%s-%s" .root.Chart.Name (replace "+" "_" .root.Chart.Version)) }}
{{- end }}
{{- merge $own $told (.extra | default dict) .root.Values.commonLabels | toYaml }}
{{- end }}

{{/* The metadata of a resource of this component: (dict "root" $ "name" "pay" "annotations" … "labels" … "namespace" …). */}}
{{- define "paybus.metadata" -}}
name: {{ .resource | default (include "paybus.component" .) }}
namespace: {{ .namespace | default .root.Release.Namespace }}
labels:
  {{- include "paybus.labels" (dict "root" .root "name" .name "extra" .labels) | nindent 2 }}
{{- with merge (deepCopy (.annotations | default dict)) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "paybus.image" -}}
{{- $image := .Values.image }}
{{- $registry := default $image.registry .Values.global.imageRegistry }}
{{- $name := ternary $image.repository (printf "%s/%s" $registry $image.repository) (empty $registry) }}
{{- if $image.digest }}
{{- printf "%s@%s" $name $image.digest }}
{{- else }}
{{- printf "%s:%s" $name (default .Chart.AppVersion $image.tag) }}
{{- end }}
{{- end }}

{{- define "paybus.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "paybus.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}
