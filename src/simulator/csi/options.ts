/**
 * The part of the command line that says which CSI services are served, and where.
 */
import { hostname } from 'node:os';
import { type ListenAddress, listenAddress } from '../services/listener.ts';

/** The flags, as --help shows them. */
export const csiUsage = `  --csi-endpoint unix:///PATH  serve CSI, as the driver sim.lunresync.io, on this socket
    --csi-services LIST        controller, node or both (default: controller,node); node alone needs no --data
    --csi-node-id NAME         the name of the node that this is (default: the host's name)
    --csi-nodes LIST           the nodes that volumes may be published to, * for any (default: this node)
    --csi-registration unix:///PATH  a socket in the kubelet's folder plugins_registry, where it finds the driver`;

/** The flags, as they are parsed. */
export const csiFlags = {
  'csi-endpoint': { type: 'string' },
  'csi-services': { type: 'string' },
  'csi-node-id': { type: 'string' },
  'csi-nodes': { type: 'string' },
  'csi-registration': { type: 'string' },
} as const;

/** The path of a socket. */
export type SocketAddress = Extract<ListenAddress, { kind: 'unix' }>;

export type CsiOptions = {
  readonly address: SocketAddress;
  /** Where the kubelet finds the driver; undefined when somebody else tells it. */
  readonly registration: SocketAddress | undefined;
  readonly services: { readonly controller: boolean; readonly node: boolean };
  readonly nodeID: string;
  readonly isNode: (name: string) => boolean;
};

/** The options of CSI; undefined when it is not served. Throws an Error for the reader. */
export function csiOptions(
  values: Readonly<Partial<Record<keyof typeof csiFlags, string | undefined>>>,
): CsiOptions | undefined {
  const endpoint = values['csi-endpoint'];
  if (endpoint === undefined) {
    return undefined;
  }
  const address = socketAddress('csi-endpoint', endpoint);
  const registration = values['csi-registration'];
  const named = list(values['csi-services'] ?? 'controller,node');
  const unknown = named.find((name) => name !== 'controller' && name !== 'node');
  if (named.length === 0 || unknown !== undefined) {
    throw new Error(`--csi-services ${values['csi-services']}: use controller, node or controller,node.`);
  }
  const nodeID = values['csi-node-id'] ?? hostname();
  const nodes = list(values['csi-nodes'] ?? nodeID);
  return {
    address,
    registration: registration === undefined ? undefined : socketAddress('csi-registration', registration),
    services: { controller: named.includes('controller'), node: named.includes('node') },
    nodeID,
    isNode: (name) => nodes.includes(name) || nodes.includes('*'),
  };
}

function socketAddress(flag: keyof typeof csiFlags, text: string): SocketAddress {
  const address = listenAddress(text);
  if (address.kind !== 'unix') {
    throw new Error(`--${flag} ${text}: CSI is served on a Unix socket only.`);
  }
  return address;
}

function list(text: string): string[] {
  return text.split(',').filter((name) => name !== '');
}
