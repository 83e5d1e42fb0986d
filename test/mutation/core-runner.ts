/** A test runner for Stryker: the tests of `src/core` in its own process, again and again. */
import { readdirSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { InstrumenterContext } from '@stryker-mutator/api/core';
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  type CompleteDryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  type TestRunnerCapabilities,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import type * as InProcess from './vitest-in-process.ts';

/** What the instrumented sources look at: which mutant is active, and where they note what a test has run. */
const world = globalThis as { __stryker__?: InstrumenterContext };
world.__stryker__ ??= {};
const context = world.__stryker__;

class CoreRunner implements TestRunner {
  readonly #folder = process.cwd();
  #loads = 0;
  #tests: readonly InProcess.CollectedTest[] = [];

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: true };
  }

  init(): Promise<void> {
    registerHooks({
      resolve: (specifier, hookContext, next) => {
        const isVitest = specifier === 'vitest';
        const resolved = isVitest
          ? this.#urlOf('test/mutation/vitest-in-process.ts')
          : next(specifier, hookContext).url;
        const isOurs = resolved.startsWith(pathToFileURL(this.#folder).href) && !resolved.includes('/node_modules/');
        // Another query is another module: so the constants of a module are made again, under the mutant.
        const url = isOurs ? `${resolved.split('?')[0]}?load=${this.#loads}` : resolved;
        return { url, format: isOurs ? 'module-typescript' : undefined, shortCircuit: true };
      },
    });
    return Promise.resolve();
  }

  async dryRun(): Promise<CompleteDryRunResult> {
    await this.#load();
    return { status: DryRunStatus.Complete, tests: await this.#run(), ...coverage() };
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const { activeMutant, testFilter, hitLimit, mutantActivation, reloadEnvironment } = options;
    this.#limitHits(hitLimit);
    if (mutantActivation === 'runtime' && this.#loads === 0) await this.#load();
    context.activeMutant = activeMutant.id;
    try {
      if (reloadEnvironment || this.#loads === 0) await this.#load();
    } catch (error) {
      return toMutantRunResult({ status: DryRunStatus.Complete, tests: [failedToLoad(error)] });
    }
    const tests = await this.#run(testFilter, true);
    const tooOften = determineHitLimitReached(context.hitCount, hitLimit);
    delete context.activeMutant;
    // What was loaded under a mutant is of no use for the next.
    if (reloadEnvironment) this.#loads = -this.#loads;
    if (tooOften !== undefined) return { status: MutantRunStatus.Timeout, reason: tooOften.reason ?? '' };
    return toMutantRunResult({ status: DryRunStatus.Complete, tests });
  }

  /** An endless loop ends with an error when its mutant was passed so often. */
  #limitHits(hitLimit: number | undefined): void {
    delete context.hitCount;
    delete context.hitLimit;
    if (hitLimit !== undefined) Object.assign(context, { hitCount: 0, hitLimit });
  }

  #urlOf(path: string): string {
    return pathToFileURL(join(this.#folder, path)).href;
  }

  async #load(): Promise<void> {
    this.#loads = Math.abs(this.#loads) + 1;
    const vitest = (await import(this.#urlOf('test/mutation/vitest-in-process.ts'))) as typeof InProcess;
    vitest.takeTests();
    for (const name of testFiles(join(this.#folder, 'test/core'))) {
      vitest.beginFile(name);
      await import(this.#urlOf(`test/core/${name}`));
    }
    this.#tests = vitest.takeTests();
  }

  async #run(only?: readonly string[], endAtFailure = false): Promise<TestResult[]> {
    const chosen = only === undefined ? undefined : new Set(only);
    const results: TestResult[] = [];
    for (const test of this.#tests) {
      if (chosen !== undefined && !chosen.has(test.id)) continue;
      const result = await runTest(test);
      results.push(result);
      if (endAtFailure && result.status === TestStatus.Failed) break;
    }
    return results;
  }
}

async function runTest({ id, run }: InProcess.CollectedTest): Promise<TestResult> {
  const startedAt = performance.now();
  context.currentTestId = id;
  try {
    await run();
    return { id, name: id, status: TestStatus.Success, timeSpentMs: performance.now() - startedAt };
  } catch (error) {
    const failureMessage = error instanceof Error ? error.message : String(error);
    return { id, name: id, status: TestStatus.Failed, failureMessage, timeSpentMs: performance.now() - startedAt };
  } finally {
    delete context.currentTestId;
  }
}

function failedToLoad(error: unknown): TestResult {
  const failureMessage = error instanceof Error ? error.message : String(error);
  return { id: 'load', name: 'load', status: TestStatus.Failed, failureMessage, timeSpentMs: 0 };
}

function coverage(): Pick<CompleteDryRunResult, 'mutantCoverage'> {
  return context.mutantCoverage === undefined ? {} : { mutantCoverage: context.mutantCoverage };
}

function coreRunner(): TestRunner {
  return new CoreRunner();
}
coreRunner.inject = [] as const;

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'core', coreRunner)];

/** Those with properties come last: they take longest, and most mutants are dead by then. */
function testFiles(folder: string): string[] {
  const names = readdirSync(folder).filter((file) => file.endsWith('.test.ts'));
  const isSlow = (name: string): boolean => name.startsWith('properties');
  return [...names.filter((name) => !isSlow(name)), ...names.filter(isSlow)];
}
