/**
 * What core uses of Papa Parse. The package's published types refer to Node's, which core must not see; this sub-path
 * has none.
 */
declare module 'papaparse/papaparse.js' {
  interface Parsed {
    readonly data: string[][];
    /** `row` is an index into `data`. */
    readonly errors: readonly { readonly code: string; readonly row: number }[];
    readonly meta: { readonly cursor: number };
  }
  const papa: {
    /** Parser of one piece of text; `cursor` is where the first record begins that is not in `data`. */
    readonly Parser: new (options: {
      readonly delimiter: string;
      readonly newline: '\n' | '\r';
      readonly preview?: number;
    }) => { parse(input: string, baseIndex: number, ignoreLastRow: boolean): Parsed };
    unparse(
      rows: readonly (readonly (string | number)[])[],
      options: { readonly delimiter: string; readonly newline: string },
    ): string;
  };
  export default papa;
}
