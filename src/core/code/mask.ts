/**
 * Rewrites Python text, in equal length, where the grammar in use differs from Python: `1.` and `1.e-8` (read as an
 * attribute access, silently), byte order mark, form feed, and the magic lines of notebooks. Names and literals are read
 * from the original text afterwards.
 */

/** A digit run that begins no name, a dot, and then: an exponent, `j`, a keyword, or nothing that continues a word. */
const bareFloat =
  /(?<![\w.])(\d[\d_]*)\.(?:(e[+-]?\d[\d_]*j?)|(j)(?!\w)|(?=(?:and|as|else|for|if|in|is|not|or|async)\b)|(?!\w))/gi;

/** `%matplotlib inline`, `!pip install x`, `?help` at the start of a line of a notebook cell. */
const magicLine = /^([ \t]*)(?:%(?=%?\w)|!(?!=)|\?(?=\w))/gm;

/**
 * The text that the Python grammar reads, of the same length as `source`.
 *
 * @param notebook whether magic lines are to be read as comments
 */
export function maskPython(source: string, notebook = false): string {
  let text = source;
  // An empty line instead of a blank, which would be an indentation.
  if (text.startsWith('\uFEFF')) text = `\n${text.slice(1)}`;
  if (text.includes('\f')) text = text.replace(/^\f/gm, '\n').replace(/\f/g, ' ');
  if (notebook) text = text.replace(magicLine, '$1#');
  return text.replace(
    bareFloat,
    (_, digits: string, exponent?: string, imaginary?: string) => `${digits}${exponent ?? imaginary ?? ''} `,
  );
}

/** True for a notebook cell of another language: `%%bash`, `%%html` …; cells such as `%%time` hold Python. */
export function isForeignCell(source: string): boolean {
  const magic = /^\s*%%(\w+)/.exec(source)?.[1];
  return (
    magic !== undefined && !['time', 'timeit', 'capture', 'prun', 'python', 'python3', 'py'].includes(magic)
  );
}
