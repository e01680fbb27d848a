// Under an answer: one agent is asked again, alone. Plain tags only: the fold and the chosen agent stay when Chainlit
// evaluates this file again. A choice of models belongs beside the choice of agents.
import { ChevronRight, RotateCw } from 'lucide-react';
import { toast } from 'sonner';

async function ask(part, agent) {
  try {
    const sent = await callAction({ name: 'ask_agent', payload: { run: props.run, part, agent } });
    if (sent && sent.success === false) throw new Error('refused');
  } catch {
    toast.error('This could not be asked. Reload the page and try again.');
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
      Ask {title} {alone ? 'alone' : 'again'}
    </button>
  );
}

function picker(others, heading, part) {
  return (
    <form className="rt-again-other" onSubmit={(event) => submit(event, part)}>
      <select name="agent" defaultValue="" aria-label={heading ? `Another agent for “${heading}”` : 'Another agent'}>
        <option value="">Ask another agent…</option>
        {others.map(({ agent, title }) => (
          <option key={agent} value={agent}>
            {title}
          </option>
        ))}
      </select>
      <button type="submit" className="rt-button" aria-label="Ask the chosen agent">
        Ask
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
    <section className="rt rt-again" aria-label="Ask again">
      <details className="rt-fold">
        <summary>
          <ChevronRight aria-hidden="true" className="rt-chevron" />
          <RotateCw aria-hidden="true" className="rt-state-icon" />
          Ask again
        </summary>
        <ol className="rt-list">{parts.map(row)}</ol>
      </details>
    </section>
  );
}

export default again(props);
