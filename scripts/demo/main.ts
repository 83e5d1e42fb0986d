// `npm run demo`: the main job on this machine, told as a story, and checked byte by byte at its end.
import type { Voice } from './commands.ts';
import { lunStory } from './luns.ts';
import { type DemoOptions, parseOptions, USAGE } from './options.ts';
import { NAMESPACE } from './stage.ts';
import { type Result, type Story, tell } from './story.ts';
import { volumeStory } from './volumes.ts';

/** What a shell reports of a program that Ctrl-C has ended. */
const INTERRUPTED = 130;

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) process.stdout.write(USAGE);
  else process.exitCode = await demo(options);
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

async function demo(options: DemoOptions): Promise<number> {
  const out = options.json ? process.stderr : process.stdout;
  const voice: Voice = { out, say: (text) => void out.write(`${text}\n`) };
  const interrupted = interruption();
  await using running = new AsyncDisposableStack();
  const performed = perform(options, voice, running);
  const code = await Promise.race([performed, interrupted]);
  if (options.keep && code !== INTERRUPTED) await interrupted;
  voice.say('\n* Ending all of it');
  if (code === INTERRUPTED) {
    await running.disposeAsync();
    // The story has not ended and would go on.
    process.exit(INTERRUPTED);
  }
  return code;
}

async function perform(options: DemoOptions, voice: Voice, running: AsyncDisposableStack): Promise<number> {
  const { say } = voice;
  const story = await (options.volumes ? volumeStory : lunStory)({ running, say });
  const result = await tell(story, options, voice);
  const isRight =
    result.succeeded && result.bytesEqual && result.undoBytesEqual === true && result.claimsKept !== false;
  say(isRight ? '\nAll bytes are as they must be.' : `\nNOT as it must be: ${outcomeOf(result)}.`);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  if (options.keep) showHowToGoOn(story, say);
  return isRight ? 0 : 1;
}

function outcomeOf({ reason, dataState, bytesEqual, undoBytesEqual, claimsKept }: Result): string {
  const wrong = [
    ...(bytesEqual ? [] : ['the bytes are not those of the snapshots']),
    ...(undoBytesEqual === false ? ['the undo did not bring back what was there before'] : []),
    ...(claimsKept === false ? ['claims or volumes have changed'] : []),
  ];
  return [`${reason}, data state ${dataState}`, ...wrong].join('; ');
}

/** Resolves at Ctrl-C; the processes that were started get it from the terminal, too, and are ended here in any case. */
function interruption(): Promise<typeof INTERRUPTED> {
  const interrupted = Promise.withResolvers<typeof INTERRUPTED>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.resolve(INTERRUPTED));
  return interrupted.promise;
}

function showHowToGoOn({ stage, kinds }: Story, say: (text: string) => void): void {
  say(`
Everything keeps running until Ctrl-C. To use it from another terminal:
  export KUBECONFIG=${stage.plane.kubeconfigPath}
  alias kubectl=${stage.plane.kubectlPath}
  kubectl config set-context --current --namespace=${NAMESPACE}
  kubectl get ${kinds}
  kubectl describe lunresync restore-shop
  kubectl get lunresync restore-shop -o yaml | sed 's/name: restore-shop/name: once-more/' | kubectl create -f -
  kubectl wait lunresync/once-more --for=condition=Succeeded && kubectl get lunresyncs
  npx lunarray --admin ${stage.array.adminEndpoint} list`);
}
