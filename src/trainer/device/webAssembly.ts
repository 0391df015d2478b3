import type { Device, Executable } from '../../core/compute/device.ts';
import type { Plan } from '../../core/compute/plan.ts';
import { message } from '../../core/messages/message.ts';
import { checkPlan } from './checkPlan.ts';
import { Executables } from './executables.ts';
import { Gpu, libraryMember } from './gpuJs.ts';
import { DeviceError } from './hostBuffers.ts';
import { microKernelsAgree } from './microKernels/selfTest.ts';
import { ResidentWebAssemblyExecutable, residentWebAssemblyUnavailable } from './residentWebAssembly.ts';
import { selfTest } from './selfTest.ts';
import { SteppedExecutable } from './stepped.ts';
import { WorkerPool } from './threads/pool.ts';
import { installWebAssemblyFixes } from './webAssemblyFixes/install.ts';

/**
 * How a plan's steps run: on the compiled plan's own memory with micro-kernels for what has one, there with the kernels
 * that GPU.js generated alone, or by one public pipeline call each.
 */
export type Drive = 'resident' | 'generated' | 'stepped';

let drive: Promise<Drive> | undefined;

/**
 * GPU.js's WebAssembly backend, on at most so many threads. Plans run resident where the self-test, once per process, finds that the
 * resident driver and the public pipeline agree to the bit; else stepped. Micro-kernels take part where they agree with
 * the definition of what they compute. The fixes to GPU.js's code generation are in place where they pass a test of
 * their own; the label says where not. Results do not depend on the number of threads.
 */
export async function webAssemblyDevice(how?: Drive, threads = 1): Promise<Device> {
  if (libraryMember('GPU', 'isWebAssemblySupported') !== true)
    throw new DeviceError(message('this JavaScript engine has no WebAssembly'));
  const isFixed = await installWebAssemblyFixes();
  const chosen = how ?? (await (drive ??= chooseDrive()));
  const executables = new Executables();
  const pool = new WorkerPool(threads);
  return {
    id: 'webasm',
    label: labelOf(chosen, isFixed),
    compile: async (plan) => executables.add(await compile(plan, chosen, pool)),
    dispose: async () => {
      await executables.dispose();
      await pool.dispose();
    },
  };
}

function labelOf(how: Drive, isFixed: boolean): string {
  const manner = { resident: '', generated: ', without micro-kernels', stepped: ', state copied every step' };
  return `WebAssembly (SIMD${manner[how]}${isFixed ? '' : ', kernels as GPU.js makes them'})`;
}

async function compile(plan: Plan, how: Drive, pool?: WorkerPool): Promise<Executable> {
  const buffers = checkPlan(plan);
  const gpu = new Gpu('webasm');
  try {
    if (how === 'stepped') return new SteppedExecutable(gpu, plan, buffers, 'fused-sync');
    const kernels = how === 'resident' ? 'micro-kernels' : 'generated';
    return await ResidentWebAssemblyExecutable.compile(gpu, plan, buffers, kernels, pool);
  } catch (error) {
    await gpu.destroy();
    throw error;
  }
}

async function chooseDrive(): Promise<Drive> {
  if (residentWebAssemblyUnavailable() !== undefined) return 'stepped';
  const agrees = await selfTest(
    (plan) => compile(plan, 'generated'),
    (plan) => compile(plan, 'stepped'),
  );
  if (!agrees) return 'stepped';
  return microKernelsAgree() ? 'resident' : 'generated';
}
