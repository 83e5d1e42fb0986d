// The images of the sidecars of CSI for the simulator's chart.
import { findBinaries, type Program } from '../../../scripts/control-plane/binaries.ts';
import type { ClusterProvider } from '../providers/provider.ts';
import { makeBaseImage } from './base-images.ts';
import { say } from './cluster.ts';
import type { Engine } from './engine.ts';

type SidecarValues = { readonly sidecars?: object; readonly snapshotController?: object };

/**
 * Values of the chart lunresync-simulator: none where images can be pulled, which LUNRESYNC_E2E_BASES=registry says;
 * otherwise the same programs from Go's modules, brought into the cluster.
 */
export async function sidecarValues(engine: Engine, provider: ClusterProvider): Promise<SidecarValues> {
  if (process.env['LUNRESYNC_E2E_BASES'] === 'registry') return {};
  const load = async (program: Program): Promise<string> => {
    const { path } = await findBinaries([program], say);
    const content = { name: `lunresync-e2e-${program}`, programs: [path(program)], entrypoint: program };
    return provider.loadImage(await makeBaseImage(engine, content));
  };
  return {
    sidecars: {
      provisioner: await load('csi-provisioner'),
      attacher: await load('csi-attacher'),
      resizer: await load('csi-resizer'),
      snapshotter: await load('csi-snapshotter'),
    },
    snapshotController: { image: await load('snapshot-controller') },
  };
}
