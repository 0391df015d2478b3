/**
 * What the package @tensorflow/tfjs is made of, as far as printed code uses it. To be bundled: Node does not find the
 * modules of the library by themselves, because they leave out the endings of file names.
 */
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import '@tensorflow/tfjs-backend-cpu';

export * from '@tensorflow/tfjs-core';
export { input, layers, model, regularizers } from '@tensorflow/tfjs-layers';
