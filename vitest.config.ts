import { defineConfig } from 'vitest/config';

/** unit: nothing but this process. array: real simulated-array processes. api: a real kube-apiserver and etcd. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/api/**', 'test/array/**', 'test/e2e/**'],
          testTimeout: 30_000,
        },
      },
      { test: { name: 'array', include: ['test/array/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 60_000 } },
      {
        test: {
          name: 'api',
          include: ['test/api/**/*.test.ts'],
          globalSetup: ['test/support/control-plane-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
