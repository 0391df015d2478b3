import type { Network } from '../../network/network.ts';
import { gradientName } from '../../network/parameterShape.ts';
import { sizeOf } from '../../network/rowShape.ts';
import { scheduleWidth, type Optimizer, type PlanPart, type UpdateTarget } from '../../optimizers/rule.ts';
import { updates, type Updates } from '../../optimizers/updates.ts';
import type { Activation } from '../layers/activation.ts';
import { dropoutKeys } from '../layers/dropout.ts';
import { chain, join, piece, type Step } from '../layers/layer.ts';
import { updateTargets } from '../planBuilder.ts';
import { gatherFeatures, type RowChunk } from '../rows.ts';
import { prefixed } from '../sequence.ts';
import { penaltyGradientName, penaltyKernels, type GradientPenalty } from './gradientPenalty.ts';
import { playerLoss, scoreGradient } from './playerLoss.ts';
import type { Game, Players } from './players.ts';

/** What the turns of one step share. */
export interface Turns extends Pick<Game, 'losses' | 'latent' | 'columns'> {
  readonly players: Players;
  /** Updates of the discriminator; one of the generator follows. */
  readonly discriminatorSteps: number;
  /** Real rows, and generated ones, of an update. */
  readonly batch: number;
  /** Buffers of the real rows. */
  readonly chunks: readonly RowChunk[];
  readonly penalty?: GradientPenalty & { readonly activations: readonly Activation[] };
}

/** A player's update: its kernels, and what it asks of the host. */
export interface Turn {
  readonly part: PlanPart;
  readonly moved: Updates;
  /** Buffer of what is minimised. */
  readonly report: string;
}

/** Names of the layers of both players that draw random numbers. */
export function drawingLayers({ generator, discriminator }: Players): readonly string[] {
  return [...generator.draws, ...discriminator.draws];
}

/**
 * An update of the discriminator on real rows and as many generated ones, which pass through it as one batch; with the
 * gradient penalty at random points between them.
 * @param turn its number within the step, from 0
 */
export function discriminatorTurn(of: Turns, turn: number, optimizer: Optimizer): Turn {
  const { batch, columns, players, discriminatorSteps, penalty } = of;
  const { discriminator } = players;
  const width = sizeOf(discriminator.input.stored);
  const reads = { order: 'order', clock: 'clock' };
  const real = gatherFeatures({
    chunks: of.chunks,
    width: columns,
    columns: width,
    batch,
    row: {
      reads,
      text: `const r = order[(clock[0] | 0) * ${discriminatorSteps * batch} + ${turn * batch} + n] | 0;`,
      ...(discriminatorSteps === 1 ? { chosen: reads } : {}),
    },
  });
  const generated = generate(of, turn);
  const both = stacked('batch.features', generated.output, width, batch);
  const judged = chain(discriminator.layers, stackedName, stepOf(of, turn, 2 * batch));
  const stride = scoreStride(discriminator);
  const scores = { real: 'scores.real', fake: 'scores.fake' };
  const slopes = penalty === undefined ? undefined : slopePart(of, turn, generated.output, penalty);
  const targets = updateTargets(discriminator.parameters).map((target) =>
    slopes?.moves(target) === true ? { ...target, gradient: totalName(target.parameter) } : target,
  );
  const moved = movedBy(of, turn, optimizer, targets);
  const part = join(
    real,
    present(2 * batch),
    generated.part,
    both,
    judged.part,
    scoresOf(scores.real, judged.output, stride, batch, 0),
    scoresOf(scores.fake, judged.output, stride, batch, batch),
    playerLoss(of.losses.discriminator, batch, scores, true),
    piece(
      'scores.gradient',
      [stride, 2 * batch],
      { real: scoreGradient('real'), fake: scoreGradient('fake') },
      `let v = 0.0;
if (this.thread.x < 1) { if (this.thread.y < ${batch}) { v = real[this.thread.y]; } else { v = fake[this.thread.y - ${batch}]; } }
return v;`,
    ),
    judged.backward('scores.gradient', false).part,
    slopes === undefined
      ? piece(minimised, [1], { loss: 'loss' }, 'return loss[0];')
      : join(
          slopes.part,
          piece(minimised, [1], { loss: 'loss', penalty: slopes.value }, 'return loss[0] + penalty[0];'),
        ),
    moved,
  );
  return named(`discriminator${turn}`, part, moved);
}

/** The update of the generator, by what the discriminator says of fresh samples. */
export function generatorTurn(of: Turns, optimizer: Optimizer): Turn {
  const { batch, players, discriminatorSteps: turn } = of;
  const { generator, discriminator } = players;
  const generated = generate(of, turn);
  const judged = chain(discriminator.layers, generated.output, stepOf(of, turn, batch));
  const stride = scoreStride(discriminator);
  const through = judged.backward('scores.gradient', true);
  const moved = movedBy(of, turn, optimizer, updateTargets(generator.parameters));
  const part = join(
    present(batch),
    generated.part,
    judged.part,
    scoresOf('scores.fake', judged.output, stride, batch, 0),
    playerLoss(of.losses.generator, batch, { fake: 'scores.fake' }, true),
    piece(
      'scores.gradient',
      [stride, batch],
      { fake: scoreGradient('fake') },
      'let v = 0.0;\nif (this.thread.x < 1) { v = fake[this.thread.y]; }\nreturn v;',
    ),
    through.part,
    generated.backward(through.input!, false).part,
    piece(minimised, [1], { loss: 'loss' }, 'return loss[0];'),
    moved,
  );
  return named('generator', part, moved);
}

/** Buffer of what a player minimises but the optimizer's penalties. */
const minimised = 'objective.loss';

function movedBy(
  { discriminatorSteps }: Turns,
  turn: number,
  optimizer: Optimizer,
  targets: readonly UpdateTarget[],
): Updates {
  const row = { width: (discriminatorSteps + 1) * scheduleWidth, first: turn * scheduleWidth };
  return updates(optimizer, targets, minimised, row);
}

function named(prefix: string, part: PlanPart, moved: Updates): Turn {
  return { part: prefixed(prefix, part), moved, report: `${prefix}.${moved.report}` };
}

function stepOf({ players, discriminatorSteps }: Turns, turn: number, samples: number): Step {
  const drawing = drawingLayers(players);
  const width = (discriminatorSteps + 1) * drawing.length * dropoutKeys;
  return {
    batch: samples,
    isTraining: true,
    weight: 'batch.weight',
    keysOf: (layer) => ({
      reads: { keys: 'keys', clock: 'clock' },
      first: `(clock[0] | 0) * ${width} + ${(turn * drawing.length + drawing.indexOf(layer)) * dropoutKeys}`,
    }),
  };
}

/** The weights of a batch in which every row is there. */
function present(samples: number): PlanPart {
  return piece('batch.weight', [samples], {}, 'return 1.0;');
}

/** Rows from the noise of a turn. */
function generate(of: Turns, turn: number) {
  const { players, batch, latent, discriminatorSteps } = of;
  const { layers, input } = players.generator;
  const row = `((clock[0] | 0) * ${discriminatorSteps + 1} + ${turn}) * ${batch} + this.thread.y`;
  const noise = piece(
    'batch.noise',
    [sizeOf(input.stored), batch],
    { noise: 'noise', clock: 'clock' },
    `let v = 0.0;\nif (this.thread.x < ${latent}) { v = noise[(${row}) * ${latent} + this.thread.x]; }\nreturn v;`,
  );
  const pass = chain(layers, 'batch.noise', stepOf(of, turn, batch));
  return { ...pass, part: join(noise, pass.part) };
}

export const stackedName = 'batch.both';

/** Real rows, then as many generated ones, as one batch for the discriminator: a buffer {@link stackedName}. */
export function stacked(real: string, fake: string, width: number, samples: number): PlanPart {
  return piece(
    stackedName,
    [width, 2 * samples],
    { real, fake },
    `let v = 0.0;
if (this.thread.y < ${samples}) { v = real[this.thread.y * ${width} + this.thread.x]; } else { v = fake[(this.thread.y - ${samples}) * ${width} + this.thread.x]; }
return v;`,
  );
}

/** Width of the discriminator's output in memory. */
export function scoreStride({ layers }: Network): number {
  return sizeOf(layers.at(-1)!.output.stored);
}

/** The scores of some rows, without padding. */
export function scoresOf(
  name: string,
  outputs: string,
  stride: number,
  samples: number,
  first: number,
): PlanPart {
  return piece(name, [samples], { outputs }, `return outputs[(this.thread.x + ${first}) * ${stride}];`);
}

/** The gradient penalty: its value, and gradients of the sum of loss and penalty in the weights that it moves. */
function slopePart(of: Turns, turn: number, generated: string, penalty: NonNullable<Turns['penalty']>) {
  const { batch, discriminatorSteps, players } = of;
  const { discriminator } = players;
  const width = sizeOf(discriminator.input.stored);
  const between = piece(
    'batch.between',
    [width, batch],
    { real: 'batch.features', fake: generated, mixing: 'mixing', clock: 'clock' },
    `const share = mixing[((clock[0] | 0) * ${discriminatorSteps} + ${turn}) * ${batch} + this.thread.y];
const at = this.thread.y * ${width} + this.thread.x;
return share * real[at] + (1.0 - share) * fake[at];`,
  );
  const step = stepOf(of, turn, batch);
  const kernels = penaltyKernels(discriminator, penalty.activations, 'batch.between', step, penalty);
  const matrices = discriminator.parameters.filter(({ role }) => role === 'weight');
  const totals = matrices.map(({ name, stored }) =>
    piece(
      totalName(name),
      [sizeOf(stored)],
      { loss: gradientName(name), penalty: `slope.${penaltyGradientName(name)}` },
      'return loss[this.thread.x] + penalty[this.thread.x];',
    ),
  );
  return {
    value: 'slope.penalty',
    moves: ({ parameter }: UpdateTarget) => matrices.some(({ name }) => name === parameter),
    part: join(between, prefixed('slope', kernels), ...totals),
  };
}

/** Buffer of the gradient of loss and gradient penalty together. */
function totalName(parameter: string): string {
  return `${gradientName(parameter)}.total`;
}
