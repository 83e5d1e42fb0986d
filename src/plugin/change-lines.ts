/** A run as a log: one line for each change, without escape codes, for pipes and files; pure. */
import type { LunResync } from '../api/lun-resync.ts';
import type { PairStatus } from '../api/lun-resync-status.ts';
import { formatBytes, formatDuration } from '../core/format.ts';
import { isFinished, isWaiting, messageOf, pairsOf, type RunState, reasonRow, reasonWord, remainingMs } from './run.ts';
import { plain } from './text.ts';

/** The lines that tell what is new in `after`; all of it when there is nothing before. */
export function changeLines(before: LunResync | undefined, after: RunState): string[] {
  const { resync } = after;
  const lines = pairsOf(resync).flatMap((pair) => pairChange(before, pair));
  if (before === undefined || runWords(before) !== runWords(resync)) lines.unshift(runLine(after));
  if (isFinished(resync) && (before === undefined || !isFinished(before))) lines.push(...endLines(resync));
  const time = `${new Date(after.now).toISOString().slice(0, 19)}Z`;
  return lines.map((line) => `${time} ${plain(line).text}`);
}

/** What a change of which is worth a line. */
function runWords(resync: LunResync): string {
  const { progress, pairsSummary, dataState, attempt } = resync.status;
  const copied = [progress?.percent, progress?.copiedBytes, progress?.totalBytes];
  const { deletionTimestamp } = resync.metadata;
  const message = isWaiting(resync) ? messageOf(resync) : '';
  return JSON.stringify([reasonWord(resync), copied, pairsSummary, dataState, attempt, deletionTimestamp, message]);
}

function runLine(state: RunState): string {
  const { resync } = state;
  const { progress = {}, pairsSummary, dataState, attempt = 0 } = resync.status;
  const left = remainingMs(state);
  const { percent, copiedBytes = 0, totalBytes, bytesPerSecond } = progress;
  return [
    reasonWord(resync),
    ...(totalBytes === undefined ? [] : [`${percent}%, ${formatBytes(copiedBytes)} of ${formatBytes(totalBytes)}`]),
    ...(bytesPerSecond === undefined ? [] : [`${formatBytes(bytesPerSecond)}/s`]),
    ...(left === undefined ? [] : [`${formatDuration(left)} left`]),
    ...(pairsSummary === undefined ? [] : [`pairs ${pairsSummary}`]),
    ...(dataState === undefined ? [] : [`data ${dataState}`]),
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(resync.metadata.deletionTimestamp === undefined ? [] : ['being deleted']),
    ...(isWaiting(resync) ? [messageOf(resync)] : []),
  ].join(', ');
}

function pairChange(before: LunResync | undefined, pair: PairStatus): string[] {
  const known = before === undefined ? undefined : pairsOf(before).find(({ name }) => name === pair.name);
  if (pair.state === undefined || (known?.state === pair.state && known.message === pair.message)) return [];
  return [`pair ${pair.name} ${pair.state}${pair.message === undefined ? '' : `, ${pair.message}`}`];
}

function endLines(resync: LunResync): string[] {
  const remedy = reasonRow(resync)?.remedy ?? '';
  const plan = (resync.status.plan ?? []).map(
    ({ pair, action }) => `plan${pair === undefined ? '' : ` ${pair}`}: ${action}`,
  );
  return [messageOf(resync), ...plan, ...(remedy === '' ? [] : [`What to do: ${remedy}`])];
}
