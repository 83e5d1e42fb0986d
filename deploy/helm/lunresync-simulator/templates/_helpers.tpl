{{/* Everything has the release's name: two arrays in one cluster would be two drivers of one name. */}}
{{- define "simulator.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: lunresync
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "simulator.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The socket of CSI, by the same path on the node and in every container. */}}
{{- define "simulator.socket" -}}
{{ .Values.kubeletFolder }}/plugins/sim.lunresync.io/csi.sock
{{- end }}

{{/* A sidecar. Arguments: the root, its name, its image, further flags. */}}
{{- define "simulator.sidecar" -}}
{{- $root := index . 0 -}}
- name: {{ index . 1 }}
  image: {{ index . 2 }}
  imagePullPolicy: {{ $root.Values.image.pullPolicy }}
  args:
  - --csi-address={{ include "simulator.socket" $root }}
  - --timeout=30s
  {{- toYaml (index . 3) | nindent 2 }}
  # The socket is root's alone.
  securityContext:
    runAsUser: 0
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: {drop: [ALL]}
  volumeMounts:
  - {name: plugin, mountPath: {{ include "simulator.socket" $root | dir }}}
{{- end }}
