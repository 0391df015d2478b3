import { bad, message, ok, type Result } from '../../messages/message.ts';
import type { Initialiser } from '../../network/initialisers.ts';
import type { RowShape } from '../../network/rowShape.ts';
import type { LayerSpec } from '../../training/schema/model.ts';
import { activationLayer } from './activation.ts';
import { batchNorm } from './batchNorm.ts';
import { convolution } from './convolution.ts';
import { dense } from './dense.ts';
import { dropout } from './dropout.ts';
import { embedding } from './embedding.ts';
import { flatten } from './flatten.ts';
import type { Layer } from './layer.ts';
import { layerNorm } from './layerNorm.ts';
import { pooling } from './pooling.ts';
import { residual } from './residual.ts';

/** Where a list of layers stands: the prefix of their names, and the path in the experiment of each. */
export interface Place {
  readonly name: string;
  /** Whether the first of the list takes the data as it came. */
  readonly startsModel?: boolean;
  pathOf(index: number): string;
}

/** The layers of a list, each built for what the one before puts out; bad at the first that does not fit. */
export function buildLayers(
  specs: readonly LayerSpec[],
  input: RowShape,
  place: Place,
): Result<readonly Layer[]> {
  const layers: Layer[] = [];
  for (const [i, spec] of specs.entries()) {
    const row = layers.at(-1)?.output ?? input;
    const here = { name: `${place.name}.${i}`, path: place.pathOf(i) };
    const built = buildLayer(spec, row, here, i === 0 && place.startsModel === true);
    if (!built.ok) return built;
    layers.push(built.value);
  }
  return ok(layers);
}

function buildLayer(
  spec: LayerSpec,
  input: RowShape,
  { name, path }: { readonly name: string; readonly path: string },
  isFirst: boolean,
): Result<Layer> {
  const initialiser: Initialiser = ('initialiser' in spec ? spec.initialiser : undefined) ?? 'default';
  switch (spec.type) {
    case 'dense':
      return dense(name, input, { ...spec, initialiser }, path);
    case 'conv2d':
    case 'conv1d': {
      const axes = spec.type === 'conv2d' ? 3 : 2;
      if (input.shape.length !== axes) return otherShape(spec.type, input, path);
      return convolution(name, input, { ...spec, initialiser }, path);
    }
    case 'maxPool':
      return pooling(name, input, { ...windowOf(spec), of: 'max' }, path);
    case 'averagePool':
      return pooling(name, input, { ...windowOf(spec), of: 'average' }, path);
    case 'flatten':
      return ok(flatten(name, input, path));
    case 'activation':
      return ok(activationLayer(name, input, spec.activation, path));
    case 'dropout':
      return ok(dropout(name, input, spec, path));
    case 'batchNorm':
      return ok(batchNorm(name, input, spec, path));
    case 'layerNorm':
      return ok(layerNorm(name, input, spec, path));
    case 'embedding':
      return embedding(name, input, { ...spec, initialiser }, { path, isFirst });
    case 'residual': {
      const block = buildLayers(spec.layers, input, { name, pathOf: (i) => `${path}.layers.${i}` });
      return block.ok ? residual(name, input, block.value, path) : block;
    }
  }
}

/** Size and stride without what is undefined. */
function windowOf({ size, stride }: Extract<LayerSpec, { type: 'maxPool' | 'averagePool' }>) {
  return { size, ...(stride === undefined ? {} : { stride }) };
}

function otherShape(type: 'conv1d' | 'conv2d', { shape }: RowShape, path: string): Result<never> {
  const found = shape.join(' × ');
  return bad(
    type === 'conv2d'
      ? message(
          'A 2-D convolution takes images (height × width × channels), but here rows are {found}. Use data with a shape, or conv1d for series.',
          { found },
        )
      : message(
          'A 1-D convolution takes series (time × channels), but here rows are {found}. Use data with a shape, or conv2d for images.',
          { found },
        ),
    { path },
  );
}
