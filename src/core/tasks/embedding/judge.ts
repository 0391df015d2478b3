import type { Device, Executable } from '../../compute/device.ts';
import { readOutputs, rewind, writeParameters, writeRows } from '../../compute/feed.ts';
import type { RowsPlan } from '../../compute/planBuilder.ts';
import type { Part } from '../../data/dataset.ts';
import type { Evaluation, Evaluator } from '../../training/evaluator.ts';
import { neighbourMetrics } from './neighbours.ts';
import type { Nearness } from './use.ts';

/** A pass over rows. */
interface Pass {
  readonly plan: RowsPlan;
  readonly part: Part;
}

/** What an embedding is judged by. */
export interface Judged {
  /** The loss on samples that were drawn once. */
  readonly loss: Pass;
  /** The vectors of the rows that are compared with each other; their targets are classes. */
  readonly vectors: Pass;
  readonly dimensions: number;
  readonly nearness: Nearness;
}

/** Judges an embedding a piece at a time: the loss, then the vectors of all rows, then their neighbours. */
export async function embeddingJudge(device: Device, judged: Judged): Promise<Evaluator> {
  const { loss, vectors, dimensions, nearness } = judged;
  const lossOf = await loaded(device, loss);
  const vectorsOf = await loaded(device, vectors);
  let pieces: AsyncGenerator<void, Evaluation, void>;

  async function* evaluating(): typeof pieces {
    let sum = 0;
    for (let first = 0; first < loss.plan.rows; first += loss.plan.batch) {
      const [mean] = await lossOf.run(1);
      sum += mean! * Math.min(loss.plan.batch, loss.plan.rows - first);
      yield;
    }
    const all = new Float64Array(vectors.plan.rows * dimensions);
    for (let first = 0; first < vectors.plan.rows; first += vectors.plan.batch) {
      const rows = Math.min(vectors.plan.batch, vectors.plan.rows - first);
      await vectorsOf.run(1);
      all.set(await readOutputs(vectorsOf, vectors.plan, rows, dimensions), first * dimensions);
      yield;
    }
    const metrics = yield* neighbourMetrics(all, vectors.part.targets, dimensions, nearness);
    return { loss: sum / loss.plan.rows, metrics };
  }

  return {
    begin(parameters) {
      for (const [executable, { plan }] of [
        [lossOf, loss],
        [vectorsOf, vectors],
      ] as const) {
        writeParameters(executable, plan, parameters);
        rewind(executable);
      }
      pieces = evaluating();
    },
    async next() {
      const piece = await pieces.next();
      return piece.done === true ? piece.value : undefined;
    },
    async dispose() {
      await lossOf.dispose();
      await vectorsOf.dispose();
    },
  };
}

async function loaded(device: Device, { plan, part }: Pass): Promise<Executable> {
  const executable = await device.compile(plan.plan);
  writeRows(executable, plan, part);
  return executable;
}
