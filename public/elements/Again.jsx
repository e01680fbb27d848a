// Under an answer: one agent is asked again, alone. Plain tags only: the fold and the chosen agent stay when Chainlit
// evaluates this file again. A choice of models belongs beside the choice of agents.
import { ChevronRight, RotateCw } from 'lucide-react';
import { toast } from 'sonner';

const { words, said } = window.roundtableSays;

async function ask(part, agent) {
  try {
    const sent = await callAction({ name: 'ask_agent', payload: { run: props.run, part, agent } });
    if (sent && sent.success === false) throw new Error('refused');
  } catch {
    toast.error(words.failed);
  }
}

function submit(event, part) {
  event.preventDefault();
  const choice = event.currentTarget.elements.agent;
  if (!choice.value) {
    choice.focus();
    return;
  }
  ask(part, choice.value);
  choice.value = '';
}

function button({ agent, title }, part, alone) {
  return (
    <button key={agent} type="button" className="rt-button rt-again-agent" data-agent={agent} onClick={() => ask(part, agent)}>
      <span aria-hidden="true" className="rt-dot" />
      {said(alone ? words.askAlone : words.askAgentAgain, { AGENT: title })}
    </button>
  );
}

function picker(others, heading, part) {
  return (
    <form className="rt-again-other" onSubmit={(event) => submit(event, part)}>
      <select name="agent" defaultValue="" aria-label={heading ? said(words.anotherAgentFor, { PART: heading }) : words.anotherAgent}>
        <option value="">{words.askAnother}</option>
        {others.map(({ agent, title }) => (
          <option key={agent} value={agent}>
            {title}
          </option>
        ))}
      </select>
      <button type="submit" className="rt-button" aria-label={words.askChosen}>
        {words.ask}
      </button>
    </form>
  );
}

function row({ heading, alone, answered, others }, part) {
  return (
    <li key={part}>
      {heading ? <p className="rt-note">{heading}</p> : null}
      <div className="rt-again-row">
        {answered.map((each) => button(each, part, alone))}
        {others.length ? picker(others, heading, part) : null}
      </div>
    </li>
  );
}

function again({ parts = [] }) {
  return (
    <div role="group" className="rt rt-again" aria-label={words.askAgain}>
      <details className="rt-fold">
        <summary>
          <ChevronRight aria-hidden="true" className="rt-chevron" />
          <RotateCw aria-hidden="true" className="rt-state-icon" />
          {words.askAgain}
        </summary>
        <ol className="rt-list">{parts.map(row)}</ol>
      </details>
    </div>
  );
}

export default again(props);
