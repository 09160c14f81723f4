{{- define "moevit.name" -}}
{{- if contains "moevit" .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-moevit" .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "moevit.selector" -}}
app.kubernetes.io/name: moevit
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "moevit.labels" -}}
{{ include "moevit.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* The flags of moevit-server. */}}
{{- define "moevit.flags" -}}
- --model_repository={{ ternary "/models" "/usr/share/moevit/models" (ne .Values.models.claim "") }}
- --drain_grace={{ .Values.drainSeconds }}s
{{- if .Values.cards.resource }}
- --devices=auto
- --card_image=/cards/{{ .Values.cards.image }}
{{- end }}
{{- if .Values.tls.secret }}
- --tls_certificate=/tls/tls.crt
- --tls_key=/tls/tls.key
{{- if .Values.tls.clientAuthority }}
- --tls_client_ca=/tls_client_authority/ca.crt
{{- end }}
{{- end }}
{{- if .Values.tokens.secret }}
- --token_file=/tokens/tokens
{{- end }}
{{- if .Values.rest.enabled }}
- --rest_port=8000
{{- end }}
{{- range $flag, $value := .Values.flags }}
{{- /* Helm reads whole numbers as fractions, and would write 1e+06. */}}
{{- $whole := and (kindIs "float64" $value) (eq (floor $value) $value) }}
- {{ printf "--%s=%v" $flag (ternary (int64 $value) $value $whole) | quote }}
{{- end }}
{{- end -}}

{{/* How to ask a pod whether it is ready: gRPC's health protocol, which the
kubelet speaks without TLS only; with TLS, the client in the image. */}}
{{- define "moevit.probe" -}}
{{- if .Values.tls.secret -}}
exec:
  command:
    - moevit
    - health
    - --tls
    - --tls_ca=/tls/ca.crt
    {{- if .Values.tls.clientAuthority }}
    - --tls_certificate=/tls/tls.crt
    - --tls_key=/tls/tls.key
    {{- end }}
{{- else -}}
grpc:
  port: 8001
{{- end }}
{{- end -}}
