import '@vscode-elements/elements/dist/vscode-button/index.js';
import type { PanelAction } from '../../core/protocol/panel.ts';
import { element } from '../dom.ts';
import { icon, type IconName } from '../icons.ts';

const icons: Readonly<Record<PanelAction, IconName>> = {
  pause: 'pause',
  resume: 'play',
  stop: 'stop',
  continue: 'play',
  trainAgain: 'again',
  predict: 'flask',
  exportWeights: 'export',
  saveAsExperiment: 'save',
  showLog: 'log',
};

/** In the order of the row; the first that is enabled is the primary one. */
const order = [
  'pause',
  'resume',
  'stop',
  'continue',
  'predict',
  'trainAgain',
  'exportWeights',
  'saveAsExperiment',
  'showLog',
] as const;

/** The row of buttons. The host says which actions there are; the others are not shown. */
export class ActionRow {
  readonly element: HTMLElement;
  readonly #buttons = new Map<PanelAction, HTMLElement>();

  constructor(strings: Readonly<Record<string, string>>, act: (action: PanelAction) => void) {
    this.element = element('div', {
      class: 'actions',
      role: 'group',
      'aria-label': strings['actions'] ?? '',
    });
    for (const action of order) {
      const button = document.createElement('vscode-button');
      const before = icon(icons[action]);
      before.setAttribute('slot', 'content-before');
      button.append(before, strings[action] ?? action);
      button.dataset['action'] = action;
      button.hidden = true;
      button.addEventListener('click', () => {
        if (button.hasAttribute('aria-disabled')) return;
        // Visible at once; the host's next message says what is so.
        if (action === 'pause' || action === 'resume' || action === 'stop') this.#wait();
        act(action);
      });
      this.#buttons.set(action, button);
      this.element.append(button);
    }
  }

  show(actions: readonly PanelAction[]): void {
    const focused = [...this.#buttons].find(([, button]) => button === document.activeElement)?.[0];
    const shown = order.filter((action) => actions.includes(action));
    for (const action of order) {
      const button = this.#buttons.get(action)!;
      button.hidden = !actions.includes(action);
      button.removeAttribute('aria-disabled');
      button.toggleAttribute('secondary', action !== shown[0]);
    }
    // The keyboard stays in the row when the focused button goes: Pause becomes Resume, Stop becomes what is first.
    if (focused !== undefined && !actions.includes(focused)) {
      const successor = focused === 'pause' ? 'resume' : focused === 'resume' ? 'pause' : shown[0];
      const next = successor !== undefined && actions.includes(successor) ? successor : shown[0];
      if (next !== undefined) this.#buttons.get(next)!.focus();
    }
  }

  /** Greys the row out until the host answers. The element's own `disabled` would take the focus away from the row. */
  #wait(): void {
    for (const button of this.#buttons.values()) button.setAttribute('aria-disabled', 'true');
  }
}
