// Where a point plays: a cluster with the operator and an array, reached only by what a person at a terminal has: kubectl,
// helm and the array's command line. The operator is a process of this machine, or a Pod.
import type { Ended } from './commands.ts';

/** The namespace of the operator, and its release's name. */
export const SYSTEM = 'lunresync-system';
export const RELEASE = 'lunresync';

/** A cluster, without an operator. */
export type Terminal = {
  /** Runs kubectl as the administrator. */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<Ended>;
  /** Runs helm as the administrator. */
  readonly helm: (args: readonly string[]) => Promise<Ended>;
  /** What kubectl itself is started with, for commands that go on while others run. */
  readonly kubectlCommand: readonly [program: string, ...args: string[]];
};

/** A cluster with an operator and an array. */
export type Ground = Terminal & {
  /** What the operator is, in words. */
  readonly operator: 'processes' | 'Pods';
  /** The namespace whose LunResyncs may name every LUN of the array. */
  readonly namespace: string;
  readonly arrayName: string;
  /** Where the operator's Lease is. */
  readonly leaseNamespace: string;
  /** Runs the array's command line and gives what it printed. Throws when it fails. */
  readonly lunarray: (args: readonly string[]) => Promise<string>;
  /** Ends the operator that leads, without warning, while another stands by. */
  readonly killLeader: () => Promise<void>;
  /** After a change of the release: the new operator is there, and the old one has ended in good order. */
  readonly handOver: () => Promise<void>;
  /** Flags of `helm upgrade` for an image that can be used here, and for waiting where there are Pods to wait for. */
  readonly releaseFlags: readonly string[];
};
