/**
 * CSI's volume capabilities: parsed once, and which of them the array has.
 */
import { VolumeCapability_AccessMode_Mode as Mode, type VolumeCapability } from '../../proto/csi/v1/csi_pb.js';
import { checkedList } from '../services/arguments.ts';
import { invalidArgument } from '../services/rpc-failures.ts';
import { type FileSystem, fileSystems, mountOptionFault } from './mount-options.ts';

const modes = {
  [Mode.SINGLE_NODE_WRITER]: 'SINGLE_NODE_WRITER',
  [Mode.SINGLE_NODE_READER_ONLY]: 'SINGLE_NODE_READER_ONLY',
  [Mode.MULTI_NODE_READER_ONLY]: 'MULTI_NODE_READER_ONLY',
  [Mode.MULTI_NODE_SINGLE_WRITER]: 'MULTI_NODE_SINGLE_WRITER',
  [Mode.MULTI_NODE_MULTI_WRITER]: 'MULTI_NODE_MULTI_WRITER',
  [Mode.SINGLE_NODE_SINGLE_WRITER]: 'SINGLE_NODE_SINGLE_WRITER',
  [Mode.SINGLE_NODE_MULTI_WRITER]: 'SINGLE_NODE_MULTI_WRITER',
} as const;

export type AccessMode = (typeof modes)[keyof typeof modes];

/** How a volume is going to be used. */
export type Capability = { readonly accessMode: AccessMode } & (
  | { readonly kind: 'block' }
  | {
      readonly kind: 'mount';
      /** Absent: the one that the volume has, or ext4 when it has none. */
      readonly fileSystem: FileSystem | undefined;
      readonly options: readonly string[];
    }
);

const maxMountFlags = 64;
const maxCapabilities = 32;

/** The capability that a call must name. Throws INVALID_ARGUMENT when it is missing or the array does not have it. */
export function capabilityOf(message: VolumeCapability | undefined): Capability {
  const accessMode = message?.accessMode === undefined ? undefined : modeOf(message.accessMode.mode);
  if (message?.accessType.case === undefined || accessMode === undefined) {
    throw invalidArgument('volume_capability is missing or incomplete.', 'Give access_type and access_mode.');
  }
  const capability: Capability =
    message.accessType.case === 'block' ? { kind: 'block', accessMode } : { ...mounted(message), accessMode };
  const fault = modeFault(capability);
  if (fault !== undefined) {
    throw invalidArgument(fault);
  }
  return capability;
}

/** The capabilities of a volume; at least one. Throws INVALID_ARGUMENT. */
export function capabilitiesOf(messages: readonly VolumeCapability[]): readonly Capability[] {
  const limits = { min: 1, max: maxCapabilities };
  return checkedList('volume_capabilities', messages, limits).map((message) => capabilityOf(message));
}

/** Whether a volume may only be read, whatever else the call says. */
export function isReaderOnly({ accessMode }: Capability): boolean {
  return accessMode === 'SINGLE_NODE_READER_ONLY' || accessMode === 'MULTI_NODE_READER_ONLY';
}

function modeOf(mode: Mode): AccessMode | undefined {
  return mode === Mode.UNKNOWN ? undefined : (modes[mode] as AccessMode | undefined);
}

function mounted(message: VolumeCapability): Omit<Extract<Capability, { kind: 'mount' }>, 'accessMode'> {
  const { fsType, mountFlags, volumeMountGroup } =
    message.accessType.case === 'mount'
      ? message.accessType.value
      : { fsType: '', mountFlags: [], volumeMountGroup: '' };
  const fileSystem = fileSystems.find((name) => name === fsType);
  if (fileSystem === undefined && fsType !== '') {
    throw invalidArgument(`fs_type is ${fsType.slice(0, 64)}.`, `Use one of ${fileSystems.join(', ')}.`);
  }
  if (volumeMountGroup !== '') {
    throw invalidArgument('volume_mount_group is set, and the driver has no VOLUME_MOUNT_GROUP.', 'Leave it empty.');
  }
  const flags = checkedList('mount_flags', mountFlags, { min: 0, max: maxMountFlags });
  const options = [...new Set(flags.flatMap((flag) => flag.split(',')))];
  const fault = options.map((option) => mountOptionFault(option, fileSystem)).find((found) => found !== undefined);
  if (fault !== undefined) {
    throw invalidArgument(`mount_flags: ${fault}`);
  }
  return { kind: 'mount', fileSystem, options };
}

function modeFault({ kind, accessMode }: Capability): string | undefined {
  if (accessMode === 'MULTI_NODE_SINGLE_WRITER') {
    return `access_mode ${accessMode}: the array cannot tell which of many nodes writes.`;
  }
  // ext4 and xfs belong to one host at a time.
  return kind === 'mount' && accessMode === 'MULTI_NODE_MULTI_WRITER'
    ? `access_mode ${accessMode} needs a block volume: a file system that one node has mounted must not be mounted by another.`
    : undefined;
}
