// A Kubernetes cluster for end-to-end tests, whoever makes it.

/** What every provider of a cluster can do. */
export type ClusterProvider = {
  /** Makes the cluster, or finds it, and waits until Pods can be made. Rejects with what to do where it cannot. */
  readonly up: () => Promise<void>;
  /** The administrator's kubeconfig, as YAML, for a client on this machine. */
  readonly kubeconfig: () => Promise<string>;
  /** Brings an image of the engine into the cluster; gives the name by which Pods use it, without pulling. */
  readonly loadImage: (image: string) => Promise<string>;
  /** What the cluster's programs said last, for a test that failed. */
  readonly logs: () => Promise<string>;
  /** Takes the cluster away with all that was in it, unless it was there before. May be repeated. */
  readonly down: () => Promise<void>;
};

/** Runs a program to its end and gives what it printed; rejects with what it said when it fails. */
export type Run = (program: string, args: readonly string[]) => Promise<string>;
