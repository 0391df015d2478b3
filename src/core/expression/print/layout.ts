/** How printed code is laid out on lines: wrapping of prose, arguments, indentation. */

/** Longest line of printed code, the default of Black and close to Prettier's. */
export const lineWidth = 88;

/** Indents every line that is not empty. */
export function indent(lines: readonly string[], by: string): string[] {
  return lines.map((line) => (line === '' ? '' : by + line));
}

/** Prose in lines of at most `width` characters; further lines start with `hanging`. */
export function wrapWords(text: string, width: number, hanging = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line.trim() !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = hanging + word;
    } else {
      line = line === '' ? word : line.trim() === '' ? line + word : `${line} ${word}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}

/** The arguments of a call: what stands between commas outside brackets. */
export function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  let isString = false;
  for (let k = 0; k < text.length; k++) {
    if (text[k] === '"') isString = !isString;
    else if (isString) continue;
    else if ('([{'.includes(text[k]!)) depth++;
    else if (')]}'.includes(text[k]!)) depth--;
    else if (text[k] === ',' && depth === 0) {
      parts.push(text.slice(start, k).trim());
      start = k + 1;
    }
  }
  return [...parts, text.slice(start).trim()].filter((part) => part !== '');
}

/** `-(-x)` as a whole argument is `x`, exactly. */
export function cancelSigns(text: string): string {
  return text.replace(/(^|\(|, )-\(-(\w+)\)(?=[),]|$)/g, '$1$2');
}
