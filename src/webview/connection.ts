import * as v from 'valibot';
import { toPanelSchema, type FromPanel, type ToPanel } from '../core/protocol/panel.ts';

/** The part of VS Code's page API that is used here. */
interface VSCodeApi {
  postMessage(message: FromPanel): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VSCodeApi;

/** The line to the host: what arrives is parsed before anyone sees it. */
export interface Connection {
  send(message: FromPanel): void;
}

/**
 * Opens the line. The page's state for a later window is stored at once: `source` names the run in the host's own
 * terms and comes with the page, so that even a page that never received a message is restored.
 */
export function connect(receive: (message: ToPanel) => void): Connection {
  const api = acquireVsCodeApi();
  const source = document.body.dataset['run'];
  if (source !== undefined) api.setState({ run: source });
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    const parsed = v.safeParse(toPanelSchema, event.data);
    if (parsed.success) receive(parsed.output);
    else
      api.postMessage({
        type: 'error',
        text: `unreadable message: ${v.summarize(parsed.issues).slice(0, 2000)}`,
      });
  });
  window.addEventListener('error', (event) => {
    api.postMessage({
      type: 'error',
      text: `${event.message} (${event.filename}:${String(event.lineno)})`.slice(0, 4000),
    });
  });
  window.addEventListener('unhandledrejection', (event: PromiseRejectionEvent) => {
    api.postMessage({ type: 'error', text: String(event.reason).slice(0, 4000) });
  });
  document.addEventListener('securitypolicyviolation', (event) => {
    api.postMessage({
      type: 'error',
      text: `blocked by the page's policy: ${event.violatedDirective} ${event.blockedURI}`.slice(0, 4000),
    });
  });
  return { send: (message) => api.postMessage(message) };
}
