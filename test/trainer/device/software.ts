import { existsSync } from 'node:fs';

// A graphics driver for tests: SwiftShader, which comes with Chromium, computes on the processor. Where Chromium is not
// installed and no driver was named there may be no adapter at all, and then there is nothing to test. Where it is
// installed, a missing adapter is a failure.

const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';
const named = process.env['VK_DRIVER_FILES'] ?? process.env['VK_ICD_FILENAMES'];

/** Whether tests of WebGPU must run here. */
export const hasAdapter = named !== undefined || existsSync('/usr/bin/chromium') || existsSync(swiftShader);

/** Why they do not, for the title of what is skipped. */
export const withoutAdapter = hasAdapter
  ? ''
  : ' (skipped: neither Chromium with SwiftShader nor VK_DRIVER_FILES here)';

/** Lets WebGPU find the driver; to be called before it is loaded. */
export function useAdapter(): void {
  if (named === undefined) process.env['VK_ICD_FILENAMES'] = swiftShader;
}
