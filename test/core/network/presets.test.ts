import { describe, expect, it } from 'vitest';
import { buildNetwork, type Network } from '../../../src/core/network/network.ts';
import { presets, presetsFor, type Preset } from '../../../src/core/network/presets.ts';
import { sizeOf } from '../../../src/core/network/rowShape.ts';
import { parseExperiment } from '../../../src/core/training/experiment.ts';

function networkOf(preset: Preset, shape: readonly number[], outputs: number): Network {
  const parsed = parseExperiment({
    version: 1,
    data: { source: 'builtin', name: 'iris' },
    model: preset.model,
    loss: { id: 'mean-squared-error' },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const built = buildNetwork({ model: parsed.value.model, inputs: sizeOf(shape), shape, outputs });
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  return built.value;
}

const named = (id: string): Preset => presets.find((preset) => preset.id === id)!;

describe('presets', () => {
  it.each([[[4]], [[4, 4, 1]], [[8, 8, 1]], [[18, 18, 3]], [[28, 28, 1]], [[4, 1]], [[30, 6]]])(
    'fit rows of %j where they are offered',
    (shape) => {
      const offered = presetsFor(shape);
      expect(offered.map(({ id }) => id)).toContain('mlp-small');
      for (const preset of offered)
        expect(networkOf(preset, shape, 3).layers.at(-1)!.output.shape).toEqual([3]);
    },
  );

  it('are offered by the shape of a row', () => {
    expect(presetsFor(undefined).map(({ id }) => id)).toEqual(['line', 'mlp-small', 'mlp-medium']);
    expect(presetsFor([8, 8, 1]).map(({ id }) => id)).toEqual([
      'line',
      'mlp-small',
      'mlp-medium',
      'cnn-small',
    ]);
    expect(presetsFor([30, 1]).map(({ id }) => id)).toContain('cnn-series');
    expect(presetsFor([28, 28, 1]).map(({ id }) => id)).toContain('cnn-medium');
  });

  it('count parameters as Keras does for the network of the handwritten digits', () => {
    // 3·3·1·32 + 32, 3·3·32·64 + 64, 3·3·64·64 + 64, 576·64 + 64, 64·10 + 10
    expect(networkOf(named('cnn-medium'), [28, 28, 1], 10).parameterCount).toBe(93_322);
  });
});
