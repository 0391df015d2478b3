import type { Plan } from './plan.ts';

/** Devices in the order of preference when their calibration ties. `float64` is the reference and never chosen by itself. */
export const deviceIds = ['webgpu', 'webasm', 'cpu', 'float64'] as const;
export type DeviceId = (typeof deviceIds)[number];

/** Something that runs plans. Implemented in core (float64) and in src/trainer/device (GPU.js). */
export interface Device {
  readonly id: DeviceId;
  /** For people: "WebAssembly (SIMD)", "WebGPU (NVIDIA …)", "JavaScript". */
  readonly label: string;
  compile(plan: Plan): Promise<Executable>;
  dispose(): Promise<void>;
}

/** A compiled plan with its buffers resident on the device. */
export interface Executable {
  /** Copies values into a `data` or `state` buffer; the length must be the buffer's size. */
  write(buffer: string, values: Float64Array | Float32Array): void;
  /** Runs whole steps and returns the reported value of each. State stays on the device. */
  run(steps: number): Promise<Float64Array>;
  /** Copies any buffer of the last step, or a state buffer, back. */
  read(buffer: string): Promise<Float64Array>;
  dispose(): Promise<void>;
}
