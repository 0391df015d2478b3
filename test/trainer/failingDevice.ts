import type { Device, DeviceId } from '../../src/core/compute/device.ts';
import { openDevice as open } from '../../src/trainer/device/open.ts';

/** Set when this is bundled. */
declare const FAULT: 'lost' | 'memory';

/** Steps that a run gets before the fault. */
const stepsBefore = 200;

/** Stands in for the opening of devices: the device fails in the middle of a run. */
export async function openDevice(id: DeviceId): Promise<Device> {
  const device = await open(id);
  return {
    ...device,
    async compile(plan) {
      const executable = await device.compile(plan);
      let steps = 0;
      return {
        ...executable,
        run(count) {
          steps += count;
          if (steps > stepsBefore) fail();
          return executable.run(count);
        },
      };
    },
  };
}

/** As a device that is lost, or as memory that cannot be had. */
function fail(): void {
  if (FAULT === 'lost') throw new Error('the device was lost');
  new ArrayBuffer(2 ** 53 - 1);
}
