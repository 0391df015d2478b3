import type { Device, DeviceId } from '../../core/compute/device.ts';
import { float64Device } from '../../core/compute/float64.ts';

/**
 * Opens a device, which computes on at most so many threads where it computes on the processor; GPU.js and Dawn are loaded only when they are asked for. Opening `webgpu` can crash the process where
 * the graphics driver is faulty: {@link chooseDevice} probes it in a child process first.
 * @throws DeviceError with the reason in words, where there is no such device here
 */
export async function openDevice(id: DeviceId, threads = 1): Promise<Device> {
  switch (id) {
    case 'float64':
      return float64Device();
    case 'cpu':
      return (await import('./cpu.ts')).cpuDevice();
    case 'webasm':
      return (await import('./webAssembly.ts')).webAssemblyDevice(undefined, threads);
    case 'webgpu':
      return (await import('./webGpu.ts')).webGpuDevice();
  }
}
