// Builds programs with Go from the modules pinned in tools/.
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const TOOLS = join(import.meta.dirname, '..', '..', 'tools');

/** The Go module that pins Kubernetes and what goes with it. */
export const GO_MODULE = join(TOOLS, 'control-plane');

/** The Go module of what reads objects as GitOps tools do: it pins libraries that Kubernetes' own module cannot have. */
const EVALUATORS_MODULE = join(TOOLS, 'evaluators');

/** Programs that can be built, and the Go package of each. */
export const GO_PACKAGES = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  kubelet: 'k8s.io/kubernetes/cmd/kubelet',
  'csi-attacher': 'github.com/kubernetes-csi/external-attacher/v4/cmd/csi-attacher',
  'csi-provisioner': 'github.com/kubernetes-csi/external-provisioner/v6/cmd/csi-provisioner',
  'csi-resizer': 'github.com/kubernetes-csi/external-resizer/v2/cmd/csi-resizer',
  'csi-snapshotter': 'github.com/kubernetes-csi/external-snapshotter/v8/cmd/csi-snapshotter',
  'snapshot-controller': 'github.com/kubernetes-csi/external-snapshotter/v8/cmd/snapshot-controller',
  'csi-sanity': 'github.com/kubernetes-csi/csi-test/v5/cmd/csi-sanity',
  'csi-descriptor': './csi-descriptor',
  evaluate: '.',
} as const;

/** A build: which programs, into which folder, as which version of Kubernetes. */
export type Build = {
  readonly programs: readonly (keyof typeof GO_PACKAGES)[];
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

function compile(program: keyof typeof GO_PACKAGES, output: string, version: string): Promise<void> {
  const goPackage = GO_PACKAGES[program];
  const cwd = program === 'evaluate' ? EVALUATORS_MODULE : GO_MODULE;
  const args = ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', linkerFlags(version)];
  return new Promise((resolve, reject) => {
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
