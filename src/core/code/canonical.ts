/** Prefixes under which libraries publish the same things, and the one we use. The first that fits is replaced. */
const folds: readonly (readonly [RegExp, string])[] = [
  [/^tf\./, 'tensorflow.'],
  [/^tensorflow\.compat\.v[12]\./, 'tensorflow.'],
  [/^(?:tensorflow\.(?:python\.)?keras|tf_keras|keras\.src|keras\.api(?:\._v[12])?(?:\.keras)?)\./, 'keras.'],
  [/^keras\.src\./, 'keras.'],
  [/^keras\.losses\.losses\./, 'keras.losses.'],
  // Only the classes: the functions of this module are others in TensorFlow 1 and 2.
  [/^tensorflow\.losses\.(?=[A-Z])/, 'keras.losses.'],
  [/^torch\.nn\.modules\.(?:loss\.)?/, 'torch.nn.'],
  [/^optax\.(?:losses|_src\.loss)\.(?:_\w+\.)?/, 'optax.'],
  [/^sklearn\.metrics\._\w+\./, 'sklearn.metrics.'],
];

/** The one dotted name of something that a library offers under several: `tf.keras.losses.Huber` → `keras.losses.Huber`. */
export function canonicalName(dotted: string): string {
  let name = `${dotted}.`;
  for (const [pattern, replacement] of folds) name = name.replace(pattern, replacement);
  return name.slice(0, -1);
}
