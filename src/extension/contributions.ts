/** Everything that package.json contributes by name, once. A test compares the two. */

/** The extension itself. */
export const extensionId = 'loss-lab.loss-lab';

/** Commands. */
export const commands = {
  train: 'lossLab.train',
  trainFile: 'lossLab.trainFile',
  trainFolder: 'lossLab.trainFolder',
  trainExample: 'lossLab.trainExample',
  trainAgain: 'lossLab.trainAgain',
  runExperiment: 'lossLab.runExperiment',
  saveAsExperiment: 'lossLab.saveAsExperiment',
  pause: 'lossLab.pause',
  resume: 'lossLab.resume',
  stop: 'lossLab.stop',
  continueRun: 'lossLab.continueRun',
  openChart: 'lossLab.openChart',
  rename: 'lossLab.rename',
  delete: 'lossLab.delete',
  reveal: 'lossLab.reveal',
  predict: 'lossLab.predict',
  exportWeights: 'lossLab.exportWeights',
  startWaiting: 'lossLab.startWaiting',
  removeWaiting: 'lossLab.removeWaiting',
  download: 'lossLab.download',
  insertLoss: 'lossLab.insertLoss',
  copyLoss: 'lossLab.copyLoss',
  showLog: 'lossLab.showLog',
} as const;
export type CommandId = (typeof commands)[keyof typeof commands];
/** Those that train or show runs; the others need nothing of training. */
export type TrainingCommandId = Exclude<
  CommandId,
  typeof commands.insertLoss | typeof commands.copyLoss | typeof commands.showLog
>;

/** Views. */
export const views = { runs: 'lossLab.runs', catalogue: 'lossLab.catalogue' } as const;

/** Panels, by the type under which VS Code restores them. */
export const panels = { run: 'lossLab.run' } as const;

/** Settings, without the prefix `lossLab.`, and what each holds. */
export interface Settings {
  readonly device: 'auto' | 'webgpu' | 'webasm' | 'cpu';
  readonly whenRunning: 'queue' | 'parallel';
  /** Megabytes; 0 for the trainer's own limit. */
  readonly memoryLimit: number;
  /** 0 for the trainer's own choice. */
  readonly threads: number;
}
export const settingIds = [
  'device',
  'whenRunning',
  'memoryLimit',
  'threads',
] as const satisfies readonly (keyof Settings)[];

/** Context keys that the `when` clauses of package.json read. */
export const contextKeys = {
  /** A run of this window is alive. */
  live: 'lossLab.live',
} as const;

/**
 * Value of a tree item's `contextValue`: its kind and the actions it allows, each between colons, so that `when` can
 * look for one: `viewItem =~ /:stop:/`.
 */
export function contextValue(kind: 'run' | 'waiting' | 'loss', actions: readonly string[]): string {
  return [kind, ...actions].map((word) => `:${word}:`).join('');
}
