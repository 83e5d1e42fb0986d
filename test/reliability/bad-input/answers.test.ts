// Whatever an array answers: no crash, no false success, and the run goes on when it tells the truth again.
import type { DescMessage } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { LunArray } from '../../../src/proto/lunarray/v1/lunarray_pb.js';
import { CALLED, checkAnswers } from './answers.ts';

it('an array that spoils any one field of its answers crashes nothing and makes nothing look done', {
  timeout: 120_000,
}, async () => {
  const { problems, fields, cases, successes } = await checkAnswers({ each: 1 });
  expect(problems).toEqual([]);
  // Every field of every answer had its turn.
  expect(fields).toBe(CALLED.map(({ output }) => fieldsIn(output)).reduce((sum, count) => sum + count, 0));
  expect(cases).toBeGreaterThan(fields);
  // What is spoiled is no proof most of the time, and then is no reason to fail.
  expect(successes).toBeGreaterThan(cases / 5);
});

it('no outcome, generation, id or owner makes a success of what is none, or an operation ours that is not', {
  timeout: 120_000,
}, async () => {
  const only = /^(GetLuns luns\.runs\.(outcome|intent_generation|operation_id)|ListOperations operations\.owner)$/;
  const { problems, fields, cases } = await checkAnswers({ only });
  expect(problems).toEqual([]);
  expect(fields).toBe(4);
  expect(cases).toBeGreaterThan(200);
});

it('the operator calls all methods but the two that are for people', () => {
  const called = new Set(CALLED.map(({ name }) => name));
  const others = LunArray.methods.filter(({ name }) => !called.has(name)).map(({ name }) => name);
  expect(others).toEqual(['ListLuns', 'ForceOnline']);
});

function fieldsIn(message: DescMessage): number {
  return message.fields.reduce((sum, { message: below }) => sum + 1 + (below === undefined ? 0 : fieldsIn(below)), 0);
}
