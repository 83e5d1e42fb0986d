/**
 * Commands that order faults and slow the array down.
 */
import { FaultAction, FaultPoint } from '../../proto/lunarray/admin/v1/admin_pb.js';
import { Step } from '../../proto/lunarray/v1/lunarray_pb.js';
import type { Arguments, ArrayClients, Command, Output } from './command.ts';
import { done, UsageError } from './command.ts';
import { nameOf, valueOf } from './names.ts';
import { formatBytes, parseBytes } from './sizes.ts';

/** The commands. */
export const faultCommands: readonly Command[] = [
  {
    name: 'fault',
    usage: `ACTION [--method METHOD [--point before|after] | --step STEP [--at-byte N]] [--lun LUN] [--nth N] [--count N]
            [--code N] [--reason HRESULT] [--message TEXT] [--remedy TEXT] [--chunk N] [--durable]`,
    summary:
      'order a fault: fail, hang, drop-connection, crash, corrupt-chunk, succeed-without-copying, wrong-digests, stall',
    options: {
      method: { type: 'string' },
      point: { type: 'string' },
      step: { type: 'string' },
      'at-byte': { type: 'string' },
      lun: { type: 'string' },
      nth: { type: 'string' },
      count: { type: 'string' },
      code: { type: 'string' },
      reason: { type: 'string' },
      message: { type: 'string' },
      remedy: { type: 'string' },
      chunk: { type: 'string' },
      durable: { type: 'boolean' },
    },
    run: orderFault,
  },
  { name: 'faults', usage: '', summary: 'list the faults that have not fired yet', run: listFaults },
  {
    name: 'clear-faults',
    usage: '[ID]',
    summary: 'take faults back',
    run: async ({ admin }, args) => {
      const answer = await admin.clearFaults({ id: args.optionalAt(0) });
      return done(`${answer.cleared} faults taken back.`, answer);
    },
  },
  {
    name: 'bandwidth',
    usage: 'BYTES',
    summary: 'limit every copy, in bytes a second; 0 is no limit',
    run: async ({ admin }, args) => {
      const bytesPerSecond = parseBytes('BYTES', args.at(0, 'BYTES'));
      await admin.setBandwidth({ bytesPerSecond });
      return done(bytesPerSecond === 0n ? 'No limit.' : `${formatBytes(bytesPerSecond)} a second.`);
    },
  },
  {
    name: 'latency',
    usage: 'MILLISECONDS [--method METHOD]',
    summary: 'delay every call of LunArray and CSI, or those of one method',
    options: { method: { type: 'string' } },
    run: async ({ admin }, args) => {
      const milliseconds = wholeNumber('MILLISECONDS', args.at(0, 'MILLISECONDS'));
      await admin.setLatency({ milliseconds, method: args.text('method') });
      return done(`${milliseconds} ms.`);
    },
  },
];

async function orderFault({ admin }: ArrayClients, args: Arguments): Promise<Output> {
  const step = args.text('step');
  const point = args.text('point');
  const answer = await admin.setFault({
    fault: {
      action: valueOf('action', FaultAction, args.at(0, 'ACTION')),
      method: args.text('method'),
      point: point === '' ? FaultPoint.UNSPECIFIED : valueOf('point', FaultPoint, point),
      step: step === '' ? Step.UNSPECIFIED : valueOf('step', Step, step),
      atByte: parseBytes('--at-byte', args.text('at-byte')),
      lunId: args.text('lun'),
      nth: wholeNumber('--nth', args.text('nth')),
      count: wholeNumber('--count', args.text('count')),
      code: wholeNumber('--code', args.text('code')),
      reason: args.text('reason'),
      message: args.text('message'),
      remedy: args.text('remedy'),
      chunk: wholeNumber('--chunk', args.text('chunk')),
      durable: args.flag('durable'),
    },
  });
  return done(`Fault ${answer.id} is ordered.`, answer);
}

async function listFaults({ admin }: ArrayClients): Promise<Output> {
  const { faults } = await admin.listFaults({});
  return {
    kind: 'table',
    headings: ['ID', 'ACTION', 'WHERE', 'LUN', 'NTH', 'LEFT', 'REASON', 'DURABLE'],
    json: faults,
    rows: faults.map((fault) => [
      fault.id,
      nameOf(FaultAction, fault.action),
      fault.method === ''
        ? `${nameOf(Step, fault.step)} from ${formatBytes(fault.atByte)}`
        : `${nameOf(FaultPoint, fault.point)} ${fault.method}`,
      fault.lunId,
      String(fault.nth),
      String(fault.count),
      fault.reason,
      fault.durable ? 'yes' : 'no',
    ]),
  };
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{0,9}$/.test(text)) {
    throw new UsageError(`${name} is ${JSON.stringify(text)}: write a whole number.`);
  }
  return Number(text);
}
