/**
 * The mount options that a volume may ask for. What is not in the list is refused: some options make `mount` do something
 * else than mounting this device here, and others are no business of a volume.
 */

/** The file systems that a node can make. */
export const fileSystems = ['ext4', 'xfs'] as const;

export type FileSystem = (typeof fileSystems)[number];

// Those that the kernel shows in /proc/self/mountinfo whenever they are on, so that they can be compared with.
const visible = ['ro', 'nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'sync', 'dirsync'];
const generic = [...visible, 'rw', 'relatime', 'strictatime', 'lazytime', 'nolazytime', 'discard', 'nodiscard'];

const own: Readonly<Record<FileSystem, readonly RegExp[]>> = {
  ext4: [
    /^data=(ordered|journal|writeback)$/,
    /^errors=(remount-ro|continue)$/,
    /^commit=\d{1,4}$/,
    /^(no)?barrier$/,
    /^(no)?user_xattr$/,
    /^(no)?acl$/,
    /^(no)?delalloc$/,
    /^noinit_itable$/,
    /^noload$/,
  ],
  xfs: [
    /^logbufs=[2-8]$/,
    /^logbsize=\d{1,6}k?$/,
    /^allocsize=\d{1,10}[kmg]?$/i,
    /^inode(32|64)$/,
    /^(no)?largeio$/,
    /^swalloc$/,
    /^nouuid$/,
    /^norecovery$/,
    /^noquota$/,
  ],
};

const maxOptionLength = 64;

/** Why an option is refused, or undefined. */
export function mountOptionFault(option: string, fileSystem: FileSystem | undefined): string | undefined {
  const possible = fileSystem === undefined ? fileSystems : [fileSystem];
  if (generic.includes(option) || possible.some((name) => own[name].some((pattern) => pattern.test(option)))) {
    return undefined;
  }
  return `option ${JSON.stringify(option.slice(0, maxOptionLength))} is not allowed for ${possible.join(' or ')}.`;
}

/** Those of some wanted options that a mount demonstrably does not have. */
export function missingOptions(wanted: readonly string[], has: readonly string[]): readonly string[] {
  const isMissing = (option: string): boolean =>
    option === 'rw' ? has.includes('ro') : visible.includes(option) && !has.includes(option);
  return wanted.filter(isMissing);
}
