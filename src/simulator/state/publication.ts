/**
 * How nodes may use a LUN that is published to them: what one publication excludes.
 */
import type { LunRecord, Publication } from './records.ts';
import { type Refused, refused } from './refused.ts';

const modesForManyNodes: ReadonlySet<string> = new Set(['MULTI_NODE_READER_ONLY', 'MULTI_NODE_MULTI_WRITER']);

/**
 * Why a LUN cannot be published to a node in this way, or undefined.
 *
 * Source: CSI specification, ControllerPublishVolume: ALREADY_EXISTS when the node has it in another way,
 * FAILED_PRECONDITION when another node has it and the access modes do not allow both.
 */
export function publicationFault(lun: LunRecord, node: string, publication: Publication): Refused | undefined {
  const own = lun.publications?.[node];
  if (own !== undefined && (own.accessMode !== publication.accessMode || own.isReadonly !== publication.isReadonly)) {
    return refused({
      code: 'ALREADY_EXISTS',
      reason: 'VSS_E_OBJECT_ALREADY_EXISTS',
      message: `LUN ${lun.id} is published to ${node} as ${described(own)} and not as ${described(publication)}.`,
      remedy: 'Detach it first.',
      lunID: lun.id,
    });
  }
  const others = lun.publishedNodes.filter((name) => name !== node);
  const modes = [publication, ...others.map((name) => lun.publications?.[name])].map((found) => found?.accessMode);
  if (others.length > 0 && !modes.every((mode) => modesForManyNodes.has(mode ?? ''))) {
    return refused({
      reason: 'VSS_E_VOLUME_IN_USE',
      message: `LUN ${lun.id} is published to ${others.slice(0, 4).join(', ')}, and ${publication.accessMode} excludes that.`,
      remedy: 'Detach it there first, or use an access mode for many nodes on all of them.',
      lunID: lun.id,
    });
  }
  return undefined;
}

/** The LUN with a node's publication remembered. */
export function withPublication(lun: LunRecord, node: string, publication: Publication | undefined): LunRecord {
  return publication === undefined ? lun : { ...lun, publications: { ...lun.publications, [node]: publication } };
}

/** The LUN with a node's publication forgotten. */
export function withoutPublication(lun: LunRecord, node: string): LunRecord {
  const { [node]: _removed, ...publications } = lun.publications ?? {};
  return { ...lun, publications: Object.keys(publications).length === 0 ? undefined : publications };
}

function described({ accessMode, isReadonly }: Publication): string {
  return `${accessMode}, ${isReadonly ? 'to read only' : 'to write'}`;
}
