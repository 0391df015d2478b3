// Writes images like MNIST's, 60,000 and 10,000, into a folder, for mnist_torch.py.
import { writeMnistLike } from '../long/mnistLike.ts';

writeMnistLike(process.argv[2] ?? '.');
