import * as v from 'valibot';
import { activationNames } from '../../core/compute/layers/activation.ts';
import { message, type Message } from '../../core/messages/message.ts';
import { presetsFor, type Preset } from '../../core/network/presets.ts';
import { optimizerNames, optimizerTypes } from '../../core/optimizers/names.ts';
import type { Experiment } from '../../core/training/experiment.ts';
import { modelSchema } from '../../core/training/schema/model.ts';
import { optimizerSchema } from '../../core/training/schema/optimizer.ts';

type Model = Experiment['model'];
type Optimizer = Experiment['optimizer'];
/** A model that is described by its hidden layers. */
export type Mlp = Extract<Model, { type: 'mlp' }>;
export type Activation = Mlp['activation'];

/** One of several things that a part of an experiment can be. */
export interface Alternative<Value> {
  readonly id: string;
  readonly label: Message;
  readonly detail: Message;
  readonly value: Value;
}

/** Models for a task that rows of this shape can pass through. */
export function modelAlternatives(
  shape: readonly number[] | undefined,
  task: Experiment['task']['type'],
): (Alternative<Model> & Pick<Preset, 'rate'>)[] {
  return presetsFor(shape, task).map(({ id, label, detail, model, ...rest }: Preset) => {
    const value = v.parse(modelSchema, model);
    return { ...rest, id, label: value.type === 'mlp' ? modelLabel(value) : label, detail, value };
  });
}

/** The optimizer for a model that wants a rate of its own, and for one that does not; a rate that somebody chose stays. */
export function withRateFor(
  optimizer: Optimizer,
  before: number | undefined,
  after: number | undefined,
): Optimizer {
  const usual = v.parse(optimizerSchema, { type: optimizer.type }).rate;
  if (optimizer.type !== 'adam' || optimizer.rate !== (before ?? usual)) return optimizer;
  return { ...optimizer, rate: after ?? usual };
}

/** Whether two models train alike; a linear one has no activation that matters. */
export function isSameModel(a: Model, b: Model): boolean {
  const essence = (model: Model) => ({
    ...model,
    ...(model.type === 'mlp' && model.hidden.length === 0 ? { activation: 'relu' } : {}),
    initial: undefined,
  });
  return JSON.stringify(essence(a)) === JSON.stringify(essence(b));
}

/** A model in a few words. */
export function modelLabel(model: Model): Message {
  if (model.type === 'layers') return message('{count} layers', { count: model.layers.length + 1 });
  if (model.type === 'factorisation')
    return message('Matrix factorisation with {count} factors', { count: model.factors });
  const { hidden, activation } = model;
  const args = { units: hidden.join(', '), activation: activationLabel(activation) };
  if (hidden.length === 0) return message('Linear model');
  return hidden.length === 1
    ? message('Hidden layer of {units} units ({activation})', args)
    : message('Hidden layers of {units} units ({activation})', args);
}

const activationDetails: Readonly<Record<Activation, readonly [label: string, detail: Message]>> = {
  relu: ['ReLU', message('Zero below zero; the usual choice.')],
  leakyRelu: ['leaky ReLU', message('A small slope below zero, so that no unit dies.')],
  elu: ['ELU', message('Bends smoothly to −1 below zero.')],
  gelu: ['GELU', message('A smooth ReLU, as in transformers.')],
  geluTanh: ['GELU (tanh)', message('The approximation of GELU by a hyperbolic tangent.')],
  silu: ['SiLU', message('z · sigmoid(z), also called Swish.')],
  tanh: ['tanh', message('From −1 to 1; smooth, for small networks.')],
  sigmoid: ['sigmoid', message('From 0 to 1; its gradient vanishes in deep networks.')],
  softplus: ['softplus', message('log(1 + exp z), always positive.')],
};

export function activationLabel(activation: Activation): string {
  return activationDetails[activation][0];
}

export const activationAlternatives: readonly Alternative<Activation>[] = activationNames.map((id) => ({
  id,
  label: message('{name}', { name: activationDetails[id][0] }),
  detail: activationDetails[id][1],
  value: id,
}));

const optimizerDetails: Readonly<Record<Optimizer['type'], Message>> = {
  adam: message('A rate of its own for every parameter; works without much tuning.'),
  adamw: message('Adam with weight decay beside the gradient, not in it.'),
  sgd: message('Plain steps along the gradient, here with momentum.'),
  rmsprop: message('Divides each gradient by its recent size.'),
  adagrad: message('Rates that shrink where gradients have been large; for sparse features.'),
  adadelta: message('Sets its rates from the sizes of recent steps.'),
  adamax: message('Adam by the largest recent gradient.'),
  nadam: message('Adam with Nesterov momentum.'),
  lion: message('Steps by the sign alone; wants a small rate.'),
};

/**
 * Every optimizer with its usual values. What all share (schedule, clipping, penalties) stays as it is, and so does a
 * weight decay that was asked for.
 */
export function optimizerAlternatives(present: Optimizer): Alternative<Optimizer>[] {
  const { schedule, warmup, clip, penalties, accumulate, weightDecay } = present;
  const kept = {
    ...(schedule && { schedule }),
    ...(warmup && { warmup }),
    ...(clip && { clip }),
    ...(penalties && { penalties }),
    ...(accumulate !== undefined && { accumulate }),
    ...(weightDecay > 0 && { weightDecay }),
  };
  return optimizerTypes.map((type) => ({
    id: type,
    label: message('{name}', { name: optimizerNames[type] }),
    detail: optimizerDetails[type],
    value:
      type === present.type
        ? present
        : v.parse(optimizerSchema, { type, ...kept, ...(type === 'sgd' && { rate: 0.05, momentum: 0.9 }) }),
  }));
}
