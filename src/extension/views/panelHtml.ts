import { randomBytes } from 'node:crypto';

export interface PageParts {
  readonly script: string;
  readonly style: string;
  /** What VS Code allows as a source of the extension's own files. */
  readonly cspSource: string;
  /** Names the run for a later window; comes back through the serializer. */
  readonly run: string;
  readonly title: string;
  readonly language: string;
}

/**
 * The panel's page: no network, no inline script or style, scripts by nonce, and no HTML from strings (Trusted Types;
 * `lit-html` is the policy of the element library's own constant templates).
 */
export function panelHtml(parts: PageParts): string {
  const nonce = randomBytes(16).toString('base64url');
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${parts.cspSource}`,
    `font-src ${parts.cspSource}`,
    `img-src ${parts.cspSource} data:`,
    "require-trusted-types-for 'script'",
    'trusted-types lit-html',
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${escape(parts.language)}">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${escape(policy)}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${escape(parts.title)}</title>
    <link rel="stylesheet" href="${escape(parts.style)}" />
  </head>
  <body data-run="${escape(parts.run)}">
    <div id="app"></div>
    <script nonce="${nonce}" src="${escape(parts.script)}"></script>
  </body>
</html>`;
}

/** For text between tags and in quoted attributes. Names of runs and paths come from the user and from files. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}
