// Values that tests render with.

/** Everything that is off by default is on, and everything that is empty has something in it. */
export const EVERYTHING = {
  global: { imageRegistry: 'mirror.example:5000' },
  image: { digest: `sha256:${'0'.repeat(64)}` },
  imagePullSecrets: [{ name: 'pull' }],
  commonLabels: { team: 'storage' },
  commonAnnotations: { 'example.com/owner': 'storage' },
  replicaCount: 3,
  tlsSecretNames: ['array-a-client', 'array-b-client'],
  serviceAccount: { annotations: { 'example.com/identity': 'lunresync' } },
  podLabels: { tier: 'control' },
  podAnnotations: { 'example.com/scrape': 'no' },
  priorityClassName: 'system-cluster-critical',
  runtimeClassName: 'gvisor',
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  affinity: {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 1, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: {} } },
      ],
    },
  },
  tolerations: [{ key: 'storage', operator: 'Exists' }],
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: {} },
  ],
  hostAliases: [{ ip: '10.1.2.3', hostnames: ['array-a'] }],
  dnsPolicy: 'ClusterFirst',
  extraArgs: ['--log-level=debug'],
  extraEnv: [{ name: 'TZ', value: 'UTC' }],
  extraEnvFrom: [{ configMapRef: { name: 'more' } }],
  extraVolumes: [{ name: 'array', hostPath: { path: '/run/array', type: 'Directory' } }],
  extraVolumeMounts: [{ name: 'array', mountPath: '/run/array' }],
  extraContainers: [{ name: 'proxy', image: 'proxy:1' }],
  extraObjects: [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-more' }, data: { a: 'b' } },
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: text\n',
  ],
  networkPolicy: {
    enabled: true,
    metricsFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
    apiServer: { cidrs: ['10.0.0.1/32'] },
    arrays: [{ cidr: '10.1.2.0/24', ports: [8443] }],
    extraEgress: [{ to: [{ ipBlock: { cidr: '10.9.0.0/16' } }] }],
  },
  service: { annotations: { 'example.com/service': 'metrics' } },
  serviceMonitor: { enabled: true, labels: { release: 'prometheus' }, interval: '30s', scrapeTimeout: '10s' },
  prometheusRule: {
    enabled: true,
    labels: { release: 'prometheus' },
    runbookBaseURL: 'https://wiki.example/runbooks/',
  },
  grafanaDashboard: { enabled: true, annotations: { grafana_folder: 'Storage' } },
};

/** One namespace only. */
export const NAMESPACED = { watchNamespace: 'shop', tlsSecretNames: ['array-a-client'] };
