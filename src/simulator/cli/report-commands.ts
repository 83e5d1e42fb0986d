/**
 * Commands that show what there is and what has happened.
 */
import { timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type Lun,
  LunKind,
  LunState,
  type Operation,
  OperationKind,
  Outcome,
  Step,
} from '../../proto/lunarray/v1/lunarray_pb.js';
import type { Arguments, ArrayClients, Command, Output } from './command.ts';
import { UsageError } from './command.ts';
import { nameOf } from './names.ts';
import { table } from './output.ts';
import { formatBytes } from './sizes.ts';

/** The commands. */
export const reportCommands: readonly Command[] = [
  { name: 'list', usage: '', summary: 'list all LUNs', run: list },
  { name: 'pools', usage: '', summary: 'list all pools', run: pools },
  { name: 'show', usage: 'LUN', summary: 'show a LUN and what became of the runs on it', run: show },
  {
    name: 'operations',
    usage: '[--owner PREFIX]',
    summary: 'list operations',
    options: { owner: { type: 'string' } },
    run: operations,
  },
  {
    name: 'journal',
    usage: '[--limit N]',
    summary: 'show the newest calls and steps',
    options: { limit: { type: 'string' } },
    run: journal,
  },
  { name: 'counters', usage: '', summary: 'show bytes by path and calls by method', run: counters },
];

async function list({ array }: ArrayClients): Promise<Output> {
  const luns: Lun[] = [];
  let pageToken = '';
  do {
    const page = await array.listLuns({ pageToken });
    luns.push(...page.luns);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return {
    kind: 'table',
    headings: ['ID', 'KIND', 'STATE', 'SIZE', 'USED', 'POOL', 'GENERATION', 'PARENT', 'PUBLISHED', 'VOLUMES'],
    json: luns,
    rows: luns.map((lun) => [
      lun.id,
      nameOf(LunKind, lun.kind),
      nameOf(LunState, lun.state),
      formatBytes(lun.sizeBytes),
      formatBytes(lun.allocatedBytes),
      lun.pool,
      String(lun.generation),
      lun.parentLunId,
      lun.publishedNodes.join(','),
      lun.volumes.map(({ name }) => name).join(','),
    ]),
  };
}

async function pools({ admin }: ArrayClients): Promise<Output> {
  const answer = await admin.listPools({});
  return {
    kind: 'table',
    headings: ['NAME', 'CAPACITY', 'USED'],
    json: answer.pools,
    rows: answer.pools.map((pool) => [pool.name, formatBytes(pool.capacityBytes), formatBytes(pool.usedBytes)]),
  };
}

async function show({ admin }: ArrayClients, args: Arguments): Promise<Output> {
  const id = args.at(0, 'LUN');
  const { lun } = await admin.getLun({ lunId: id });
  if (lun === undefined) {
    throw new UsageError(`There is no LUN ${id}. "list" shows all.`);
  }
  const facts = [
    ['id', lun.id],
    ['kind', nameOf(LunKind, lun.kind)],
    ['state', nameOf(LunState, lun.state)],
    ['size', `${formatBytes(lun.sizeBytes)} (${lun.sizeBytes})`],
    ['used', formatBytes(lun.allocatedBytes)],
    ['pool', lun.pool],
    ['generation', `${lun.generation}, content ${lun.contentGeneration}`],
    ['signature', lun.diskSignature],
    [
      'identifiers',
      lun.identifiers.map(({ type, value }) => `${type}:${Buffer.from(value).toString('hex')}`).join(' '),
    ],
    ['parent', lun.parentLunId],
    ['published', lun.publishedNodes.join(', ')],
    ['volumes', lun.volumes.map(({ name }) => name).join(', ')],
    ['safety of', lun.safetyOwner],
  ].filter(([, value]) => value !== '');
  const runs = lun.runs.map((run) => [
    run.operationId,
    nameOf(OperationKind, run.kind),
    nameOf(Outcome, run.outcome),
    run.sourceLunId,
    String(run.endGeneration),
    run.owner,
  ]);
  const headings = ['RUN', 'KIND', 'OUTCOME', 'SOURCE', 'END', 'OWNER'];
  const text = [
    table(['FIELD', 'VALUE'], facts as string[][]),
    ...(runs.length > 0 ? ['', table(headings, runs)] : []),
  ];
  return { kind: 'text', text: text.join('\n'), json: lun };
}

async function operations({ array }: ArrayClients, args: Arguments): Promise<Output> {
  const all: Operation[] = [];
  let pageToken = '';
  do {
    const page = await array.listOperations({ ownerPrefix: args.text('owner'), pageToken });
    all.push(...page.operations);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return {
    kind: 'table',
    headings: ['ID', 'KIND', 'STEP', 'OUTCOME', 'COPIED', 'WRITTEN', 'PAIRS', 'OWNER', 'ERROR'],
    json: all,
    rows: all.map((operation) => [
      operation.operationId,
      nameOf(OperationKind, operation.kind),
      nameOf(Step, operation.step),
      nameOf(Outcome, operation.outcome),
      `${formatBytes(sum(operation, 'copiedBytes'))}/${formatBytes(sum(operation, 'totalBytes'))}`,
      formatBytes(sum(operation, 'writtenBytes')),
      operation.pairs.map((pair) => `${pair.sourceLunId}>${pair.targetLunId}`).join(' '),
      operation.owner,
      operation.error === undefined ? '' : `${operation.error.reason}: ${operation.error.message}`,
    ]),
  };
}

function sum(operation: Operation, field: 'copiedBytes' | 'totalBytes' | 'writtenBytes'): bigint {
  return operation.pairs.reduce((total, pair) => total + pair[field], 0n);
}

async function journal({ admin }: ArrayClients, args: Arguments): Promise<Output> {
  const limit = Number(args.text('limit') || '50');
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > 10_000) {
    throw new UsageError('--limit: write a number from 1 to 10000.');
  }
  const { entries } = await admin.journal({ limit });
  return {
    kind: 'table',
    headings: ['TIME', 'EVENT', 'CODE', 'MS', 'OPERATION', 'OWNER', 'DETAIL'],
    json: entries,
    rows: entries.map((entry) => [
      entry.time === undefined ? '' : new Date(timestampMs(entry.time)).toISOString(),
      entry.event,
      entry.code,
      entry.code === '' ? '' : entry.milliseconds.toFixed(1),
      entry.operationId,
      entry.owner,
      entry.detail,
    ]),
  };
}

async function counters({ admin }: ArrayClients): Promise<Output> {
  const answer = await admin.counters({});
  return {
    kind: 'table',
    headings: ['COUNTER', 'VALUE'],
    json: answer,
    rows: [
      ['array copy', formatBytes(answer.arrayCopyBytes)],
      ['host read', formatBytes(answer.hostReadBytes)],
      ['host write', formatBytes(answer.hostWriteBytes)],
      ...Object.entries(answer.callsByMethod).map(([name, calls]) => [name, String(calls)]),
    ],
  };
}
