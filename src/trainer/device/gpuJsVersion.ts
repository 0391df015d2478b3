import manifest from 'gpu.js/package.json' with { type: 'json' };

// Apart from gpuJs.ts, so that asking for the version does not load the library.

/** The version of GPU.js in use. What touches its private parts runs on {@link knownVersion} only. */
export const gpuJsVersion: string = manifest.version;

/** The version whose private parts were read and are used by the resident drivers. */
export const knownVersion = '2.24.1';
