// What becomes of files that were handed in: each with its stages, and the question who keeps them.
// Plain tags only: focus, the chosen button and the bars stay when Chainlit evaluates this file again, which it does
// with every piece of news. Names, reasons and remarks are data and are shown letter by letter.
import { Check, CircleAlert, CircleDashed, LoaderCircle, Square } from 'lucide-react';
import { toast } from 'sonner';

const { words, said, figure } = window.roundtableSays;

const LOOKS = {
  waiting: ['waiting', CircleDashed],
  reading: ['running', LoaderCircle],
  read: ['waiting', Check],
  embedding: ['running', LoaderCircle],
  indexing: ['running', LoaderCircle],
  added: ['answered', Check],
  replaced: ['answered', Check],
  unchanged: ['answered', Check],
  rejected: ['failed', CircleAlert],
  left: ['waiting', CircleDashed]
};

async function send(name, payload) {
  try {
    const sent = await callAction({ name, payload: { delivery: props.delivery, ...payload } });
    if (sent && sent.success === false) throw new Error('refused');
  } catch {
    toast.error(words.failed);
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
    <ol className="rt-stages" aria-label={words.stages}>
      {all.map((stage, index) => (
        <li key={stage} data-look={look(index)} aria-current={look(index) === 'now' ? 'step' : undefined}>
          {stage}
          <span className="sr-only">{look(index) === 'done' ? words.stageDone : look(index) === 'now' ? words.stageNow : ''}</span>
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
  const [look, Icon] = LOOKS[file.state] || LOOKS.waiting;
  return (
    <li key={index} className="rt-file-row" data-state={look} data-file={file.state} data-agent={file.agent || undefined}>
      <span className="rt-file-name">
        <Icon aria-hidden="true" className="rt-state-icon" />
        <span className="sr-only">{words.fileStates[file.state]}: </span>
        <span>{file.name}</span>
      </span>
      {stages(file)}
      <span className="rt-file-note">
        {file.note}
        {file.proposed ? <span className="rt-proposed">{said(words.fits, { AGENT: file.proposed })}</span> : null}
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
          {best ? <span className="rt-best">{words.fitsBest}</span> : null}
        </span>
        <span className="rt-track" aria-hidden="true">
          <span className="rt-fill" style={{ width: share }} />
        </span>
        <span className="rt-figure">
          <span className="sr-only">{words.score}</span>
          {figure(agent.score, 2)}
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
          <legend className="sr-only">{words.whoSees}</legend>
          <label>
            <input type="radio" name="scope" value="everybody" defaultChecked />
            <span>{words.everybody}</span>
          </label>
          <label>
            <input type="radio" name="scope" value="me" />
            <span>{words.onlyMe}</span>
          </label>
        </fieldset>
      ) : null}
      {each ? (
        <button type="button" className="rt-choose rt-each" data-best="yes" onClick={(event) => choose(event, { agent: '' })}>
          <span className="rt-choose-name">{words.eachBest}</span>
        </button>
      ) : null}
      <ol className="rt-list" aria-label={words.agentsBestFirst}>
        {all.map((agent, index) => choice(agent, index, each))}
      </ol>
      <button type="button" className="rt-quiet" data-delivery={delivery} onClick={(event) => choose(event, { nowhere: true })}>
        {words.doNotKeep}
      </button>
    </form>
  );
}

function delivery({ delivery: id, files = [], choices: all = [], each = false, forAll = false, stoppable = false }) {
  return (
    <div role="group" className="rt rt-delivery" data-delivery={id} aria-label={words.handedIn}>
      <ol className="rt-list rt-files">{files.map(row)}</ol>
      {all.length ? choices(all, each, forAll, id) : null}
      {stoppable ? (
        <button type="button" className="rt-quiet rt-stop" onClick={() => send('stop_delivery', {})}>
          <Square aria-hidden="true" className="rt-state-icon" />
          {words.stop}
        </button>
      ) : null}
    </div>
  );
}

export default delivery(props);
