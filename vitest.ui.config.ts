import { defineConfig } from 'vitest/config';

/** UI journeys: one real VS Code and one real browser at a time. */
export default defineConfig({
  test: {
    include: ['test/ui/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    // A workbench that starts on a busy machine sometimes loses a race of its own; a journey that fails twice fails.
    retry: 1,
  },
});
