// Builds programs with Go from the modules pinned in tools/.
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The folder of the Go modules that pin what is built. */
const MODULES = join(import.meta.dirname, '..', '..', 'tools');

/** The Go module of the control plane and of CSI. */
export const GO_MODULE = join(MODULES, 'control-plane');

/** A program's Go package, the module under tools/ that pins it, and the build tags that it needs. */
type GoProgram = { readonly goPackage: string; readonly module: string; readonly tags?: string };

const controlPlane = (goPackage: string): GoProgram => ({ goPackage, module: 'control-plane' });
const deploy = (goPackage: string): GoProgram => ({ goPackage, module: 'deploy' });

/** Programs that can be built. */
export const GO_PROGRAMS = {
  etcd: controlPlane('go.etcd.io/etcd/server/v3'),
  'kube-apiserver': controlPlane('k8s.io/kubernetes/cmd/kube-apiserver'),
  kubectl: controlPlane('k8s.io/kubernetes/cmd/kubectl'),
  'kube-controller-manager': controlPlane('k8s.io/kubernetes/cmd/kube-controller-manager'),
  'kube-scheduler': controlPlane('k8s.io/kubernetes/cmd/kube-scheduler'),
  kubelet: controlPlane('k8s.io/kubernetes/cmd/kubelet'),
  'kube-proxy': controlPlane('k8s.io/kubernetes/cmd/kube-proxy'),
  // What enforces NetworkPolicies, as in K3s: for clusters that live as long as a test, and nothing else of it is run.
  'kube-router': { goPackage: 'github.com/cloudnativelabs/kube-router/v2/cmd/kube-router', module: 'network-policies' },
  // What holds the namespaces of a Pod.
  pause: controlPlane('./pause'),
  'csi-attacher': controlPlane('github.com/kubernetes-csi/external-attacher/v4/cmd/csi-attacher'),
  'csi-provisioner': controlPlane('github.com/kubernetes-csi/external-provisioner/v6/cmd/csi-provisioner'),
  'csi-resizer': controlPlane('github.com/kubernetes-csi/external-resizer/v2/cmd/csi-resizer'),
  'csi-snapshotter': controlPlane('github.com/kubernetes-csi/external-snapshotter/v8/cmd/csi-snapshotter'),
  'snapshot-controller': controlPlane('github.com/kubernetes-csi/external-snapshotter/v8/cmd/snapshot-controller'),
  'csi-sanity': controlPlane('github.com/kubernetes-csi/csi-test/v5/cmd/csi-sanity'),
  'csi-descriptor': controlPlane('./csi-descriptor'),
  // What reads objects as GitOps tools do: it needs libraries that the control plane's module cannot have.
  evaluate: { goPackage: '.', module: 'evaluators' },
  helm: deploy('helm.sh/helm/v4/cmd/helm'),
  kubeconform: deploy('github.com/yannh/kubeconform/cmd/kubeconform'),
  // Its discovery of targets in clouds would be most of it, and is not used; the other tag leaves out a web page.
  promtool: {
    goPackage: 'github.com/prometheus/prometheus/cmd/promtool',
    module: 'promtool',
    tags: 'remove_all_sd,builtinassets',
  },
} as const satisfies Readonly<Record<string, GoProgram>>;

/** A build: which programs, into which folder, as which version of Kubernetes. */
export type Build = {
  readonly programs: readonly (keyof typeof GO_PROGRAMS)[];
  readonly cache: string;
  readonly version: string;
  readonly say: (line: string) => void;
};

/** Whether a Go tool chain is on the PATH. */
export async function hasGo(): Promise<boolean> {
  return promisify(execFile)('go', ['version']).then(
    () => true,
    () => false,
  );
}

/**
 * Builds the programs one by one and moves each into the cache when it is whole, so that an interrupted build leaves
 * nothing half-written and the next one goes on where it stopped.
 *
 * Throws an Error with Go's last lines when a program does not build.
 */
export async function buildPrograms(build: Build): Promise<void> {
  const { programs, cache, say } = build;
  say(
    `Building ${programs.join(', ')} ${build.version} with Go: up to six minutes on two cores the first time, ` +
      `once for this machine (${cache}).`,
  );
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, '.building-'));
  try {
    for (const program of programs) {
      const started = Date.now();
      const output = join(folder, program);
      await compile(program, output, build.version);
      // Within one file system, so that nobody ever sees half a program.
      await rename(output, join(cache, program));
      say(`Built ${program} in ${Math.round((Date.now() - started) / 1000)} s.`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function compile(program: keyof typeof GO_PROGRAMS, output: string, version: string): Promise<void> {
  const { goPackage, module, tags = '' }: GoProgram = GO_PROGRAMS[program];
  const args = [
    'build',
    '-mod=readonly',
    '-trimpath',
    '-buildvcs=false',
    '-tags',
    tags,
    '-ldflags',
    linkerFlags(version),
  ];
  return new Promise((resolve, reject) => {
    const cwd = join(MODULES, module);
    const go = spawn('go', [...args, '-o', output, goPackage], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let last = '';
    go.stderr.on('data', (chunk: Buffer) => {
      last = `${last}${chunk.toString()}`.slice(-2000);
    });
    go.on('error', (cause) => reject(new Error(`go build of ${program} could not be started`, { cause })));
    go.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`go build of ${program} ended with ${code ?? signal}:\n${last}`));
    });
  });
}

/** Without these an API server says v0.0.0 and clients that look at its version refuse it. */
function linkerFlags(version: string): string {
  const [major, minor] = version.split('.');
  const values = {
    gitVersion: `v${version}`,
    gitMajor: major,
    gitMinor: minor,
    gitCommit: '0'.repeat(40),
    gitTreeState: 'archive',
    buildDate: '2026-01-01T00:00:00Z',
  };
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  const stamps = packages.flatMap((name) => Object.entries(values).map(([key, value]) => `-X ${name}.${key}=${value}`));
  return ['-s', '-w', ...stamps].join(' ');
}
