// Under an answer: one agent is asked again, alone, with the chosen model. Plain tags only: the fold and what is chosen
// stay when Chainlit evaluates this file again.
import { ChevronRight, RotateCw } from 'lucide-react';
import { toast } from 'sonner';

const { words, said } = window.roundtableSays;

async function ask(from, part, agent) {
  const model = from.closest('.rt-again').querySelector('select[name=model]')?.value;
  try {
    const sent = await callAction({ name: 'ask_agent', payload: { run: props.run, part, agent, model } });
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
  ask(event.currentTarget, part, choice.value);
  choice.value = '';
}

function button({ agent, title }, part, alone) {
  return (
    <button
      key={agent}
      type="button"
      className="rt-button rt-again-agent"
      data-agent={agent}
      onClick={(event) => ask(event.currentTarget, part, agent)}
    >
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

function modelPicker(models, chosen) {
  return (
    <label className="rt-again-model">
      <span className="rt-note">{words.withModel}</span>
      <select name="model" defaultValue={chosen}>
        {models.map(({ label, value }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
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

function again({ parts = [], models = [], model }) {
  return (
    <div role="group" className="rt rt-again" aria-label={words.askAgain}>
      <details className="rt-fold">
        <summary>
          <ChevronRight aria-hidden="true" className="rt-chevron" />
          <RotateCw aria-hidden="true" className="rt-state-icon" />
          {words.askAgain}
        </summary>
        {models.length ? modelPicker(models, model) : null}
        <ol className="rt-list">{parts.map(row)}</ol>
      </details>
    </div>
  );
}

export default again(props);
