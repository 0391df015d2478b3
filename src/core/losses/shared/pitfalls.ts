/** Sentences about mistakes that several losses share. */

/** What broadcasting (N, 1) against (N,) does; `learned` is the statistic that the model then predicts. */
export const broadcasting = (learned: string): string =>
  `A prediction of shape (N, 1) against a target of shape (N,) broadcasts to N × N pairs: PyTorch only warns, NumPy and jax.numpy say nothing, and the model learns the ${learned} of the target.`;

/** What a weighted mean divides by. */
export const weightedMeans =
  'With weights, PyTorch’s mean divides by the sum of the weights, Keras’s sample_weight by the number of samples.';

/** The discriminator's step of an adversarial pair. */
export const detached =
  'In this step the generated samples are detached (discriminator(fakes.detach())): otherwise the backward pass runs through the generator too, for nothing, and leaves gradients in it.';

/** Batches of different size in an adversarial pair. */
export const meansApart =
  'Real and generated batches of different size: take the mean of each part by itself, then add; one mean over both would weigh the larger batch more.';
