// What `npm run demo` can be asked for.
import { parseArgs } from 'node:util';

export type DemoOptions = {
  /** The story is told with claims and VolumeSnapshots in place of LUN ids. */
  readonly volumes: boolean;
  /** The last line is one JSON object, and everything else goes to standard error. */
  readonly json: boolean;
  /** Everything stays up until Ctrl-C. */
  readonly keep: boolean;
  /** `corrupt-copy`: the array damages a block of the copy after it was written. */
  readonly inject: 'nothing' | 'corrupt-copy';
};

export const USAGE = `Usage: npm run demo [-- options]

Starts a kube-apiserver, an array and the operator on this machine, restores two LUNs from their snapshots by a
LunResync, compares the bytes itself, undoes it, and compares again. Exits with 0 only if all bytes are as they must be.

  --volumes               with claims and VolumeSnapshots in place of LUN ids: starts kube-controller-manager, the CSI
                          sidecars and the snapshot-controller too, and checks that claims and volumes stay as they are
  --json                  print one JSON object as the last line of standard output
  --keep                  leave everything running until Ctrl-C, and say how to use kubectl on it
  --inject corrupt-copy   have the array damage a block of the copy: the run must not succeed, and the exit code is 1
  --help                  this text
`;

/** The options; undefined for --help. Throws an Error for the reader. */
export function parseOptions(args: readonly string[]): DemoOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      volumes: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      inject: { type: 'string', default: 'nothing' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { volumes, json, keep, inject } = values;
  if (inject !== 'nothing' && inject !== 'corrupt-copy')
    throw new Error(`--inject ${inject}: only corrupt-copy can be injected`);
  return { volumes, json, keep, inject };
}
