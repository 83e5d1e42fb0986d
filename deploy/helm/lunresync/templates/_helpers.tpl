{{/* The label app.kubernetes.io/name. */}}
{{- define "lunresync.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of objects: the release's, and the chart's where the release's does not say it. 52 characters leave room for suffixes. */}}
{{- define "lunresync.fullname" -}}
{{- $name := include "lunresync.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "lunresync.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{- define "lunresync.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "lunresync.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Labels that never change, since a Deployment's selector cannot. */}}
{{- define "lunresync.selectorLabels" -}}
app.kubernetes.io/name: {{ include "lunresync.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{/* Labels of everything but Pods' selectors; the component is the caller's. */}}
{{- define "lunresync.commonLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: lunresync
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "lunresync.labels" -}}
{{ include "lunresync.selectorLabels" . }}
{{ include "lunresync.commonLabels" . }}
{{- end }}

{{/* metadata of an object in the operator's namespace. Arguments: the root, and a suffix of the name. */}}
{{- define "lunresync.metadata" -}}
{{- $root := index . 0 -}}
name: {{ include "lunresync.fullname" $root }}{{ index . 1 }}
namespace: {{ include "lunresync.namespace" $root }}
{{ include "lunresync.marks" (list $root dict dict) }}
{{- end }}

{{/* metadata of a cluster-scoped object. Arguments as above. */}}
{{- define "lunresync.clusterMetadata" -}}
{{- $root := index . 0 -}}
name: {{ include "lunresync.fullname" $root }}{{ index . 1 }}
{{ include "lunresync.marks" (list $root dict dict) }}
{{- end }}

{{/* Labels and annotations of an object. Arguments: the root, further labels, further annotations. */}}
{{- define "lunresync.marks" -}}
{{- $root := index . 0 -}}
labels:
  {{- include "lunresync.labels" $root | nindent 2 }}
  {{- with index . 1 }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (index . 2) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Labels and annotations of a CustomResourceDefinition. */}}
{{- define "lunresync.crdMarks" -}}
{{- $keep := ternary (dict "helm.sh/resource-policy" "keep") dict .Values.crds.keep -}}
{{- include "lunresync.marks" (list . dict $keep) }}
{{- end }}

{{- define "lunresync.image" -}}
{{- $repository := .Values.image.repository }}
{{- with .Values.global.imageRegistry }}
{{- $first := first (splitList "/" $repository) }}
{{- $hasRegistry := and (contains "/" $repository) (or (contains "." $first) (contains ":" $first) (eq $first "localhost")) }}
{{- $path := ternary (trimPrefix (printf "%s/" $first) $repository) $repository $hasRegistry }}
{{- $repository = printf "%s/%s" . $path }}
{{- end }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* What the Pods of the operator and of `helm test` have in common. */}}
{{- define "lunresync.podBasics" -}}
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
