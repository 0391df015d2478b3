/** Lines of a text, by offset. */
export class Lines {
  readonly source: string;
  readonly eol: '\n' | '\r\n';

  constructor(source: string, eol: '\n' | '\r\n' | undefined) {
    this.source = source;
    this.eol = source.includes('\n') ? (source.includes('\r\n') ? '\r\n' : '\n') : (eol ?? '\n');
  }

  startOf(offset: number): number {
    // A search from −1 would look at the first character.
    return offset <= 0 ? 0 : this.source.lastIndexOf('\n', offset - 1) + 1;
  }
  /** Before the line's end characters. */
  endOf(offset: number): number {
    const next = this.source.indexOf('\n', offset);
    if (next < 0) return this.source.length;
    return this.source[next - 1] === '\r' && next - 1 >= offset ? next - 1 : next;
  }
  /** Start of the next line; the end of the text where there is none. */
  after(offset: number): number {
    const next = this.source.indexOf('\n', offset);
    return next < 0 ? this.source.length : next + 1;
  }
  isBlank(offset: number): boolean {
    return this.source.slice(this.startOf(offset), this.endOf(offset)).trim() === '';
  }
  /** Blank lines directly above a line start; infinite where there is nothing else above. */
  blankAbove(start: number): number {
    let count = 0;
    for (let at = start; at > 0; count++) {
      at = this.startOf(at - 1);
      if (!this.isBlank(at)) return count;
    }
    return Infinity;
  }
  /** Blank lines from a line start on; infinite where nothing else follows. */
  blankBelow(start: number): number {
    let count = 0;
    for (let at = start; at < this.source.length; at = this.after(at), count++)
      if (!this.isBlank(at)) return count;
    return Infinity;
  }
}
