import type { Table } from '../dataset.ts';
import type { Generator, GeneratorOptions } from '../generators.ts';
import { randomStream } from '../random.ts';

/** Steps of a day and of a week, if a step is an hour. */
const [day, week] = [24, 168];

/** A series with known noise: what a forecast cannot foresee is a normal error of standard deviation `noise`. */
export const seasonal: Generator = {
  id: 'seasonal',
  title: 'Seasonal series',
  description: 'Hourly values with a course of the day and of the week, and noise; forecasts the next ones.',
  target: 'y',
  task: 'regression',
  loss: 'mean-squared-error',
  noise: 0.3,
  generate: seasonalSeries,
};

/** y = sin(2πt/24) + ½ sin(2πt/168) + noise·N(0, 1) at t = 1, 2 … */
function seasonalSeries({ samples, noise, seed }: GeneratorOptions): Table {
  const random = randomStream(seed, 'seasonal');
  const time = Float64Array.from({ length: samples }, (_, i) => i + 1);
  const turn = 2 * Math.PI;
  const y = time.map(
    (t) => Math.sin((turn * t) / day) + 0.5 * Math.sin((turn * t) / week) + noise * random.normal(),
  );
  return {
    columns: [
      { name: 'time', kind: 'number', values: time },
      { name: 'y', kind: 'number', values: y },
    ],
    rows: samples,
    rowNumbers: Uint32Array.from({ length: samples }, (_, i) => i + 1),
  };
}
