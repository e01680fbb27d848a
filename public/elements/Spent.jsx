// Under an answer: what language models cost it and what they did not do, or the same for each model. The server says it in
// the reader's language. Plain tags only: the fold stays open when Chainlit evaluates this file again.
import { ChevronRight, CircleAlert } from 'lucide-react';

const { words } = window.roundtableSays;

function whole({ line = '', notes = [], legend = [] }) {
  return (
    <div role="group" className="rt rt-spent" aria-label={words.models}>
      {notes.map((note) => (
        <p key={note} className="rt-spent-note">
          <CircleAlert aria-hidden="true" className="rt-state-icon" />
          <span>{note}</span>
        </p>
      ))}
      {legend.map((mark) => (
        <p key={mark} className="rt-note">
          {mark}
        </p>
      ))}
      {line ? <p className="rt-note">{line}</p> : null}
    </div>
  );
}

function each(rows) {
  return (
    <div role="group" className="rt rt-spent" aria-label={words.eachModel}>
      <details className="rt-fold">
        <summary>
          <ChevronRight aria-hidden="true" className="rt-chevron" />
          {words.eachModel}
        </summary>
        <ol className="rt-list">
          {rows.map(({ model, told }) => (
            <li key={model}>
              {model}: <span className="rt-note">{told}</span>
            </li>
          ))}
        </ol>
      </details>
    </div>
  );
}

export default props.rows ? each(props.rows) : whole(props);
