/** A pair as it is written on the command line: `NAME=SOURCE[,TARGET]`. */
import type { LunResyncSpec } from '../api/lun-resync-spec.ts';
import { UsageError } from './command.ts';

export type PairSpec = LunResyncSpec['pairs'][number];

/** How a pair is written; for the help and for errors. */
export const PAIR_FORM = 'NAME=snapshot:SNAPSHOT[,claim:CLAIM] or NAME=lun:ID,lun:ID';

const SOURCES: ReadonlySet<string> = new Set(['snapshot', 'lun']);
const TARGETS: ReadonlySet<string> = new Set(['claim', 'lun']);

/** Reads one pair. An arrow (→) may stand for the comma. Throws UsageError; what a name may look like is not checked here. */
export function parsePair(text: string): PairSpec {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(0, equals));
  const sides = text.slice(equals + 1).split(/[,→]/);
  const [source, target] = sides;
  if (name === '' || source === undefined || sides.length > 2) throw wrong(text, 'it has not the form');
  const [sourceKind, sourceName] = side(text, source, SOURCES);
  const from = sourceKind === 'snapshot' ? { volumeSnapshotName: sourceName } : { lunID: sourceName };
  if (target === undefined) {
    if (sourceKind === 'lun') throw wrong(text, 'a LUN as the source needs a target');
    return { name, source: from };
  }
  const [targetKind, targetName] = side(text, target, TARGETS);
  const over = targetKind === 'claim' ? { persistentVolumeClaimName: targetName } : { lunID: targetName };
  return { name, source: from, target: over };
}

function side(pair: string, text: string, kinds: ReadonlySet<string>): [kind: string, name: string] {
  // An id may have colons itself: only the first one separates.
  const colon = text.indexOf(':');
  const kind = text.slice(0, Math.max(0, colon)).trim();
  const name = text.slice(colon + 1).trim();
  if (!kinds.has(kind)) throw wrong(pair, `"${text.trim()}" does not begin with ${[...kinds].join(': or ')}:`);
  if (name === '') throw wrong(pair, `"${text.trim()}" has no name`);
  return [kind, name];
}

function wrong(pair: string, why: string): UsageError {
  return new UsageError(`--pair "${pair}": ${why}; write ${PAIR_FORM}`);
}
