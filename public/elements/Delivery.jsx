// What becomes of files that were handed in: each with its stages, and the question who keeps them.
// Plain tags only: focus, the chosen button and the bars stay when Chainlit evaluates this file again, which it does
// with every piece of news. Names, reasons and remarks are data and are shown letter by letter.
import { Check, CircleAlert, CircleDashed, LoaderCircle, Square } from 'lucide-react';
import { toast } from 'sonner';

const LOOKS = {
  waiting: ['waiting', CircleDashed, 'Waiting'],
  reading: ['running', LoaderCircle, 'Reading'],
  read: ['waiting', Check, 'Read'],
  embedding: ['running', LoaderCircle, 'Embedding'],
  indexing: ['running', LoaderCircle, 'Indexing'],
  added: ['answered', Check, 'Learned'],
  replaced: ['answered', Check, 'Replaced'],
  unchanged: ['answered', Check, 'Already there'],
  rejected: ['failed', CircleAlert, 'Not taken in'],
  left: ['waiting', CircleDashed, 'Left out']
};

async function send(name, payload) {
  try {
    const sent = await callAction({ name, payload: { delivery: props.delivery, ...payload } });
    if (sent && sent.success === false) throw new Error('refused');
  } catch {
    toast.error('This could not be sent. Reload the page and try again.');
  }
}

function choose(event, payload) {
  const scope = event.currentTarget.form.elements.scope;
  send('choose_agent', { private: !scope || scope.value === 'me', ...payload });
}

function stages({ stages: all, behind, state }) {
  if (!all.length) return null;
  const working = ['reading', 'embedding', 'indexing'].includes(state);
  const look = (index) => (index < behind ? 'done' : working && index === behind ? 'now' : 'open');
  return (
    <ol className="rt-stages" aria-label="Stages">
      {all.map((stage, index) => (
        <li key={stage} data-look={look(index)} aria-current={look(index) === 'now' ? 'step' : undefined}>
          {stage}
          <span className="sr-only">{look(index) === 'done' ? ', done' : look(index) === 'now' ? ', at work' : ''}</span>
        </li>
      ))}
    </ol>
  );
}

function bar({ share, name, note }) {
  if (typeof share !== 'number') return null;
  const percent = Math.round(Math.max(0, Math.min(1, share)) * 100);
  return (
    <span
      className="rt-track rt-file-bar"
      role="progressbar"
      aria-label={name}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={note}
    >
      <span className="rt-fill" style={{ width: `${percent}%` }} />
    </span>
  );
}

function row(file, index) {
  const [look, Icon, word] = LOOKS[file.state] || LOOKS.waiting;
  return (
    <li key={index} className="rt-file-row" data-state={look} data-file={file.state} data-agent={file.agent || undefined}>
      <span className="rt-file-name">
        <Icon aria-hidden="true" className="rt-state-icon" />
        <span className="sr-only">{word}: </span>
        <span>{file.name}</span>
      </span>
      {stages(file)}
      <span className="rt-file-note">
        {file.note}
        {file.proposed ? <span className="rt-proposed"> · fits {file.proposed} best</span> : null}
      </span>
      {bar(file)}
      {file.remarks.length ? (
        <ul className="rt-remarks">
          {file.remarks.map((remark) => (
            <li key={remark}>{remark}</li>
          ))}
        </ul>
      ) : null}
    </li>
  );
}

function choice(agent, index, each) {
  const share = `${Math.max(0, Math.min(1, agent.score)) * 100}%`;
  const best = index === 0 && !each;
  return (
    <li key={agent.agent}>
      <button
        type="button"
        className="rt-choose"
        data-agent={agent.agent}
        data-best={best ? 'yes' : 'no'}
        onClick={(event) => choose(event, { agent: agent.agent })}
      >
        <span className="rt-dot" aria-hidden="true" />
        <span className="rt-choose-name">
          {agent.title}
          {best ? <span className="rt-best">fits best</span> : null}
        </span>
        <span className="rt-track" aria-hidden="true">
          <span className="rt-fill" style={{ width: share }} />
        </span>
        <span className="rt-figure">
          <span className="sr-only">Score </span>
          {agent.score.toFixed(2)}
        </span>
      </button>
    </li>
  );
}

function choices(all, each, forAll, delivery) {
  return (
    <form className="rt-choices" onSubmit={(event) => event.preventDefault()}>
      {forAll ? (
        <fieldset className="rt-scope">
          <legend className="sr-only">Who may see it</legend>
          <label>
            <input type="radio" name="scope" value="everybody" defaultChecked />
            <span>For everybody</span>
          </label>
          <label>
            <input type="radio" name="scope" value="me" />
            <span>Only for me</span>
          </label>
        </fieldset>
      ) : null}
      {each ? (
        <button type="button" className="rt-choose rt-each" data-best="yes" onClick={(event) => choose(event, { agent: '' })}>
          <span className="rt-choose-name">Each where it fits best</span>
        </button>
      ) : null}
      <ol className="rt-list" aria-label="Agents, the best first">
        {all.map((agent, index) => choice(agent, index, each))}
      </ol>
      <button type="button" className="rt-quiet" data-delivery={delivery} onClick={(event) => choose(event, { nowhere: true })}>
        Do not keep
      </button>
    </form>
  );
}

function delivery({ delivery: id, files = [], choices: all = [], each = false, forAll = false, stoppable = false }) {
  return (
    <section className="rt rt-delivery" data-delivery={id} aria-label="Files that were handed in">
      <ol className="rt-list rt-files">{files.map(row)}</ol>
      {all.length ? choices(all, each, forAll, id) : null}
      {stoppable ? (
        <button type="button" className="rt-quiet rt-stop" onClick={() => send('stop_delivery', {})}>
          <Square aria-hidden="true" className="rt-state-icon" />
          Stop
        </button>
      ) : null}
    </section>
  );
}

export default delivery(props);
