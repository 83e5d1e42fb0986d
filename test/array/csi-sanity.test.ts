/** csi-sanity, the conformance test of the CSI project, against the array's socket: controller, node and real mounts. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { findBinaries } from '../../scripts/control-plane/binaries.ts';
import { type Driver, requireRealMounts, startDriver } from '../support/csi.ts';

const timeoutMs = 600_000;

/** What csi-sanity may leave out, and why. Anything else that it skips is a failure. */
const skips: Readonly<Record<string, { readonly count: number; readonly why: string }>> = {
  'ControllerModifyVolume not supported': {
    count: 6,
    why: 'a LUN has no property that could be changed under a workload',
  },
  'Modify volume not supported': { count: 1, why: 'the same' },
  'Modify Volume not supported': { count: 1, why: 'the same' },
  'GroupControllerService not supported': {
    count: 6,
    why: 'the array groups its own safety snapshots, not those of CSI',
  },
  'testnodevolumeattachlimit not enabled': { count: 1, why: 'a node has as many loop devices as it makes' },
};

/** Disabled by csi-sanity itself; test/array/csi-controller.test.ts pages through volumes that come and go. */
const pending =
  'pagination should detect volumes added between pages and accept tokens when the last volume from a page is deleted';

type Spec = { readonly LeafNodeText: string; readonly State: string; readonly Failure?: { readonly Message: string } };

it.each(['mount', 'block'])('csi-sanity finds nothing wrong with %s volumes', { timeout: timeoutMs }, async (kind) => {
  await requireRealMounts();
  await using driver = await startDriver();
  const specs = await sanity(driver, kind);
  const messages = (state: string): string[] =>
    specs.filter(({ State }) => State === state).map(({ Failure }) => Failure?.Message ?? '');

  const bad = specs.filter(({ State }) => !['passed', 'skipped', 'pending'].includes(State));
  expect(bad.map(({ LeafNodeText, Failure }) => `${LeafNodeText}: ${Failure?.Message ?? ''}`)).toEqual([]);
  const expected = Object.entries(skips).flatMap(([message, { count }]) => Array<string>(count).fill(message));
  expect(messages('skipped').toSorted()).toEqual(expected.toSorted());
  expect(specs.filter(({ State }) => State === 'pending').map(({ LeafNodeText }) => LeafNodeText)).toEqual([pending]);
  expect(messages('passed').length).toBeGreaterThanOrEqual(80);
});

async function sanity(driver: Driver, kind: string): Promise<readonly Spec[]> {
  const { path } = await findBinaries(['csi-sanity'], console.log);
  const report = join(driver.folder, 'report.json');
  const args = [
    `--csi.endpoint=${driver.endpoint}`,
    `--csi.mountdir=${join(driver.folder, 'mount')}`,
    `--csi.stagingdir=${join(driver.folder, 'staging')}`,
    `--csi.testvolumeaccesstype=${kind}`,
    `--ginkgo.json-report=${report}`,
  ];
  // It exits with 1 when a spec failed; the report says which.
  const said = await promisify(execFile)(path('csi-sanity'), args, { timeout: timeoutMs, cwd: driver.folder }).then(
    ({ stdout }) => stdout,
    (error: unknown) => String(error),
  );
  const text = await readFile(report, 'utf8').catch((cause: unknown) => {
    throw new Error(`csi-sanity wrote no report. It said: ${said.slice(-2_000)}`, { cause });
  });
  const suites = JSON.parse(text) as readonly { readonly SpecReports: readonly Spec[] }[];
  return suites.flatMap(({ SpecReports }) => SpecReports).filter(({ LeafNodeText }) => LeafNodeText !== '');
}
