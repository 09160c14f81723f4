{{- define "moevit.volumeMounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if .Values.models.claim }}
- {name: models, mountPath: /models, readOnly: true}
{{- end }}
{{- if .Values.cards.resource }}
- {name: cards, mountPath: /cards, readOnly: true}
{{- end }}
{{- if .Values.tls.secret }}
- {name: tls, mountPath: /tls, readOnly: true}
{{- if .Values.tls.clientAuthority }}
- {name: tls-client-authority, mountPath: /tls_client_authority, readOnly: true}
{{- end }}
{{- end }}
{{- if .Values.tokens.secret }}
- {name: tokens, mountPath: /tokens, readOnly: true}
{{- end }}
{{- end -}}

{{- define "moevit.volumes" -}}
- name: tmp
  emptyDir: {medium: Memory, sizeLimit: 64Mi}
{{- if .Values.models.claim }}
- name: models
  persistentVolumeClaim: {claimName: {{ .Values.models.claim }}, readOnly: true}
{{- end }}
{{- if .Values.cards.resource }}
- name: cards
  persistentVolumeClaim:
    claimName: {{ required "cards.claim is required with cards.resource" .Values.cards.claim }}
    readOnly: true
{{- end }}
{{- if .Values.tls.secret }}
- name: tls
  secret: {secretName: {{ .Values.tls.secret }}, defaultMode: 0440}
{{- if .Values.tls.clientAuthority }}
- name: tls-client-authority
  secret: {secretName: {{ .Values.tls.clientAuthority }}, defaultMode: 0440}
{{- end }}
{{- end }}
{{- if .Values.tokens.secret }}
- name: tokens
  secret: {secretName: {{ .Values.tokens.secret }}, defaultMode: 0440}
{{- end }}
{{- end -}}
