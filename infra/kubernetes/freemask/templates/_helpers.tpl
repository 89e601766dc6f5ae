{{- define "freemask.name" -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{- end }}

{{- define "freemask.serviceAccount" -}}
{{- default (include "freemask.name" .) .Values.serviceAccount.name -}}
{{- end }}

{{- define "freemask.products" -}}
{{- default (printf "%s-products" (include "freemask.name" .)) .Values.products.claim -}}
{{- end }}

{{/* Labels of everything. */}}
{{- define "freemask.labels" -}}
{{ include "freemask.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "freemask.selector" -}}
app.kubernetes.io/name: freemask
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The labels by which Orleans finds the pods of its cluster. */}}
{{- define "freemask.orleansLabels" -}}
orleans/serviceId: {{ .Values.cluster.service | quote }}
orleans/clusterId: {{ .Values.cluster.id | quote }}
{{- end }}

{{/* dict "root" . "image" NAME "tag" TAG */}}
{{- define "freemask.image" -}}
{{- $registry := required "image.registry is missing: the registry that holds the images, such as myregistry.azurecr.io" .root.Values.image.registry -}}
{{- $tag := default .root.Values.image.tag .tag -}}
{{- printf "%s/%s:%s" $registry .image (toString (required "image.tag is missing: the release to run" $tag)) -}}
{{- end }}

{{/* The provider of one of Orleans' sections, as JSON. dict "root" . "section" "Orleans:Clustering" "blobs" false */}}
{{- define "freemask.provider" -}}
{{- $stores := .root.Values.stores -}}
{{- $settings := dict -}}
{{- if eq $stores.kind "azure" -}}
{{- if .blobs -}}
{{- $_ := set $settings (printf "%s:ProviderType" .section) "AzureBlobStorage" -}}
{{- $_ := set $settings (printf "%s:ConnectionString" .section) (required "stores.azure.blobServiceUri is missing: https://ACCOUNT.blob.core.windows.net" $stores.azure.blobServiceUri) -}}
{{- else -}}
{{- $_ := set $settings (printf "%s:ProviderType" .section) "AzureTableStorage" -}}
{{- $_ := set $settings (printf "%s:ConnectionString" .section) (required "stores.azure.tableServiceUri is missing: https://ACCOUNT.table.core.windows.net" $stores.azure.tableServiceUri) -}}
{{- end -}}
{{- else if eq $stores.kind "redis" -}}
{{- $_ := set $settings (printf "%s:ProviderType" .section) "Redis" -}}
{{- $_ := set $settings (printf "%s:ConnectionName" .section) "state" -}}
{{- else -}}
{{- $_ := set $settings (printf "%s:ProviderType" .section) "AdoNet" -}}
{{- $_ := set $settings (printf "%s:Invariant" .section) "Npgsql" -}}
{{- $_ := set $settings (printf "%s:ConnectionName" .section) "state" -}}
{{- end -}}
{{- toJson $settings -}}
{{- end }}

{{/* The settings that silos and clients share, as JSON with keys such as Orleans:ClusterId. */}}
{{- define "freemask.clientSettings" -}}
{{- $settings := dict "Orleans:ClusterId" .Values.cluster.id "Orleans:ServiceId" .Values.cluster.service -}}
{{- $settings = merge $settings (include "freemask.provider" (dict "root" . "section" "Orleans:Clustering" "blobs" false) | fromJson) -}}
{{- if .Values.artifacts.containerUri -}}
{{- $_ := set $settings "FreeMask:Artifacts:Type" "AzureBlob" -}}
{{- $_ := set $settings "FreeMask:Artifacts:ContainerUri" .Values.artifacts.containerUri -}}
{{- else if .Values.artifacts.secret.name -}}
{{- $_ := set $settings "FreeMask:Artifacts:Type" "AzureBlob" -}}
{{- $_ := set $settings "FreeMask:Artifacts:ConnectionName" "artifacts" -}}
{{- $_ := set $settings "FreeMask:Artifacts:Container" .Values.artifacts.secret.container -}}
{{- else -}}
{{- $_ := required "artifacts are nowhere: set artifacts.containerUri, artifacts.secret.name or artifacts.claim" .Values.artifacts.claim -}}
{{- $_ := set $settings "FreeMask:Artifacts:Folder" "/artifacts" -}}
{{- end -}}
{{- with .Values.tls -}}
{{- if .secret -}}
{{- $_ := set $settings "FreeMask:Tls:Authority" (printf "/tls/%s" .authorityKey) -}}
{{- $_ := set $settings "FreeMask:Tls:Certificate" (printf "/tls/%s" .certificateKey) -}}
{{- $_ := set $settings "FreeMask:Tls:Key" (printf "/tls/%s" .privateKeyKey) -}}
{{- if .serverName -}}{{- $_ := set $settings "FreeMask:Tls:ServerName" .serverName -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $settings -}}
{{- end }}

{{/* The volume with the certificate of a pod, and its mount. dict "root" . "client" true */}}
{{- define "freemask.tlsVolume" -}}
{{- with .root.Values.tls -}}
{{- if .secret }}
- name: tls
  secret:
    secretName: {{ ternary (default .secret .clientSecret) .secret $.client }}
    # 0440: the group of the pods reads it.
    defaultMode: 288
{{- end }}
{{- end }}
{{- end }}

{{- define "freemask.tlsMount" -}}
{{- if .Values.tls.secret }}
- { name: tls, mountPath: /tls, readOnly: true }
{{- end }}
{{- end }}

{{/* The settings of all silos, as JSON. */}}
{{- define "freemask.siloSettings" -}}
{{- $settings := include "freemask.clientSettings" . | fromJson -}}
{{- $blobs := eq .Values.stores.azure.state "blobs" -}}
{{- $settings = merge $settings (include "freemask.provider" (dict "root" . "section" "Orleans:Reminders" "blobs" false) | fromJson) -}}
{{- $settings = merge $settings (include "freemask.provider" (dict "root" . "section" "Orleans:GrainStorage:coordination" "blobs" $blobs) | fromJson) -}}
{{- $settings = merge $settings (include "freemask.provider" (dict "root" . "section" "Orleans:GrainStorage:samples" "blobs" $blobs) | fromJson) -}}
{{- $_ := set $settings "Orleans:Endpoints:SiloPort" "11111" -}}
{{- $_ := set $settings "Orleans:Endpoints:GatewayPort" "30000" -}}
{{- $_ := set $settings "Urls" "http://+:8080" -}}
{{- $_ := set $settings "Logging:Console:FormatterName" "json" -}}
{{- if eq .Values.stores.kind "postgresql" -}}{{- $_ := set $settings "FreeMask:PreparePostgreSql" "true" -}}{{- end -}}
{{- if or .Values.telemetry.endpoint .Values.telemetry.collector.enabled -}}
{{- $own := printf "http://%s-collector:%s" (include "freemask.name" .) (ternary "4317" "4318" (eq .Values.telemetry.protocol "grpc")) -}}
{{- $_ := set $settings "OTEL_EXPORTER_OTLP_ENDPOINT" (default $own .Values.telemetry.endpoint) -}}
{{- $_ := set $settings "OTEL_EXPORTER_OTLP_PROTOCOL" .Values.telemetry.protocol -}}
{{- end -}}
{{- if and .Values.tls.secret (not .Values.tls.requireClientCertificate) -}}
{{- $_ := set $settings "FreeMask:Tls:RequireClientCertificate" "false" -}}
{{- end -}}
{{- range $key, $value := .Values.settings -}}{{- $_ := set $settings $key (toString $value) -}}{{- end -}}
{{- toJson $settings -}}
{{- end }}

{{/* Connection strings, from Secrets that exist: the chart holds none. */}}
{{- define "freemask.connections" -}}
{{- if ne .Values.stores.kind "azure" }}
- name: FREEMASK_ConnectionStrings__state
  valueFrom:
    secretKeyRef:
      name: {{ required "stores.secret.name is missing: a Secret with the connection string of the store" .Values.stores.secret.name }}
      key: {{ .Values.stores.secret.key }}
{{- end }}
{{- if and .Values.artifacts.secret.name (not .Values.artifacts.containerUri) }}
- name: FREEMASK_ConnectionStrings__artifacts
  valueFrom:
    secretKeyRef:
      name: {{ .Values.artifacts.secret.name }}
      key: {{ .Values.artifacts.secret.key }}
{{- end }}
{{- end }}

{{/* "00:01:00" of 60. */}}
{{- define "freemask.duration" -}}
{{- $seconds := int . -}}
{{- printf "%02d:%02d:%02d" (div $seconds 3600) (div (mod $seconds 3600) 60) (mod $seconds 60) -}}
{{- end }}

{{/* The values of the label "kind" of work that a worker can do: "cuda|any" of devices [cuda:0, cuda:1]. */}}
{{- define "freemask.kinds" -}}
{{- $kinds := list -}}
{{- range .devices -}}{{- $kinds = append $kinds (. | splitList ":" | first) -}}{{- end -}}
{{- append (uniq $kinds) "any" | join "|" -}}
{{- end }}

{{- define "freemask.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1654
runAsGroup: 1654
fsGroup: 1654
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "freemask.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/*
The pod of a silo. dict "root" . "component" NAME "roles" "worker" "image" IMAGE "tag" TAG "part" (values of the Deployment)
"settings" (dict of further settings) "devices" (list)
*/}}
{{- define "freemask.siloPod" -}}
{{- $root := .root -}}
{{- $drain := int .part.drainSeconds -}}
metadata:
  labels:
    {{- include "freemask.selector" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
    {{- include "freemask.orleansLabels" $root | nindent 4 }}
    freemask/silo: "true"
    {{- if $root.Values.serviceAccount.azureClientId }}
    azure.workload.identity/use: "true"
    {{- end }}
  annotations:
    # A change of the settings replaces the pods.
    checksum/settings: {{ include "freemask.siloSettings" $root | sha256sum }}
spec:
  serviceAccountName: {{ include "freemask.serviceAccount" $root }}
  # Batches under way, the cancelling of those that take too long, and the handing over of grains: hosting/Silos/SiloHosting.cs.
  terminationGracePeriodSeconds: {{ add $drain 35 }}
  securityContext:
    {{- include "freemask.podSecurity" $root | nindent 4 }}
  {{- with $root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- with .part.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .part.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "freemask.selector" $root | nindent 10 }}
          app.kubernetes.io/component: {{ .component }}
  containers:
    - name: silo
      image: {{ include "freemask.image" (dict "root" $root "image" .image "tag" .tag) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      securityContext:
        {{- include "freemask.containerSecurity" $root | nindent 8 }}
      ports:
        - { name: health, containerPort: 8080 }
        - { name: silo, containerPort: 11111 }
        - { name: gateway, containerPort: 30000 }
      envFrom:
        - configMapRef:
            name: {{ include "freemask.name" $root }}-silo
      env:
        - name: POD_NAME
          valueFrom:
            fieldRef: { fieldPath: metadata.name }
        - name: POD_NAMESPACE
          valueFrom:
            fieldRef: { fieldPath: metadata.namespace }
        - name: POD_IP
          valueFrom:
            fieldRef: { fieldPath: status.podIP }
        - name: Orleans__Name
          valueFrom:
            fieldRef: { fieldPath: metadata.name }
        - name: FreeMask__Roles
          value: {{ .roles }}
        - name: FreeMask__DeviceWorker__DrainTimeout
          value: {{ include "freemask.duration" $drain | quote }}
        {{- range $index, $device := .devices }}
        - name: FreeMask__Devices__Names__{{ $index }}
          value: {{ $device | quote }}
        {{- end }}
        {{- range $key, $value := .settings }}
        - name: {{ $key | replace ":" "__" }}
          value: {{ $value | quote }}
        {{- end }}
        {{- include "freemask.connections" $root | nindent 8 }}
      # The process answers as soon as it starts; a silo that waits for dead predecessors is alive, but not ready.
      startupProbe:
        httpGet: { path: /health/live, port: health }
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: { path: /health/live, port: health }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /health/ready, port: health }
        periodSeconds: 5
        timeoutSeconds: 6
        failureThreshold: 2
      resources:
        {{- toYaml .part.resources | nindent 8 }}
      volumeMounts:
        - { name: data, mountPath: /data }
        - { name: tmp, mountPath: /tmp }
        {{- include "freemask.tlsMount" $root | nindent 8 }}
        {{- if $root.Values.models.claim }}
        - { name: models, mountPath: /app/models, readOnly: true }
        {{- end }}
        {{- if and $root.Values.artifacts.claim (not $root.Values.artifacts.containerUri) (not $root.Values.artifacts.secret.name) }}
        - { name: artifacts, mountPath: /artifacts }
        {{- end }}
  volumes:
    - name: data
      emptyDir: {}
    - name: tmp
      emptyDir: {}
    {{- include "freemask.tlsVolume" (dict "root" $root "client" false) | nindent 4 }}
    {{- if $root.Values.models.claim }}
    - name: models
      persistentVolumeClaim: { claimName: {{ $root.Values.models.claim }}, readOnly: true }
    {{- end }}
    {{- if and $root.Values.artifacts.claim (not $root.Values.artifacts.containerUri) (not $root.Values.artifacts.secret.name) }}
    - name: artifacts
      persistentVolumeClaim: { claimName: {{ $root.Values.artifacts.claim }} }
    {{- end }}
{{- end }}
