/**
 * The doors to what activation must not load. Each `import()` becomes a chunk of its own in dist/chunks, read from disk
 * when it is first called; a test asserts that activation opens none of them.
 */

/** Runs: supervisor, stores, losses, data readers, panels. */
export const loadTraining = () => import('./training.ts');

/** Hovers: parser, uses of losses, pictures. */
export const loadHover = () => import('./editor/hover.ts');

/** Completions: parser, losses, printers. */
export const loadCompletion = () => import('./editor/completion.ts');

/** Rows of the Loss Catalogue: losses, pictures. */
export const loadCatalogue = () => import('./views/catalogueRows.ts');

/** Copy Loss As…: losses, printers. */
export const loadCopy = () => import('./commands/copy.ts');

/** Insert Loss Implementation: parser, losses, printers. */
export const loadInsertion = () => import('./editor/insert.ts');
