/**
 * The doors to what activation must not load. Each `import()` becomes a chunk of its own in dist/chunks, read from disk
 * when it is first called; a test asserts that activation opens none of them.
 */

/** Runs: supervisor, stores, losses, data readers, panels. */
export const loadTraining = () => import('./training.ts');
