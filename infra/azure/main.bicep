// What FreeMask needs on Azure, in one resource group: AKS, storage, registry, identities, monitoring. README.md says how it is used.
targetScope = 'resourceGroup'

@description('Names of resources begin with it: lower-case letters and digits.')
@minLength(3)
@maxLength(11)
param name string = 'freemask'

@description('The region.')
param location string = resourceGroup().location

@description('The namespace of Kubernetes that the chart is installed in.')
param namespace string = 'freemask'

@description('The release of the chart; its service account is named after it.')
param release string = 'freemask'

@description('The virtual machines of the CPU pool.')
param cpuVmSize string = 'Standard_D8s_v5'

@description('Largest number of nodes of the CPU pool.')
@minValue(1)
param cpuMaxNodes int = 4

@description('The virtual machines of the GPU pool; the subscription needs quota for them.')
param gpuVmSize string = 'Standard_NC4as_T4_v3'

@description('Largest number of nodes of the GPU pool; 0 for no such pool.')
@minValue(0)
param gpuMaxNodes int = 4

@description('Whether GPU nodes are spot machines: cheaper, and taken away at any time, which costs the batches under way.')
param gpuSpot bool = false

@description('Days after which an artifact that was not written or read is deleted; 0 keeps all. Deleted artifacts are recomputed.')
@minValue(0)
param artifactDays int = 90

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logDays int = 30

@description('Object ids of Microsoft Entra groups whose members administer the cluster.')
param adminGroupObjectIds array = []

var suffix = uniqueString(resourceGroup().id)

// Built-in roles.
var roles = {
  tableData: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor
  blobData: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor
  pull: '7f951dda-4ed3-4680-a7ca-43fe172d538d' // AcrPull
  metricsReader: 'b0d8363b-8ddd-447d-831f-62ca05bff136' // Monitoring Data Reader
}

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: take('${name}${suffix}', 24)
  location: location
  kind: 'StorageV2'
  sku: { name: 'Standard_ZRS' }
  properties: {
    accessTier: 'Hot'
    // Silos sign in with their identity: there is no key that could leak.
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: storage
  name: 'default'
  properties: {
    // What the rule below asks for.
    lastAccessTimeTrackingPolicy: { enable: true, name: 'AccessTimeTracking', trackingGranularityInDays: 1, blobType: [ 'blockBlob' ] }
    deleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource artifacts 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: 'artifacts'
  properties: { publicAccess: 'None' }
}

// Silos create their tables in it.
resource tables 'Microsoft.Storage/storageAccounts/tableServices@2023-05-01' = {
  parent: storage
  name: 'default'
}

// Artifacts only: records of runs are in tables, or in another container.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2023-05-01' = if (artifactDays > 0) {
  parent: storage
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'unused-artifacts'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: { blobTypes: [ 'blockBlob' ], prefixMatch: [ '${artifacts.name}/' ] }
            actions: { baseBlob: { delete: { daysAfterLastAccessTimeGreaterThan: artifactDays } } }
          }
        }
      ]
    }
  }
}

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' = {
  name: take('${name}${suffix}', 50)
  location: location
  sku: { name: 'Basic' }
  properties: { adminUserEnabled: false }
}

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: '${name}-logs'
  location: location
  properties: { sku: { name: 'PerGB2018' }, retentionInDays: logDays }
}

// Prometheus of Azure Monitor, which the chart's scaling asks.
resource metrics 'Microsoft.Monitor/accounts@2023-04-03' = {
  name: '${name}-metrics'
  location: location
}

resource cluster 'Microsoft.ContainerService/managedClusters@2024-09-01' = {
  name: '${name}-aks'
  location: location
  sku: { name: 'Base', tier: 'Standard' }
  identity: { type: 'SystemAssigned' }
  properties: {
    dnsPrefix: name
    enableRBAC: true
    disableLocalAccounts: !empty(adminGroupObjectIds)
    aadProfile: empty(adminGroupObjectIds) ? null : { managed: true, adminGroupObjectIDs: adminGroupObjectIds }
    oidcIssuerProfile: { enabled: true }
    securityProfile: { workloadIdentity: { enabled: true } }
    // KEDA scales workers by the queue; the autoscaler of the pool follows.
    workloadAutoScalerProfile: { keda: { enabled: true } }
    azureMonitorProfile: { metrics: { enabled: true } }
    addonProfiles: {
      omsagent: { enabled: true, config: { logAnalyticsWorkspaceResourceID: logs.id, useAADAuth: 'true' } }
    }
    // Network policies of the chart are enforced by it.
    networkProfile: { networkPlugin: 'azure', networkPluginMode: 'overlay', networkDataplane: 'cilium', networkPolicy: 'cilium' }
    autoUpgradeProfile: { upgradeChannel: 'patch', nodeOSUpgradeChannel: 'NodeImage' }
    agentPoolProfiles: [
      {
        name: 'cpu'
        mode: 'System'
        osType: 'Linux'
        osSKU: 'AzureLinux'
        vmSize: cpuVmSize
        count: 1
        minCount: 1
        maxCount: cpuMaxNodes
        enableAutoScaling: true
      }
    ]
  }
}

// Agents on the nodes send what these rules say: Prometheus metrics to the one workspace, logs of containers to the other.
resource endpoint 'Microsoft.Insights/dataCollectionEndpoints@2023-03-11' = {
  name: '${name}-metrics'
  location: location
  kind: 'Linux'
  properties: {}
}

resource metricsRule 'Microsoft.Insights/dataCollectionRules@2023-03-11' = {
  name: '${name}-metrics'
  location: location
  kind: 'Linux'
  properties: {
    dataCollectionEndpointId: endpoint.id
    dataSources: { prometheusForwarder: [ { name: 'prometheus', streams: [ 'Microsoft-PrometheusMetrics' ], labelIncludeFilter: {} } ] }
    destinations: { monitoringAccounts: [ { name: 'metrics', accountResourceId: metrics.id } ] }
    dataFlows: [ { streams: [ 'Microsoft-PrometheusMetrics' ], destinations: [ 'metrics' ] } ]
  }
}

resource metricsOfCluster 'Microsoft.Insights/dataCollectionRuleAssociations@2023-03-11' = {
  scope: cluster
  name: '${name}-metrics'
  properties: { dataCollectionRuleId: metricsRule.id }
}

resource logsRule 'Microsoft.Insights/dataCollectionRules@2023-03-11' = {
  name: '${name}-logs'
  location: location
  kind: 'Linux'
  properties: {
    dataSources: {
      extensions: [ { name: 'containers', extensionName: 'ContainerInsights', streams: [ 'Microsoft-ContainerLogV2', 'Microsoft-KubeEvents' ] } ]
    }
    destinations: { logAnalytics: [ { name: 'logs', workspaceResourceId: logs.id } ] }
    dataFlows: [ { streams: [ 'Microsoft-ContainerLogV2', 'Microsoft-KubeEvents' ], destinations: [ 'logs' ] } ]
  }
}

resource logsOfCluster 'Microsoft.Insights/dataCollectionRuleAssociations@2023-03-11' = {
  scope: cluster
  name: '${name}-logs'
  properties: { dataCollectionRuleId: logsRule.id }
}

// The chart's values/gpu.yaml has this label and this taint.
resource gpu 'Microsoft.ContainerService/managedClusters/agentPools@2024-09-01' = if (gpuMaxNodes > 0) {
  parent: cluster
  name: 'gpu'
  properties: {
    mode: 'User'
    osType: 'Linux'
    osSKU: 'AzureLinux'
    vmSize: gpuVmSize
    count: 0
    minCount: 0
    maxCount: max(gpuMaxNodes, 1)
    enableAutoScaling: true
    scaleSetPriority: gpuSpot ? 'Spot' : 'Regular'
    scaleSetEvictionPolicy: gpuSpot ? 'Delete' : null
    nodeLabels: { 'freemask/pool': 'gpu' }
    nodeTaints: [ 'sku=gpu:NoSchedule' ]
  }
}

// The identity of silos and jobs: data of this account, and nothing else.
resource silos 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-silos'
  location: location
}

resource federation 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = {
  parent: silos
  name: 'pods'
  properties: {
    issuer: cluster.properties.oidcIssuerProfile.issuerURL
    subject: 'system:serviceaccount:${namespace}:${release}'
    audiences: [ 'api://AzureADTokenExchange' ]
  }
}

resource silosTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, silos.id, roles.tableData)
  properties: {
    principalId: silos.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableData)
  }
}

resource silosBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, silos.id, roles.blobData)
  properties: {
    principalId: silos.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobData)
  }
}

// KEDA reads metrics with an identity of its own: it needs no data.
resource scaler 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-scaler'
  location: location
}

resource scalerFederation 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = {
  parent: scaler
  name: 'keda'
  properties: {
    issuer: cluster.properties.oidcIssuerProfile.issuerURL
    subject: 'system:serviceaccount:kube-system:keda-operator'
    audiences: [ 'api://AzureADTokenExchange' ]
  }
}

resource scalerMetrics 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: metrics
  name: guid(metrics.id, scaler.id, roles.metricsReader)
  properties: {
    principalId: scaler.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.metricsReader)
  }
}

// Nodes pull images.
resource nodesPull 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: registry
  name: guid(registry.id, cluster.id, roles.pull)
  properties: {
    principalId: cluster.properties.identityProfile.kubeletidentity.objectId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.pull)
  }
}

@description('The cluster, for az aks get-credentials.')
output clusterName string = cluster.name

@description('The values of the chart; the tag of the images is yours.')
output chartValues object = {
  image: { registry: registry.properties.loginServer }
  stores: {
    kind: 'azure'
    azure: {
      tableServiceUri: 'https://${storage.name}.table.${environment().suffixes.storage}'
      blobServiceUri: 'https://${storage.name}.blob.${environment().suffixes.storage}'
    }
  }
  artifacts: { containerUri: 'https://${storage.name}.blob.${environment().suffixes.storage}/${artifacts.name}' }
  serviceAccount: { azureClientId: silos.properties.clientId }
  scaling: { prometheus: metrics.properties.metrics.prometheusQueryEndpoint, azureClientId: scaler.properties.clientId }
}
