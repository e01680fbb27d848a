// Who was chosen to answer, and why. Plain tags only: the fold stays open when Chainlit evaluates this file again.
import { Check, ChevronRight } from 'lucide-react';

const { words, said, figure: written } = window.roundtableSays;

const share = (value) => `${Math.max(0, Math.min(1, Number(value) || 0)) * 100}%`;
const figure = (value) => (typeof value === 'number' && Number.isFinite(value) ? written(value, 2) : '–');
const inWords = (criterion) => words.criteria[criterion] ?? criterion.replace(/_/g, ' ');

function bar(agent, threshold) {
  return (
    <span className="rt-track" aria-hidden="true">
      <span className="rt-fill" style={{ width: share(agent.score) }} />
      {typeof threshold === 'number' ? <span className="rt-threshold" style={{ left: share(threshold) }} /> : null}
    </span>
  );
}

function row(agent, threshold) {
  const scores = Object.entries(agent.scores || {});
  return (
    <li key={agent.name} className="rt-choice" data-agent={agent.name} data-chosen={agent.chosen ? 'yes' : 'no'}>
      <span className="rt-choice-name">
        <span aria-hidden="true" className="rt-dot" />
        {agent.title || agent.name}
        {agent.chosen ? <Check aria-hidden="true" className="rt-state-icon" /> : null}
        <span className="sr-only">{agent.chosen ? words.chosen : words.notChosen}</span>
      </span>
      {bar(agent, threshold)}
      <span className="rt-figure">
        <span className="sr-only">{words.score}</span>
        {figure(agent.score)}
      </span>
      {agent.reason ? <span className="rt-reason">{agent.reason}</span> : null}
      {scores.length ? (
        <span className="rt-criteria">
          {scores.map(([criterion, value]) => (
            <span key={criterion}>
              {inWords(criterion)} <b>{figure(value)}</b>
            </span>
          ))}
        </span>
      ) : null}
    </li>
  );
}

function choice({ question, agents = [], threshold, understood }) {
  const byScore = [...agents].sort((a, b) => (b.score || 0) - (a.score || 0));
  const chosen = byScore.filter((agent) => agent.chosen);
  const others = byScore.filter((agent) => !agent.chosen);
  return (
    <div role="group" className="rt rt-selection" aria-label={words.whoAndWhy}>
      <header className="rt-bar">
        <span className="rt-heading" title={question || undefined}>
          {said(words.chosenOf, { CHOSEN: chosen.length, ALL: agents.length })}
        </span>
        {typeof threshold === 'number' ? <span className="rt-note">{said(words.needed, { SCORE: figure(threshold) })}</span> : null}
      </header>
      {understood ? (
        <p className="rt-understood">
          <span className="rt-note">{words.understood}</span> {understood}
        </p>
      ) : null}
      {chosen.length ? <ol className="rt-list">{chosen.map((agent) => row(agent, threshold))}</ol> : null}
      {others.length ? (
        <details className="rt-fold">
          <summary>
            <ChevronRight aria-hidden="true" className="rt-chevron" />
            {said(words.notChosenMany, { NUMBER: others.length })}
          </summary>
          <ol className="rt-list">{others.map((agent) => row(agent, threshold))}</ol>
        </details>
      ) : null}
    </div>
  );
}

export default choice(props);
