import type { Import } from './snippet.ts';

const modules: readonly { readonly used: RegExp; readonly needs: Import }[] = [
  { used: /\bmath\./, needs: { module: 'math' } },
  { used: /\bjax\./, needs: { module: 'jax' } },
  { used: /\bjnp\./, needs: { module: 'jax.numpy', alias: 'jnp' } },
  { used: /\bkeras\./, needs: { module: 'keras' } },
  { used: /\bnp\./, needs: { module: 'numpy', alias: 'np' } },
  { used: /\boptax\./, needs: { module: 'optax' } },
  { used: /\btorch\./, needs: { module: 'torch' } },
  { used: /\bF\.\w/, needs: { module: 'torch.nn.functional', alias: 'F' } },
  { used: /\bLiteral\[/, needs: { module: 'typing', name: 'Literal' } },
  { used: /\bops\./, needs: { module: 'keras', name: 'ops' } },
  { used: /\bspecial\./, needs: { module: 'scipy', name: 'special' } },
  { used: /\bmetrics\./, needs: { module: 'sklearn', name: 'metrics' } },
];

/** What printed Python code needs imported: the plain imports first. Strings and comments count too, and hold no names. */
export function importsOf(code: string): readonly Import[] {
  const bare = code.replace(/"""[^]*?"""/g, '').replace(/#.*$/gm, '');
  const arrayLike: Import = /\bjnp\./.test(bare)
    ? { module: 'jax.typing', name: 'ArrayLike' }
    : { module: 'numpy.typing', name: 'ArrayLike' };
  return [
    ...modules
      .filter(({ used }) => used.test(bare.replace(/\b(?:torch|jax\.scipy)\.special\./g, '')))
      .map(({ needs }) => needs),
    ...(/\bArrayLike\b/.test(bare) ? [arrayLike] : []),
  ];
}
