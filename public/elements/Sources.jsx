// The numbered sources under an answer, and what makes the numbers inside the answer open them.
// The list is exported as plain tags so that it keeps its DOM (focus, folded rows) when Chainlit evaluates this file
// again; only the listener is a component, because it needs an effect.
import { Braces, ChevronRight, CircleAlert, Copy, FileText } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { toast } from 'sonner';

const { words, said } = window.roundtableSays;

const SHOWN = 5;
const COLOURED = ['architecture', 'operations', 'security', 'knowledge', 'product'];

const agentName = (agent) => {
  const name = String(agent || '').replace(/[_-]+/g, ' ').trim();
  return name.charAt(0).toUpperCase() + name.slice(1);
};

const place = ({ section, page }) =>
  [section, page === null || page === undefined ? '' : said(words.page, { NUMBER: page })].filter(Boolean).join(', ');

async function openPassage(number) {
  try {
    const sent = await callAction({ name: 'open_passage', payload: { run: props.run, number } });
    if (sent && sent.success === false) throw new Error('refused');
  } catch {
    toast.error(words.passageNotOpened);
  }
}

/** The answer with its sources onto the clipboard, which only pages from this machine or over https may use. */
async function copyAnswer() {
  const response = await fetch(`/api/runs/${encodeURIComponent(props.run)}/answer`, { credentials: 'same-origin' });
  if (!response.ok) throw new Error((await response.text()).trim());
  const text = await response.text();
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement('textarea');
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  if (!copied) throw new Error(words.mayNotCopy);
}

const copy = () =>
  copyAnswer().then(
    () => toast.success(words.copied),
    (error) => toast.error(said(words.notCopied, { WHY: error.message }))
  );

function Listener({ run, sources }) {
  const here = useRef(null);
  useEffect(() => {
    const prefix = `#cite-${run}-`;
    const numberOf = (link) => {
      const href = link?.getAttribute('href') ?? '';
      const number = href.startsWith(prefix) ? href.slice(prefix.length) : '';
      return /^\d+$/.test(number) ? Number(number) : null;
    };
    const message = here.current?.closest('.message-content');
    const settle = () => {
      for (const link of message?.querySelectorAll('a[target][href^="#cite-"]') ?? []) {
        const number = numberOf(link);
        if (number === null) continue;
        const source = sources.find((each) => each.number === number);
        link.removeAttribute('target');
        link.setAttribute('aria-label', source ? said(words.source, { NUMBER: number, TITLE: source.title }) : said(words.sourceNumber, { NUMBER: number }));
        if (source) link.setAttribute('title', [source.title, place(source)].filter(Boolean).join(', '));
      }
    };
    const onClick = (event) => {
      const link = event.target instanceof Element ? event.target.closest('a[href^="#cite-"]') : null;
      const number = numberOf(link);
      if (number === null) return;
      event.preventDefault();
      event.stopPropagation();
      openPassage(number);
    };
    // Chainlit builds the links of a message anew, target and all, whenever it renders the message again.
    const observer = new MutationObserver(settle);
    if (message) observer.observe(message, { childList: true, subtree: true });
    settle();
    document.addEventListener('click', onClick, true);
    return () => {
      observer.disconnect();
      document.removeEventListener('click', onClick, true);
    };
  });
  return <span ref={here} hidden />;
}

/** Colours each number in the text like the agent that found it. Only checked words reach the stylesheet. */
function tint(run, sources) {
  if (!/^[\w-]+$/.test(run)) return '';
  return sources
    .filter(({ number, agent }) => Number.isInteger(number) && COLOURED.includes(agent))
    .map(({ number, agent }) => `a[href="#cite-${run}-${number}"]{--seat:var(--agent-${agent})}`)
    .join('');
}

function row(source) {
  const where = place(source);
  const told = [
    said(words.source, { NUMBER: source.number, TITLE: source.title }),
    where,
    source.agent ? said(words.sourceFoundBy, { AGENT: agentName(source.agent) }) : ''
  ].filter(Boolean);
  return (
    <li key={source.number}>
      <button
        type="button"
        className="element-link rt-source"
        data-agent={source.agent}
        aria-label={said(words.openIt, { TOLD: told.join(', ') })}
        title={source.quote || undefined}
        onClick={() => openPassage(source.number)}
      >
        <span className="rt-number">{source.number}</span>
        <span className="rt-source-title">{source.title || source.source}</span>
        {where ? <span className="rt-source-place">{where}</span> : null}
        <span className="rt-source-agent">
          <span className="rt-dot" />
          <span>{agentName(source.agent)}</span>
        </span>
        <ChevronRight aria-hidden="true" className="rt-chevron" />
      </button>
    </li>
  );
}

function people(contributed, missing) {
  return (
    <p className="rt-people">
      {contributed.length ? <span className="rt-note">{words.from}</span> : null}
      {contributed.map((agent) => (
        <span key={agent} className="rt-person" data-agent={agent}>
          <span aria-hidden="true" className="rt-dot" />
          {agentName(agent)}
        </span>
      ))}
      {missing.length ? (
        <span className="rt-missing">
          <CircleAlert aria-hidden="true" className="rt-state-icon" />
          {said(words.without, { AGENTS: missing.map(agentName).join(', ') })}
        </span>
      ) : null}
    </p>
  );
}

function list({ run = '', sources = [], contributed = [], missing = [] }) {
  const rest = sources.slice(SHOWN);
  return (
    <div role="group" className="rt rt-sources" aria-label={words.sources}>
      <style>{tint(run, sources)}</style>
      <Listener run={run} sources={sources} />
      <header className="rt-bar">
        <span className="rt-heading">
          <FileText aria-hidden="true" className="rt-state-icon" />
          {sources.length === 1 ? words.sourcesOne : sources.length ? said(words.sourcesMany, { NUMBER: sources.length }) : words.sourcesNone}
        </span>
        {people(contributed, missing)}
        <span className="rt-takings">
          <button type="button" onClick={copy} aria-label={words.copyAnswer}>
            <Copy aria-hidden="true" className="rt-state-icon" />
            {words.copy}
          </button>
          <a
            href={`/api/runs/${encodeURIComponent(run)}`}
            download
            aria-label={words.downloadRun}
          >
            <Braces aria-hidden="true" className="rt-state-icon" />
            JSON
          </a>
        </span>
      </header>
      {sources.length ? <ol className="rt-list">{sources.slice(0, SHOWN).map(row)}</ol> : null}
      {rest.length ? (
        <details className="rt-fold">
          <summary>
            <ChevronRight aria-hidden="true" className="rt-chevron" />
            {rest.length === 1 ? words.moreOne : said(words.moreMany, { NUMBER: rest.length })}
          </summary>
          <ol className="rt-list">{rest.map(row)}</ol>
        </details>
      ) : null}
    </div>
  );
}

export default list(props);
