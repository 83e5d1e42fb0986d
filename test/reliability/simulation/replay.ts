/** Every failure that was ever found, as a scenario of its own: played first, and must not come back. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { Hunt } from './find-bugs.ts';
import { type Outcome, play } from './play.ts';
import type { Scenario } from './scenario.ts';

const FOLDER = new URL('./corpus/', import.meta.url);

export type Replayed = {
  readonly replayed: number;
  readonly failures: readonly { readonly scenario: Scenario; readonly outcome: Outcome }[];
};

/** The kept scenarios by their file's name, which says what once went wrong. */
export async function keptScenarios(): Promise<ReadonlyMap<string, Scenario>> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.json')).toSorted();
  const read = async (name: string): Promise<[string, Scenario]> => [
    name,
    JSON.parse(await readFile(new URL(name, FOLDER), 'utf8')) as Scenario,
  ];
  return new Map(await Promise.all(names.map(read)));
}

export async function replayCorpus(): Promise<Replayed> {
  const scenarios = await keptScenarios();
  const failures: { scenario: Scenario; outcome: Outcome }[] = [];
  for (const scenario of scenarios.values()) {
    const outcome = await play(scenario);
    if (outcome.violation !== undefined) failures.push({ scenario, outcome });
  }
  return { replayed: scenarios.size, failures };
}

/** Keeps the smallest scenario that showed each bug, under the bug's name. */
export async function keep(hunts: readonly Hunt[]): Promise<void> {
  for (const { bug, scenario } of hunts) {
    if (scenario === undefined) continue;
    const name = bug.name.replaceAll(/[^a-z0-9]+/gi, '-').replaceAll(/^-|-$/g, '');
    await writeFile(new URL(`${name}.json`, FOLDER), `${JSON.stringify(scenario, null, 2)}\n`);
  }
}
