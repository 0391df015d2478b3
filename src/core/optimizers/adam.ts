import { literal } from '../compute/kernelText.ts';
import { slotName, updateKernel, type OptimizerOf, type UpdateRule } from './rule.ts';

/**
 * Adam as torch.optim.Adam defines it (D. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", 2015):
 * g ← ∇ + λp; m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; p ← p − rate/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε).
 * ε stands outside the root and is not scaled by the bias correction. Both corrections come from the schedule.
 */
export function adam({ rate, beta1, beta2, epsilon, weightDecay }: OptimizerOf<'adam'>): UpdateRule {
  const decays = weightDecay !== 0;
  const gradient = decays ? `gradient[i] + ${literal(weightDecay)} * parameter[i]` : 'gradient[i]';
  return {
    slots: ['moment1', 'moment2'],
    schedule: (step) => [rate / (1 - beta1 ** step), 1 / Math.sqrt(1 - beta2 ** step)],
    update(target) {
      const parameter = { parameter: target.parameter };
      const names = [slotName(target.parameter, 'moment1'), slotName(target.parameter, 'moment2')] as const;
      const [first, second] = [`${names[0]}.next`, `${names[1]}.next`];
      const next = `${target.parameter}.next`;
      const reads = { ...(decays ? parameter : {}), gradient: target.gradient };
      const mean = updateKernel(
        target,
        first,
        { ...reads, moment: names[0] },
        `const g = ${gradient};\nreturn ${literal(beta1)} * moment[i] + ${literal(1 - beta1)} * g;`,
      );
      const square = updateKernel(
        target,
        second,
        { ...reads, moment: names[1] },
        `const g = ${gradient};\nreturn ${literal(beta2)} * moment[i] + ${literal(1 - beta2)} * g * g;`,
      );
      const stepped = updateKernel(
        target,
        next,
        { ...parameter, mean: first, square: second },
        `return parameter[i] - schedule[k] * mean[i] / (Math.sqrt(square[i]) * schedule[k + 1] + ${literal(epsilon)});`,
      );
      return {
        buffers: [
          { name: names[0], size: mean.buffer.size, role: 'state' },
          { name: names[1], size: mean.buffer.size, role: 'state' },
          mean.buffer,
          square.buffer,
          stepped.buffer,
        ],
        kernels: [mean.kernel, square.kernel, stepped.kernel],
        carry: [
          { from: first, to: names[0] },
          { from: second, to: names[1] },
          { from: next, to: target.parameter },
        ],
      };
    },
  };
}
