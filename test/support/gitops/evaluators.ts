// The programs that GitOps tools judge objects with: kstatus, Argo CD's Lua, Flux's CEL. They are real, and one process.
import { spawn } from 'node:child_process';
import { findBinaries } from '../../../scripts/control-plane/binaries.ts';

/** CEL, in the form that Flux takes it. */
export type Expressions = { readonly current: string; readonly failed?: string; readonly inProgress?: string };

/** What is asked of one object. `strict` refuses a Flux object that has an unknown field. */
export type Question = { readonly object: object } & (
  | { readonly evaluator: 'kstatus' | 'strict' }
  | { readonly evaluator: 'health' | 'action'; readonly script: string }
  | { readonly evaluator: 'expressions'; readonly expressions: Expressions }
);

/** What came of it: a word, or the table that a script returned. */
export type Answer = { readonly value?: unknown; readonly error?: string };

/** How long the first build may take, after which the program is in the user's cache. */
export const BUILD_TIMEOUT_MS = 600_000;

const LIMIT_MS = 20_000;

/** Asks everything at once, and gives the answers in the order of the questions. */
export async function evaluate(questions: readonly Question[]): Promise<Answer[]> {
  const { path } = await findBinaries(['evaluate'], console.log);
  const child = spawn(path('evaluate'), [], { stdio: ['pipe', 'pipe', 'inherit'], timeout: LIMIT_MS });
  const ended = Promise.withResolvers<number | NodeJS.Signals | null>();
  child.on('error', ended.reject);
  child.on('close', (code, signal) => ended.resolve(code ?? signal));
  child.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(''));
  let output = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) output += String(chunk);
  const code = await ended.promise;
  const answers = output.split('\n').filter((line) => line !== '');
  if (code !== 0 || answers.length !== questions.length)
    throw new Error(`evaluate ended with ${code} after ${answers.length} of ${questions.length} answers`);
  return answers.map((line) => JSON.parse(line) as Answer);
}
