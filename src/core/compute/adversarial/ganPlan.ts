import { randomStream } from '../../data/random.ts';
import { ok, type Result } from '../../messages/message.ts';
import { trainedCount } from '../../network/parameterShape.ts';
import { unknownPenalties } from '../../optimizers/penalties.ts';
import { scheduleWidth, type Optimizer } from '../../optimizers/rule.ts';
import type { Moment } from '../../optimizers/updates.ts';
import type { Epoch } from '../feed.ts';
import { dropoutKeys, drawKeys } from '../layers/dropout.ts';
import type { Buffer } from '../plan.ts';
import { address, clockPart, parameterBuffers, windowOf, type StepsPlan } from '../planBuilder.ts';
import type { RowChunk } from '../rows.ts';
import { inSequence, pruned } from '../sequence.ts';
import { penalisedActivations, type GradientPenalty } from './gradientPenalty.ts';
import { buildPlayers, discriminatorPath, type Game } from './players.ts';
import { discriminatorTurn, drawingLayers, generatorTurn, type Turns } from './turns.ts';

/** A plan of alternating steps. */
export interface GanPlan extends StepsPlan {
  /** Buffers of the real rows. */
  readonly chunks: readonly RowChunk[];
  /** Buffers of what each update of a step minimises, that of the generator last. */
  readonly losses: readonly string[];
  /** An epoch over the real rows in an order; every update has a full batch, the last filled up from the start. */
  epoch(number: number, order: ArrayLike<number>): Epoch;
}

/** How the players are trained. */
export interface GanTraining extends Game {
  /** Real rows in all. */
  readonly rows: number;
  /** Real rows of an update of the discriminator, and samples of one of the generator. */
  readonly batch: number;
  readonly optimizer: Optimizer;
  readonly discriminatorSteps: number;
  /** Learning rate of the discriminator. Absent: the optimizer's. */
  readonly discriminatorRate?: number;
  readonly gradientPenalty?: GradientPenalty;
  readonly seed: number;
}

/**
 * The plan of a step: some updates of the discriminator, then one of the generator against the new discriminator
 * (I. Goodfellow et al., "Generative Adversarial Nets", 2014, algorithm 1), each with noise of its own. It reports the
 * generator's loss. Both are moved by the same optimizer, each with a state of its own.
 */
export function ganTrainingPlan(options: GanTraining): Result<GanPlan> {
  const { latent, columns, rows, optimizer, gradientPenalty, discriminatorSteps, seed } = options;
  const batch = Math.min(options.batch, rows);
  const built = buildPlayers(options);
  if (!built.ok) return built;
  const { generator, discriminator } = built.value;
  const generating = address(generator, batch, 1, latent);
  if (!generating.ok) return generating;
  const judging = address(discriminator, 2 * batch, rows, columns);
  if (!judging.ok) return judging;
  const activations =
    gradientPenalty === undefined ? ok([]) : penalisedActivations(options.discriminator, discriminatorPath);
  if (!activations.ok) return activations;
  const parameters = [...generator.parameters, ...discriminator.parameters];
  const names = parameters.filter(({ trained }) => trained).map(({ name }) => name);
  const unknown = unknownPenalties(optimizer, names);
  if (unknown.length > 0) return { ok: false, problems: unknown };

  const of: Turns = {
    ...options,
    players: built.value,
    batch,
    chunks: judging.value,
    ...(gradientPenalty === undefined
      ? {}
      : { penalty: { ...gradientPenalty, activations: activations.value } }),
  };
  const critic = { ...optimizer, rate: options.discriminatorRate ?? optimizer.rate };
  const against = Array.from({ length: discriminatorSteps }, (_, turn) =>
    discriminatorTurn(of, turn, critic),
  );
  const last = generatorTurn(of, optimizer);
  const turns = [...against, last];
  const losses = turns.map(({ report }) => report);
  const step = pruned(inSequence([...turns.map(({ part }) => part), clockPart]), losses);

  const stepRows = discriminatorSteps * batch;
  const sizes = {
    order: stepRows,
    noise: turns.length * batch * latent,
    ...(gradientPenalty === undefined ? {} : { mixing: stepRows }),
  };
  const entries = Object.values(sizes).reduce((sum, size) => sum + size, 0);
  const steps = Math.ceil(rows / stepRows);
  const window = windowOf(entries, steps);
  const keys = turns.length * drawingLayers(built.value).length;
  const fed = {
    ...sizes,
    schedule: turns.length * scheduleWidth,
    ...(keys === 0 ? {} : { keys: keys * dropoutKeys }),
  };
  return ok({
    plan: {
      ...step,
      buffers: [
        ...Object.entries(fed).map(([name, size]): Buffer => ({ name, size: window * size, role: 'data' })),
        ...parameterBuffers(parameters),
        ...step.buffers,
      ],
      report: last.report,
    },
    parameters,
    parameterCount: trainedCount(parameters),
    chunks: judging.value,
    losses,
    steps,
    window,
    updates: {
      state: [...against[0]!.moved.state, ...last.moved.state],
      scheduleWidth: turns.length * scheduleWidth,
      schedule: (moment) =>
        turns.flatMap(({ moved }, turn) => {
          const row = moved.schedule(
            turn < discriminatorSteps ? within(moment, turn, discriminatorSteps) : moment,
          );
          return [...row, ...Array<number>(scheduleWidth - row.length).fill(0)];
        }),
    },
    keys(number) {
      const random = randomStream(seed, `keys/${number}`);
      return Array.from({ length: keys }, () => drawKeys(random)).flat();
    },
    epoch: (number, order) => ({
      weight: () => 1,
      write(executable, first, count) {
        const noise = new Float64Array(window * sizes.noise);
        const mixing = new Float64Array(window * (sizes.mixing ?? 0));
        for (let i = 0; i < count; i++) {
          const random = randomStream(seed, `noise/${number}/${first + i}`);
          for (let k = 0; k < sizes.noise; k++) noise[i * sizes.noise + k] = random.normal();
          for (let k = 0; k < (sizes.mixing ?? 0); k++) mixing[i * stepRows + k] = random.next();
        }
        const chosen = Float64Array.from(
          { length: window * stepRows },
          (_, i) => order[(first * stepRows + i) % order.length]!,
        );
        executable.write('order', chosen);
        executable.write('noise', noise);
        if (mixing.length > 0) executable.write('mixing', mixing);
      },
    }),
  });
}

/** A moment in the life of the discriminator, which has several updates in a step. */
function within(moment: Moment, turn: number, each: number): Moment {
  return {
    ...moment,
    step: (moment.step - 1) * each + turn + 1,
    stepsPerEpoch: moment.stepsPerEpoch * each,
    ...(moment.totalSteps === undefined ? {} : { totalSteps: moment.totalSteps * each }),
  };
}
