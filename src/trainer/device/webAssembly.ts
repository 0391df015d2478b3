import type { Device, Executable } from '../../core/compute/device.ts';
import type { Plan } from '../../core/compute/plan.ts';
import { message } from '../../core/messages/message.ts';
import { checkPlan } from './checkPlan.ts';
import { Executables } from './executables.ts';
import { Gpu, libraryMember } from './gpuJs.ts';
import { DeviceError } from './hostBuffers.ts';
import { ResidentWebAssemblyExecutable, residentWebAssemblyUnavailable } from './residentWebAssembly.ts';
import { selfTest } from './selfTest.ts';
import { SteppedExecutable } from './stepped.ts';
import { installWebAssemblyFixes } from './webAssemblyFixes/install.ts';

/** How a plan's steps run: on the compiled plan's own memory, or by one public pipeline call each. */
export type Drive = 'resident' | 'stepped';

let drive: Promise<Drive> | undefined;

/**
 * GPU.js's WebAssembly backend on one thread. Plans run resident where the self-test, once per process, finds that the
 * resident driver and the public pipeline agree to the bit; else stepped. The fixes to GPU.js's code generation are in
 * place where they pass a test of their own; the label says where not.
 */
export async function webAssemblyDevice(how?: Drive): Promise<Device> {
  if (libraryMember('GPU', 'isWebAssemblySupported') !== true)
    throw new DeviceError(message('this JavaScript engine has no WebAssembly'));
  const isFixed = await installWebAssemblyFixes();
  const chosen = how ?? (await (drive ??= chooseDrive()));
  const executables = new Executables();
  return {
    id: 'webasm',
    label: labelOf(chosen, isFixed),
    compile: async (plan) => executables.add(await compile(plan, chosen)),
    dispose: () => executables.dispose(),
  };
}

function labelOf(how: Drive, isFixed: boolean): string {
  const copies = how === 'stepped' ? ', state copied every step' : '';
  return `WebAssembly (SIMD${copies}${isFixed ? '' : ', kernels as GPU.js makes them'})`;
}

async function compile(plan: Plan, how: Drive): Promise<Executable> {
  const buffers = checkPlan(plan);
  const gpu = new Gpu('webasm');
  try {
    if (how === 'resident') return await ResidentWebAssemblyExecutable.compile(gpu, plan, buffers);
    return new SteppedExecutable(gpu, plan, buffers, 'fused-sync');
  } catch (error) {
    await gpu.destroy();
    throw error;
  }
}

async function chooseDrive(): Promise<Drive> {
  if (residentWebAssemblyUnavailable() !== undefined) return 'stepped';
  return (await selfTest(
    (plan) => compile(plan, 'resident'),
    (plan) => compile(plan, 'stepped'),
  ))
    ? 'resident'
    : 'stepped';
}
