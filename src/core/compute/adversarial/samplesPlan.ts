import { ok, type Result } from '../../messages/message.ts';
import type { ParameterShape } from '../../network/parameterShape.ts';
import { sizeOf } from '../../network/rowShape.ts';
import { chain, join, passStep, piece } from '../layers/layer.ts';
import type { Plan } from '../plan.ts';
import { address, parameterBuffers } from '../planBuilder.ts';
import { playerLoss } from './playerLoss.ts';
import { buildPlayers, type Game } from './players.ts';
import { scoresOf, scoreStride, stacked, stackedName } from './turns.ts';

/** A plan of one pass: rows from noise, and what the discriminator says of them and of as many real rows. */
export interface SamplesPlan {
  readonly plan: Plan;
  readonly parameters: readonly ParameterShape[];
  /** Buffer of the generated rows, and the width of a row in it. */
  readonly generated: { readonly buffer: string; readonly stride: number };
  /** Buffers of the scores, one number a row. */
  readonly scores: { readonly real: string; readonly fake: string };
}

/**
 * The plan of a pass without training on the data buffers `noise` (samples × latent) and `rows` (samples × columns). It reports
 * the discriminator's loss.
 */
export function samplesPlan(game: Game, samples: number): Result<SamplesPlan> {
  const built = buildPlayers(game);
  if (!built.ok) return built;
  const { generator, discriminator } = built.value;
  const addressed = address(discriminator, 2 * samples, samples, game.columns);
  if (!addressed.ok) return addressed;
  const width = sizeOf(discriminator.input.stored);
  const generating = chain(generator.layers, 'batch.noise', passStep(samples));
  const judging = chain(discriminator.layers, stackedName, passStep(2 * samples));
  const stride = scoreStride(discriminator);
  const scores = { real: 'scores.real', fake: 'scores.fake' };
  const parameters = [...generator.parameters, ...discriminator.parameters];
  const { buffers, kernels, carry } = join(
    paddedRows('batch.noise', 'noise', game.latent, sizeOf(generator.input.stored), samples),
    generating.part,
    paddedRows('batch.rows', 'rows', game.columns, width, samples),
    stacked('batch.rows', generating.output, width, samples),
    judging.part,
    scoresOf(scores.real, judging.output, stride, samples, 0),
    scoresOf(scores.fake, judging.output, stride, samples, samples),
    playerLoss(game.losses.discriminator, samples, scores, false),
  );
  return ok({
    plan: {
      buffers: [
        { name: 'noise', size: samples * game.latent, role: 'data' },
        { name: 'rows', size: samples * game.columns, role: 'data' },
        ...parameterBuffers(parameters),
        ...buffers,
      ],
      kernels,
      carry,
      report: 'loss',
    },
    parameters,
    generated: { buffer: generating.output, stride: width },
    scores,
  });
}

function paddedRows(name: string, from: string, columns: number, width: number, samples: number) {
  return piece(
    name,
    [width, samples],
    { from },
    `let v = 0.0;\nif (this.thread.x < ${columns}) { v = from[this.thread.y * ${columns} + this.thread.x]; }\nreturn v;`,
  );
}
