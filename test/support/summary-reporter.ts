/** Vitest reporter that ends a run by saying how many tests ran against the real programs, which skips cannot hide. */
import type { Reporter, TestModule } from 'vitest/node';

/** Projects of vitest.config.ts whose tests run against real programs, and what those are. */
const REAL: readonly (readonly [project: string, against: string])[] = [
  ['api', 'a real kube-apiserver'],
  ['array', 'a real array process'],
  ['deploy', 'the chart as helm renders it, and the alerts'],
  ['processes', 'both, with faults between them'],
];

/** Prints one line a project at the end of the run. A test that was skipped did not run. */
export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const [project, against] of REAL) {
      const ran = modules.filter((module) => module.project.name === project).flatMap(resultsOf);
      const failed = ran.filter((result) => result === 'failed').length;
      const count = `${ran.length} ${ran.length === 1 ? 'test' : 'tests'}`;
      process.stdout.write(`Against ${against}: ${count} ran, ${failed} failed\n`);
    }
  }
}

function resultsOf(module: TestModule): string[] {
  return [...module.children.allTests()]
    .map((test) => test.result().state)
    .filter((state) => state !== 'skipped' && state !== 'pending');
}
