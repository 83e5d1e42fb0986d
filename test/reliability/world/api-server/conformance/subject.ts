/** What the conformance script runs on: the model, or a real kube-apiserver with its etcd. */
import type { ApiTransport } from '../../../../../src/kubernetes/http.ts';

export type Subject = {
  readonly transport: ApiTransport;
  /** Lets so much of the subject's time pass. */
  readonly pass: (ms: number) => Promise<void>;
  /** The server starts anew. */
  readonly restart: () => Promise<void>;
  /** etcd forgets everything before now, and the server starts anew. */
  readonly compact: () => Promise<void>;
  /** Keeps the state of now, and gives what puts it back. */
  readonly backUp: () => Promise<() => Promise<void>>;
};
