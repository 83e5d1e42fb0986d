import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './test/support/summary-reporter.ts';

/** One engine, one set of images, one cluster: files would wait for each other, or disturb each other. */
const endToEnd = {
  fileParallelism: false,
  // Its own clean-up comes from an image that has to be pulled.
  env: process.env['LUNRESYNC_E2E_BASES'] === 'registry' ? {} : { TESTCONTAINERS_RYUK_DISABLED: 'true' },
};

/** Tests against an API server wait for it, for operators and for arrays: a third file keeps two cores busy. */
const clustered = { maxWorkers: Math.max(3, availableParallelism()) };

/**
 * unit: nothing but this process. array: real processes of the simulated array, and of other programs. deploy: helm and its
 * like. api: a real kube-apiserver and etcd. processes: real operators, arrays and API servers with faults between them.
 * No part of `npm test`: e2e, images and clusters of a container engine; cluster, the charts in one of these.
 */
export default defineConfig({
  test: {
    // Tests wait for other processes most of the time: one file at a time would leave a core of two idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Hundreds of operators and arrays are started from the same sources: Node compiles them once.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules', '.cache', 'compile') },
    reporters: ['default', ...jsonReporter(), new SummaryReporter()],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/api/**',
            'test/array/**',
            'test/{gitops,deploy}/**',
            'test/e2e/**',
            'test/reliability/processes/**',
          ],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'array',
          include: ['test/{array,gitops}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'deploy', include: ['test/deploy/**/*.test.ts'], testTimeout: 120_000 } },
      {
        test: {
          name: 'api',
          // After the others, which keep every core busy: what is waited for here comes in time then.
          sequence: { groupOrder: 1 },
          ...clustered,
          include: ['test/api/**/*.test.ts'],
          globalSetup: ['test/support/control-plane-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'processes',
          sequence: { groupOrder: 2 },
          ...clustered,
          include: ['test/reliability/processes/**/*.test.ts'],
          globalSetup: ['test/support/control-plane-setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/*.test.ts'],
          ...endToEnd,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'cluster',
          sequence: { groupOrder: 3 },
          include: ['test/e2e/cluster/*.test.ts'],
          globalSetup: ['test/e2e/support/setup.ts'],
          ...endToEnd,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});

/** The results as a file besides the screen, where the variable names one. */
function jsonReporter(): ['json', { outputFile: string }][] {
  const outputFile = process.env['LUNRESYNC_TEST_RESULTS'];
  return outputFile === undefined ? [] : [['json', { outputFile }]];
}
