import js from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** The second lock of each wall in DESIGN (CONTRIBUTING.md, "Walls"): what a folder of `src` must not import. */
const wall = (folder, ...forbidden) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: forbidden.map(([group, message]) => ({ group, message })),
      },
    ],
  },
});
const vscode = [['vscode'], 'only src/extension may import vscode'];
const node = [
  ['node:*', 'fs', 'path', 'os', 'child_process', 'worker_threads'],
  'this folder must not use Node built-ins',
];
const gpu = [['gpu.js', 'webgpu'], 'only src/trainer/device may import GPU.js'];
const chart = [['chart.js', '@vscode-elements/*'], 'only src/webview draws'];
const faces = (...own) => [
  ['core', 'trainer', 'supervisor', 'extension', 'webview', 'cli']
    .filter((f) => !own.includes(f))
    .map((f) => `**/${f}/**`),
  `this folder may import only ${own.join(', ')}`,
];

export default tseslint.config(
  { ignores: ['dist', 'out', 'node_modules', '.vscode-test', 'examples', 'test/fixtures', '.venv'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js', '*.mjs', 'scripts/*.mjs', 'bench/peers/*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-expressions': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  wall('core', vscode, node, gpu, chart, faces('core')),
  wall('trainer', vscode, chart, faces('core', 'trainer')),
  wall('supervisor', vscode, gpu, chart, faces('core', 'supervisor')),
  wall('extension', gpu, chart, faces('core', 'supervisor', 'extension')),
  wall('webview', vscode, node, gpu, faces('core', 'webview')),
  wall('cli', vscode, gpu, chart, faces('core', 'supervisor', 'cli')),
  {
    files: ['src/core/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'core takes its randomness as an argument' },
      ],
      'no-restricted-globals': ['error', 'Date', 'performance'],
    },
  },
  { files: ['scripts/**', 'bench/**', 'test/**', 'src/cli/**'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.js', '**/*.mjs'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: { globals: globals.node },
  },
);
