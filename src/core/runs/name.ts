import type { Experiment } from '../training/experiment.ts';

/** The name of a run whose experiment has none: its data set and its loss. */
export function runName(experiment: Experiment): string {
  if (experiment.name !== undefined) return experiment.name;
  const { data, loss } = experiment;
  const source =
    'path' in data ? (data.path.split(/[\\/]/).at(-1) ?? data.path).replace(/\.[^.]+$/, '') : data.name;
  return `${source}, ${loss.id}`;
}
