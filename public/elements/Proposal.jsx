// The plan before it runs: a card for each step, to be changed, moved and taken out, then run or cancelled.
// What a person has changed is kept outside of the component (Chainlit evaluates this file again, and React then begins
// anew, whenever something around it changes) and with the tab, so that a reload keeps it. Questions are data, shown
// letter by letter.
import { ArrowDown, ArrowUp, LoaderCircle, Play, Plus, Trash2 } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';

const { words, said } = window.roundtableSays;

const FEW = 6; // steps that one may wait for, which are all shown at once
const AT_ONCE = 1000; // milliseconds within which a card that was drawn anew is the same one for whoever types in it
const plans = (window.roundtablePlans ??= new Map());

const keptAs = (run) => `roundtable-plan-${run}`;

function kept(run) {
  try {
    return JSON.parse(sessionStorage.getItem(keptAs(run)));
  } catch {
    return null; // Nothing is kept in this browser.
  }
}

function keep(run, steps) {
  try {
    if (steps) sessionStorage.setItem(keptAs(run), JSON.stringify(steps));
    else sessionStorage.removeItem(keptAs(run));
  } catch {
    // Then a reload begins with the plan as it was offered.
  }
}

const begin = ({ run, steps }) => ({
  steps: kept(run) ?? steps.map((step, index) => ({ key: index + 1, ...step })),
  adding: '',
  said: '',
  refused: '',
  busy: false,
  focused: null // What has the focus, and where in it the person is.
});

function Decided() {
  const name = props.state === 'approved' ? words.approvedPlan : words.planNotRun;
  return (
    <div role="group" className="rt rt-proposal" data-plan={props.state} aria-label={name}>
      <ol className="rt-list">
        {props.steps.map((step, index) => (
          <li key={index} className="rt-step" data-agent={step.agent}>
            <span className="rt-step-head">
              <span className="rt-step-number">
                <span className="sr-only">{words.step}</span>
                {index + 1}
              </span>
              <span aria-hidden="true" className="rt-dot" />
              <span className="rt-step-name">{step.title}</span>
              {step.after.length ? <span className="rt-note">{said(words.afterSteps, { STEPS: step.after.join(words.and) })}</span> : null}
            </span>
            <span className="rt-step-asked">{step.question}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Awaiting() {
  const [, redraw] = useState(0);
  const root = useRef(null);
  if (!plans.has(props.run)) plans.set(props.run, begin(props));
  const state = plans.get(props.run);
  const put = (changes) => {
    Object.assign(state, changes);
    if (changes.steps) keep(props.run, changes.steps);
    redraw((count) => count + 1);
  };
  const focus = (selector) => requestAnimationFrame(() => root.current?.querySelector(selector)?.focus());
  const titleOf = (agent) => props.agents.find((each) => each.agent === agent)?.title ?? agent;
  const numberOf = (key) => state.steps.findIndex((step) => step.key === key) + 1;

  // Whoever types goes on typing when this is drawn anew, as it is at the end of another question.
  useEffect(() => {
    const { focused, goneAt } = state;
    if (focused && performance.now() - goneAt < AT_ONCE) {
      const field = root.current.querySelector(`[aria-label="${focused.label}"]`);
      field?.focus({ preventScroll: true });
      if (field?.setSelectionRange && focused.range) field.setSelectionRange(...focused.range);
    }
    return () => Object.assign(state, { goneAt: performance.now() });
  }, []);
  const follow = ({ target }) => {
    const label = target.getAttribute('aria-label');
    const range = target.tagName === 'TEXTAREA' ? [target.selectionStart, target.selectionEnd] : null;
    state.focused = label ? { label, range } : null;
  };

  /** A step waits only for steps that stand before it. */
  const tidy = (steps) =>
    steps.map((step, index) => ({
      ...step,
      after: step.after.filter((key) => steps.slice(0, index).some((before) => before.key === key))
    }));
  const change = (key, changes) =>
    put({ refused: '', steps: state.steps.map((step) => (step.key === key ? { ...step, ...changes } : step)) });

  const move = (key, by) => {
    const steps = [...state.steps];
    const at = numberOf(key) - 1;
    const [step] = steps.splice(at, 1);
    steps.splice(at + by, 0, step);
    put({ refused: '', steps: tidy(steps), said: said(words.isStepNow, { AGENT: titleOf(step.agent), NUMBER: at + by + 1 }) });
    const last = by < 0 ? at + by === 0 : at + by === steps.length - 1;
    const way = (by < 0) === last ? 'down' : 'up';
    focus(`[data-key="${key}"] [data-move="${way}"]`);
  };

  const remove = (key) => {
    const at = numberOf(key) - 1;
    const steps = state.steps.filter((step) => step.key !== key);
    put({ refused: '', steps: tidy(steps), said: said(words.takenOut, { AGENT: titleOf(state.steps[at].agent) }) });
    const next = steps[Math.min(at, steps.length - 1)];
    focus(next ? `[data-key="${next.key}"] [data-remove]` : '[name=adding]');
  };

  const add = (event) => {
    event.preventDefault();
    const agent = state.adding;
    if (!agent) return focus('[name=adding]');
    const asked = (question) => state.steps.some((step) => step.agent === agent && step.question === question);
    const open = props.unasked.find((question) => !state.steps.some((step) => step.question === question));
    const question = open ?? (asked(props.question) ? '' : props.question);
    const key = Math.max(0, ...state.steps.map((step) => step.key)) + 1;
    const steps = [...state.steps, { key, agent, question, after: [] }];
    put({ refused: '', adding: '', steps, said: said(words.addedAs, { AGENT: titleOf(agent), NUMBER: steps.length }) });
    focus(`[data-key="${key}"] textarea`);
  };

  const send = async (name, payload) => {
    put({ busy: true, refused: '' });
    let refused = words.failed;
    try {
      const sent = await callAction({ name, payload: { run: props.run, ...payload } });
      refused = sent?.response?.refused ?? words.failed;
    } catch {
      refused = words.failed;
    }
    put({ busy: false, refused });
  };
  const run = () => {
    const steps = state.steps.map(({ agent, question, after }) => ({ agent, question, after: after.map(numberOf) }));
    send('approve_plan', { steps });
  };

  /** Of many steps before it only those that it waits for are named, until somebody wants to change that. */
  const waits = (step, before) => {
    if (before.length <= FEW) return choices(step, before);
    const numbers = step.after.map(numberOf).sort((one, other) => one - other);
    return (
      <details className="rt-waits">
        <summary>{said(words.waitsForSteps, { STEPS: numbers.length ? numbers.join(', ') : words.noOther })}</summary>
        {choices(step, before)}
      </details>
    );
  };

  const choices = (step, before) => (
    <fieldset className="rt-after">
      <legend>{words.waitsFor}</legend>
      {before.map((other, index) => (
        <label key={other.key}>
          <input
            type="checkbox"
            checked={step.after.includes(other.key)}
            disabled={state.busy}
            onChange={(event) =>
              change(step.key, {
                after: event.target.checked ? [...step.after, other.key] : step.after.filter((key) => key !== other.key)
              })
            }
          />
          <span>
            {index + 1} {titleOf(other.agent)}
          </span>
        </label>
      ))}
    </fieldset>
  );

  const card = (step, index) => {
    const number = index + 1;
    const tool = (attributes, label, Icon, disabled, act) => (
      <button type="button" className="rt-tool" {...attributes} aria-label={label} title={label} disabled={disabled || state.busy} onClick={act}>
        <Icon aria-hidden="true" className="rt-state-icon" />
      </button>
    );
    return (
      <li key={step.key} className="rt-step" data-key={step.key} data-agent={step.agent}>
        <span className="rt-step-head">
          <span className="rt-step-number">
            <span className="sr-only">{words.step}</span>
            {number}
          </span>
          <span aria-hidden="true" className="rt-dot" />
          <select
            className="rt-select"
            aria-label={said(words.agentOf, { NUMBER: number })}
            value={step.agent}
            disabled={state.busy}
            onChange={(event) => change(step.key, { agent: event.target.value })}
          >
            {props.agents.some((each) => each.agent === step.agent) ? null : <option value={step.agent}>{step.agent}</option>}
            {props.agents.map((each) => (
              <option key={each.agent} value={each.agent}>
                {each.title}
              </option>
            ))}
          </select>
          <span className="rt-step-tools">
            {tool({ 'data-move': 'up' }, said(words.moveUp, { NUMBER: number }), ArrowUp, index === 0, () => move(step.key, -1))}
            {tool({ 'data-move': 'down' }, said(words.moveDown, { NUMBER: number }), ArrowDown, number === state.steps.length, () => move(step.key, 1))}
            {tool({ 'data-remove': 'yes' }, said(words.takeOut, { NUMBER: number }), Trash2, false, () => remove(step.key))}
          </span>
        </span>
        <textarea
          aria-label={said(words.questionOf, { NUMBER: number })}
          rows={2}
          maxLength={props.longest}
          value={step.question}
          disabled={state.busy}
          onChange={(event) => change(step.key, { question: event.target.value })}
        />
        {index ? waits(step, state.steps.slice(0, index)) : null}
      </li>
    );
  };

  const open = props.unasked.filter((question) => !state.steps.some((step) => step.question === question));
  return (
    <div
      ref={root}
      role="group"
      className="rt rt-proposal"
      data-plan="awaiting"
      aria-label={words.planToRun}
      aria-busy={state.busy}
      onFocus={follow}
      onSelect={follow}
      onBlur={() => Object.assign(state, { focused: null })}
    >
      {state.steps.length ? (
        <ol className="rt-list" aria-label={words.stepsInOrder}>
          {state.steps.map(card)}
        </ol>
      ) : null}
      {open.map((question) => (
        <p key={question} className="rt-note">
          {said(words.noAgentFor, { QUESTION: question })}
        </p>
      ))}
      <form className="rt-add" onSubmit={add}>
        <label>
          {words.addAgent}
          <select name="adding" className="rt-select" value={state.adding} disabled={state.busy} onChange={(event) => put({ adding: event.target.value })}>
            <option value="">{words.chooseOne}</option>
            {props.agents.map((each) => (
              <option key={each.agent} value={each.agent}>
                {each.title}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" className="rt-button" disabled={state.busy}>
          <Plus aria-hidden="true" className="rt-state-icon" />
          {words.add}
        </button>
      </form>
      {state.refused ? (
        <p role="alert" className="rt-refused">
          {state.refused}
        </p>
      ) : null}
      <div className="rt-decide">
        <button type="button" className="rt-button rt-run" disabled={state.busy || !state.steps.length} onClick={run}>
          {state.busy ? <LoaderCircle aria-hidden="true" className="rt-state-icon rt-turning" /> : <Play aria-hidden="true" className="rt-state-icon" />}
          {words.run}
        </button>
        <button type="button" className="rt-button" disabled={state.busy} onClick={() => send('cancel_plan', {})}>
          {words.cancel}
        </button>
      </div>
      <p role="status" className="sr-only">
        {state.said}
      </p>
    </div>
  );
}

export default function Proposal() {
  if (props.state === 'awaiting') return <Awaiting />;
  plans.delete(props.run);
  keep(props.run, null);
  return <Decided />;
}
