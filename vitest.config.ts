import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{core,trainer,supervisor,webview,cli,extension,scripts}/**/*.test.ts'],
    // Forked trainers, real kernels and 10,000 random trees share two cores on a small machine.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
