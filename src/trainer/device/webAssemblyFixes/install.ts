import { gpuJsVersion, knownVersion } from '../gpuJsVersion.ts';
import { computesRightly } from './comparison.ts';
import { applyFixes } from './fixes.ts';
import { findParts } from './parts.ts';
import { Replacements } from './replacements.ts';

let installed: Promise<boolean> | undefined;
const replacements = new Replacements();

/**
 * Puts the fixes to GPU.js's WebAssembly backend in place, once per process. They hold for exactly one version of
 * GPU.js, and only if kernels then compute what GPU.js's JavaScript backend computes; otherwise the shipped code stays.
 * @returns whether the fixes are in place
 */
export function installWebAssemblyFixes(): Promise<boolean> {
  return (installed ??= install(gpuJsVersion, computesRightly));
}

/** As {@link installWebAssemblyFixes}, for a version and with a test of the kernels to be given. */
export async function install(version: string, isRight: () => Promise<boolean>): Promise<boolean> {
  removeWebAssemblyFixes();
  if (version !== knownVersion) return false;
  try {
    applyFixes(replacements, await findParts());
    if (await isRight()) return true;
  } catch {
    // A class, a member or a method is not what it was.
  }
  removeWebAssemblyFixes();
  return false;
}

/** Puts the shipped code back. What was compiled before stays as it is. */
export function removeWebAssemblyFixes(): void {
  installed = undefined;
  replacements.undo();
}
