const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 of ASCII text; core has neither `Buffer` nor `btoa`. Throws a RangeError on other characters. */
export function asciiToBase64(text: string): string {
  const groups: string[] = [];
  for (let k = 0; k < text.length; k += 3) {
    const [a, b, c] = [text.charCodeAt(k), text.charCodeAt(k + 1), text.charCodeAt(k + 2)];
    if (!(a < 128) || b >= 128 || c >= 128) throw new RangeError('the text is not ASCII');
    const bits = (a << 16) | ((b || 0) << 8) | (c || 0);
    groups.push(
      alphabet.charAt(bits >> 18) +
        alphabet.charAt((bits >> 12) & 63) +
        (k + 1 < text.length ? alphabet.charAt((bits >> 6) & 63) : '=') +
        (k + 2 < text.length ? alphabet.charAt(bits & 63) : '='),
    );
  }
  return groups.join('');
}
