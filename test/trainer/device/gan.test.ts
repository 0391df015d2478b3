import { describe, expect, it } from 'vitest';
import { float64Device } from '../../../src/core/compute/float64.ts';
import { generators } from '../../../src/core/data/generators.ts';
import { atOnce } from '../../../src/core/slices.ts';
import { checkTask } from '../../../src/core/tasks/tasks.ts';
import { parseExperiment } from '../../../src/core/training/experiment.ts';
import { openDevice } from '../../../src/trainer/device/open.ts';
import { compareWithReference, referenceOf } from '../../../src/trainer/device/parity.ts';
import { trainingWorkload } from '../../../src/trainer/device/workload.ts';
import { good } from '../../core/tasks/runTask.ts';

const table = generators['two-moons'].generate({ samples: 200, noise: 0.1, outliers: 0, seed: 0 });
const steps = 3;

const cases = {
  'minimax-gan-discriminator': {},
  'non-saturating-gan-generator': { discriminatorSteps: 2 },
  'least-squares-gan-discriminator': {},
  'hinge-gan-discriminator': { latent: 3 },
  'wasserstein-critic': { discriminatorSteps: 3, gradientPenalty: { sided: 'one' } },
} as const;

describe.each(['webasm', 'cpu'] as const)('alternating steps on %s', (id) => {
  it.each(Object.entries(cases))('are those of the reference: %s', async (loss, task) => {
    const experiment = good(
      parseExperiment({
        version: 1,
        data: { source: 'generated', name: 'two-moons' },
        task: {
          type: 'gan',
          discriminator: { type: 'mlp', hidden: [24, 9], activation: 'leakyRelu' },
          ...task,
        },
        model: { type: 'mlp', hidden: [17, 8], activation: 'tanh' },
        loss: { id: loss },
        training: { batch: 16 },
      }),
    );
    const checked = good(checkTask(experiment));
    const workload = good(trainingWorkload(experiment, good(atOnce(checked.prepare(table))), checked));
    const reference = await referenceOf(float64Device(), workload, id, steps);
    const device = await openDevice(id);
    const executable = await device.compile(workload.plan);
    expect(await compareWithReference(executable, reference, workload)).toEqual({ passed: true });
    await executable.dispose();
    await device.dispose();
  });
});
