import './panel.css';
import { connect } from './connection.ts';
import { RunView } from './runView.ts';
import { emptyState, reduce } from './state.ts';

let state = emptyState;
const view = new RunView(document.getElementById('app')!, (action) =>
  connection.send({ type: 'action', action }),
);
const connection = connect((message) => {
  const step = reduce(state, message);
  state = step.state;
  view.show(state);
  if (step.reply !== undefined) connection.send(step.reply);
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) view.show(state);
});
connection.send({ type: 'ready' });
