/** Runs against an array that spoils its answers: the real array client over gRPC, the real controller, a model of the API server. */
import type { DescMethod } from '@bufbuild/protobuf';
import { MalformedAnswer } from '../../../src/array-client/codec.ts';
import { RpcError } from '../../../src/rpc/rpc-error.ts';
import { oneOf } from '../../support/one-of.ts';
import { type Case, groupsOf } from './answer-cases.ts';
import { METHODS } from './answer-fields.ts';
import { callProblems } from './answer-judge.ts';
import { HostileArray } from './hostile-array.ts';
import { PlausibleArray, type Truth } from './plausible-array.ts';
import { Requester } from './requester.ts';

/** What the array really does while its answers are spoiled, what the user does, and whose answers are spoiled in it. */
type Scene = {
  readonly name: string;
  readonly truth: Truth;
  readonly cancels?: boolean;
  readonly isOrphan?: boolean;
  /** What is spoiled from the beginning ends many a run before there is a proof to spoil. */
  readonly isSpoiledAtItsEnd?: boolean;
  readonly methods: readonly string[];
};

const SCENES: readonly Scene[] = [
  {
    name: 'a run that succeeds',
    truth: 'Succeeds',
    methods: ['getArray', 'getLuns', 'startOperation', 'getOperation', 'releaseOperation', 'deleteSafetySnapshots'],
  },
  {
    name: 'the end of a run that succeeds',
    truth: 'Succeeds',
    isSpoiledAtItsEnd: true,
    methods: ['getLuns', 'getOperation'],
  },
  {
    name: 'the end of a run that fails',
    truth: 'Fails',
    isSpoiledAtItsEnd: true,
    methods: ['getLuns', 'getOperation', 'startOperation'],
  },
  { name: 'a run that is cancelled', truth: 'Runs', cancels: true, methods: ['cancelOperation', 'getLuns'] },
  {
    name: 'an operation without an object',
    truth: 'Runs',
    isOrphan: true,
    methods: ['listOperations', 'watchOperations', 'releaseOperation'],
  },
];

export type Answered = {
  readonly fields: number;
  readonly cases: number;
  /** Statuses that were written, and runs that ended with success in spite of what was spoiled. */
  readonly writes: number;
  readonly successes: number;
  readonly problems: string[];
};

export type AnswerOptions = {
  /** So many cases of each field, and each field in one scene alone; undefined: all of them. */
  readonly each?: number;
  /** Only what is called like this, such as `GetLuns luns.runs.outcome`; undefined: everything. */
  readonly only?: RegExp | undefined;
  readonly onProgress?: (done: string) => void;
};

/** Whose answers the operator reads. */
export const CALLED: readonly DescMethod[] = METHODS.filter(({ localName }) =>
  SCENES.some(({ methods }) => methods.includes(localName)),
);

/** Runs the cases. */
export async function checkAnswers({ each, only = /^/, onProgress }: AnswerOptions): Promise<Answered> {
  const hostile = new HostileArray();
  await hostile.start();
  const totals = { fields: 0, cases: 0, writes: 0, successes: 0, problems: [] as string[] };
  try {
    for (const method of CALLED) {
      const scenes = SCENES.filter((scene) => scene.methods.includes(method.localName));
      for (const [index, { field, cases }] of groupsOf(method).entries()) {
        if (!only.test(field ?? method.name)) continue;
        totals.fields += field === undefined ? 0 : 1;
        for (const scene of each === undefined ? scenes : [oneOf(scenes, (index % scenes.length) / scenes.length)])
          for (const spoiled of chosen(cases, each, index)) {
            const { problems, writes, isSuccess } = await runCase(hostile, scene, spoiled);
            totals.cases += 1;
            totals.writes += writes;
            totals.successes += isSuccess ? 1 : 0;
            for (const problem of problems) totals.problems.push(`${scene.name}, ${spoiled.name}: ${problem}`);
          }
      }
      onProgress?.(`${method.name}: ${totals.cases} cases, ${totals.problems.length} problems`);
    }
  } finally {
    hostile.stop();
  }
  return totals;
}

/** Which values of a field are taken moves from field to field. */
function chosen(cases: readonly Case[], each: number | undefined, index: number): readonly Case[] {
  if (each === undefined || each >= cases.length) return cases;
  const begin = (index * 7) % cases.length;
  return [...cases, ...cases].slice(begin, begin + each);
}

type Ran = { readonly problems: string[]; readonly writes: number; readonly isSuccess: boolean };

/** Looks while answers are spoiled, and after that, when the array tells the truth again; then not every second. */
const SPOILED_LOOKS = 12;
const HONEST_LOOKS = 100;
const WAIT_MS = 5_000;

async function runCase(hostile: HostileArray, scene: Scene, { spoiling }: Case): Promise<Ran> {
  const array = new PlausibleArray(scene.truth, scene.isOrphan);
  hostile.serve(array);
  const requester = await Requester.start(hostile, array, scene.isOrphan !== true);
  const story = new Story(scene, array, requester);
  if (scene.isSpoiledAtItsEnd === true) await story.look(SPOILED_LOOKS, () => array.hasEnded);
  hostile.spoil(spoiling);
  let quiet = 0;
  let writes = -1;
  // What only waits for another answer goes on waiting.
  await story.look(SPOILED_LOOKS, () => {
    quiet = requester.writes === writes && hostile.spoiled > 0 ? quiet + 1 : 0;
    writes = requester.writes;
    return quiet >= 3;
  });
  hostile.spoil(undefined);
  const problems = [...story.problems, ...callProblems(hostile)];
  if (hostile.spoiled === 0) problems.push('the spoiled call was never made');
  if (scene.isOrphan !== true && problems.length === 0) {
    await story.look(HONEST_LOOKS, () => requester.isFinished, WAIT_MS);
    problems.push(...story.problems);
    if (!requester.isFinished) problems.push(`does not end though the array tells the truth: ${requester.word}`);
  }
  requester.stop();
  return { problems, writes: requester.writes, isSuccess: requester.isSuccess };
}

/** What the operator does about the array and the object, look after look, and what it should not have thrown. */
class Story {
  readonly #scene: Scene;
  readonly #array: PlausibleArray;
  readonly #requester: Requester;
  readonly #errors: string[] = [];
  #looks = 0;

  constructor(scene: Scene, array: PlausibleArray, requester: Requester) {
    this.#scene = scene;
    this.#array = array;
    this.#requester = requester;
  }

  get problems(): string[] {
    return [...this.#errors, ...this.#requester.problems];
  }

  /** Looks so often, until it is over or something was thrown. */
  async look(times: number, isOver: () => boolean, atLeastMs = 0): Promise<void> {
    for (let left = times; left > 0 && this.#errors.length === 0 && !isOver(); left -= 1) {
      await this.#attempt('a look at the array', () => this.#requester.lookAtArray(), false);
      if (this.#scene.isOrphan === true) {
        await this.#attempt('the watch', () => this.#requester.watch(), true);
        await this.#attempt('the sweep', () => this.#requester.sweep(), true);
      } else await this.#attempt('a reconcile', () => this.#requester.reconcile(atLeastMs), false);
      this.#array.tick();
      this.#looks += 1;
      if (this.#scene.cancels === true && this.#looks === 3) await this.#requester.cancel();
    }
  }

  /** `mayReject`: because the array gives no answer, or none that can be understood. */
  async #attempt(what: string, work: () => Promise<unknown>, mayReject: boolean): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (mayReject && (error instanceof RpcError || error instanceof MalformedAnswer)) return;
      const thrown = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#errors.push(`${what} threw ${thrown.slice(0, 600)}`);
    }
  }
}
