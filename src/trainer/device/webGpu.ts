import type { Device, Executable } from '../../core/compute/device.ts';
import type { Plan } from '../../core/compute/plan.ts';
import { message } from '../../core/messages/message.ts';
import { checkPlan } from './checkPlan.ts';
import { installDawn } from './dawn.ts';
import { Executables } from './executables.ts';
import { destroyGraphicsDevice, Gpu } from './gpuJs.ts';
import { DeviceError } from './hostBuffers.ts';
import { ResidentWebGpuExecutable, residentWebGpuUnavailable } from './residentWebGpu.ts';
import { selfTest } from './selfTest.ts';
import { SteppedExecutable } from './stepped.ts';
import type { Drive } from './webAssembly.ts';

/** Buffers that a kernel may bind without asking the adapter for more, its output included. */
const bindings = 8;

let drive: Promise<Drive> | undefined;

/** Devices that are open: the last one that closes ends the graphics device that they share. */
let users = 0;

/**
 * GPU.js's WebGPU backend on Dawn. Resident where the self-test, once per process, finds that the resident driver and the
 * public pipeline agree to the bit; else stepped. Loading it can crash the process: see probe.ts.
 * @throws DeviceError with the reason in words
 */
export async function webGpuDevice(how?: Drive): Promise<Device> {
  const adapter = await installDawn();
  const chosen = how ?? (await (drive ??= chooseDrive()));
  const executables = new Executables();
  let open = true;
  users++;
  return {
    id: 'webgpu',
    label: `WebGPU (${adapter.name})`,
    compile: async (plan) => executables.add(await compile(plan, chosen)),
    async dispose() {
      await executables.dispose();
      if (!open) return;
      open = false;
      if (--users === 0) await destroyGraphicsDevice();
    },
  };
}

async function compile(plan: Plan, how: Drive): Promise<Executable> {
  const buffers = checkPlan(plan);
  const crowded = plan.kernels.find((kernel) => kernel.reads.length >= bindings);
  if (crowded !== undefined)
    throw new DeviceError(
      message('a step of this training reads {count} buffers at once; WebGPU takes {most}', {
        count: crowded.reads.length,
        most: bindings - 1,
      }),
    );
  const gpu = new Gpu('webgpu');
  try {
    if (how === 'resident') return await ResidentWebGpuExecutable.compile(gpu, plan, buffers);
    return new SteppedExecutable(gpu, plan, buffers, 'fused-encoder');
  } catch (error) {
    await gpu.destroy();
    throw error;
  }
}

async function chooseDrive(): Promise<Drive> {
  if (residentWebGpuUnavailable() !== undefined) return 'stepped';
  return (await selfTest(
    (plan) => compile(plan, 'resident'),
    (plan) => compile(plan, 'stepped'),
  ))
    ? 'resident'
    : 'stepped';
}
