import { literal } from '../compute/kernelText.ts';
import { slotName, updateKernel, type OptimizerOf, type UpdateRule } from './rule.ts';

/**
 * Stochastic gradient descent as torch.optim.SGD defines it:
 * g ← ∇ + λp; v ← μv + (1 − dampening)·g, where the first step takes v = g undampened; p ← p − rate · v, or with
 * Nesterov p ← p − rate · (g + μv). Without momentum v is g. (I. Sutskever et al., "On the importance of
 * initialization and momentum in deep learning", 2013, in PyTorch's form with the rate outside of v.)
 */
export function sgd({ rate, momentum, dampening, nesterov, weightDecay }: OptimizerOf<'sgd'>): UpdateRule {
  const decays = weightDecay !== 0;
  const gradient = decays ? `(gradient[i] + ${literal(weightDecay)} * parameter[i])` : 'gradient[i]';
  return {
    slots: momentum === 0 ? [] : ['velocity'],
    schedule: (step) => [rate, step === 1 ? 1 : 1 - dampening],
    update(target) {
      const next = `${target.parameter}.next`;
      const parameter = { parameter: target.parameter };
      if (momentum === 0) {
        const { buffer, kernel } = updateKernel(
          target,
          next,
          { ...parameter, gradient: target.gradient },
          `return parameter[i] - schedule[k] * ${gradient};`,
        );
        return { buffers: [buffer], kernels: [kernel], carry: [{ from: next, to: target.parameter }] };
      }
      const velocity = slotName(target.parameter, 'velocity');
      const nextVelocity = `${velocity}.next`;
      const moved = updateKernel(
        target,
        nextVelocity,
        { ...(decays ? parameter : {}), gradient: target.gradient, velocity },
        `return ${literal(momentum)} * velocity[i] + schedule[k + 1] * ${gradient};`,
      );
      const direction = nesterov ? `(${gradient} + ${literal(momentum)} * velocity[i])` : 'velocity[i]';
      const stepped = updateKernel(
        target,
        next,
        { ...parameter, ...(nesterov ? { gradient: target.gradient } : {}), velocity: nextVelocity },
        `return parameter[i] - schedule[k] * ${direction};`,
      );
      return {
        buffers: [{ name: velocity, size: moved.buffer.size, role: 'state' }, moved.buffer, stepped.buffer],
        kernels: [moved.kernel, stepped.kernel],
        carry: [
          { from: nextVelocity, to: velocity },
          { from: next, to: target.parameter },
        ],
      };
    },
  };
}
