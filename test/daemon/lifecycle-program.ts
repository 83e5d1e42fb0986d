/** A program with nothing but a lifecycle, for its test; the argument says what goes wrong. */
import { Lifecycle, type StopStep } from '../../src/daemon/lifecycle.ts';

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const scenario = process.argv[2];

using lifecycle = new Lifecycle({
  onSignal: (signal) => say(`signal ${signal}`),
  onFatal: (error) => say(`fatal ${messageOf(error)}`),
  onStopFailed: (step, error) => say(`${step}: ${messageOf(error)}`),
});
lifecycle.signal.addEventListener('abort', () => say('aborted'));
const keepAlive = setInterval(() => undefined, 60_000);

const endless = (): Promise<void> => new Promise(() => undefined);
const first: StopStep = {
  name: 'first',
  deadlineMs: scenario === 'stuck' ? 50 : 20_000,
  stop: () => {
    say('stopping first');
    return scenario === 'stuck' || scenario === 'hang' ? endless() : Promise.resolve();
  },
};
const second: StopStep = {
  name: 'second',
  deadlineMs: 1_000,
  stop: () => {
    if (scenario === 'stuck') throw new Error('broken');
    say('stopping second');
  },
};

say('ready');
if (scenario === 'rejection') void Promise.reject(new Error('rejection'));
if (scenario === 'exception') {
  setImmediate(() => {
    throw new Error('exception');
  });
}
if (scenario === 'gives-up') lifecycle.stop(new Error('lease lost'));

await lifecycle.stopping;
const code = await lifecycle.runStopSteps([first, second]);
clearInterval(keepAlive);
say(`exit ${code}`);
process.exitCode = code;
