// The agents' documents: one fold an agent, a field to search in them, and what can be done with each document.
// What a person has typed, opened and changed is kept outside of the component: Chainlit evaluates this file again, and
// React then begins anew, whenever something around it changes. Names and titles are data, shown letter by letter.
import { useChatInteract } from '@chainlit/react-client';
import { ChevronRight, Download, FolderInput, LoaderCircle, Lock, RefreshCw, Search, Trash2 } from 'lucide-react';
import { useRef, useState } from 'react';
import { toast } from 'sonner';

const { words, said } = window.roundtableSays;

const SHOWN = 40;
const lists = (window.roundtableLists ??= new Map());

const begin = ({ agents, only }) => ({ agents, wanted: '', open: only ? [only] : [], whole: [], doing: null, busy: false });

const counted = (number) =>
  number === 1 ? words.documentsOne : number ? said(words.documentsMany, { NUMBER: number }) : words.documentsNone;

const matches = (document, wanted) =>
  wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => `${document.name} ${document.title} ${document.facts}`.toLowerCase().includes(word));

export default function Documents() {
  const { uploadFile } = useChatInteract();
  const [, redraw] = useState(0);
  const root = useRef(null);
  if (!lists.has(props.list)) lists.set(props.list, begin(props));
  const state = lists.get(props.list);
  const put = (changes) => {
    Object.assign(state, changes);
    redraw((count) => count + 1);
  };
  const toggle = (all, name, on) => (on ? [...new Set([...all, name])] : all.filter((each) => each !== name));
  const focus = (selector) => requestAnimationFrame(() => root.current?.querySelector(selector)?.focus());

  const act = async (name, payload) => {
    put({ busy: true });
    try {
      const sent = await callAction({ name, payload });
      const agents = sent?.response?.agents;
      if (!agents) throw new Error('refused');
      put({ agents: props.only ? agents.filter(({ agent }) => agent === props.only) : agents, doing: null });
      focus('input[type=search]');
    } catch {
      toast.error(words.notDone);
    }
    put({ busy: false });
  };

  const replace = async (agent, document, input) => {
    const file = input.files[0];
    input.value = '';
    if (!file) return;
    put({ busy: true });
    try {
      const { id } = await uploadFile(file, () => undefined).promise;
      await act('replace_document', { agent, document, file: id });
    } catch (reason) {
      toast.error(typeof reason === 'string' ? reason : words.notDone);
      put({ busy: false });
    }
  };

  const confirm = (agent, document) => (
    <div className="rt-ask" role="group" aria-label={said(words.removeName, { NAME: document.name })}>
      <span>
        {said(document.mine ? words.removeMine : words.removeEverybodys, { NAME: document.name })}{' '}
        {document.catalog ? words.catalogStaysOut : words.notBack}
      </span>
      <span className="rt-ask-buttons">
        <button
          type="button"
          className="rt-button rt-danger"
          disabled={state.busy}
          onClick={() => act('remove_document', { agent, document: document.id })}
        >
          {words.remove}
        </button>
        <button type="button" className="rt-button" autoFocus onClick={() => put({ doing: null })}>
          {words.cancel}
        </button>
      </span>
    </div>
  );

  const destination = (agent, document) => (
    <form
      className="rt-ask"
      aria-label={said(words.moveName, { NAME: document.name })}
      onSubmit={(event) => {
        event.preventDefault();
        act('move_document', { agent, document: document.id, to: event.currentTarget.elements.to.value });
      }}
    >
      <label>
        {words.moveTo}
        <select name="to" autoFocus>
          {props.everybody
            .filter((each) => each.agent !== agent)
            .map((each) => (
              <option key={each.agent} value={each.agent}>
                {each.title}
              </option>
            ))}
        </select>
      </label>
      <span className="rt-ask-buttons">
        <button type="submit" className="rt-button" disabled={state.busy}>
          {words.move}
        </button>
        <button type="button" className="rt-button" onClick={() => put({ doing: null })}>
          {words.cancel}
        </button>
      </span>
    </form>
  );

  const row = (agent, document) => {
    const key = `${agent}/${document.id}`;
    const doing = state.doing?.key === key ? state.doing.what : '';
    const turn = (what) => put({ doing: doing === what ? null : { key, what } });
    return (
      <li
        key={document.id}
        className="rt-document"
        data-document={document.name}
        onKeyDown={(event) => event.key === 'Escape' && put({ doing: null })}
      >
        <span className="rt-document-name">
          {document.mine ? <Lock aria-label={words.onlyYouSee} role="img" className="rt-state-icon" /> : null}
          <span>{document.name}</span>
          {document.catalog ? <span className="rt-badge">{words.catalog}</span> : null}
          {document.mine ? <span className="rt-badge">{words.onlyYou}</span> : null}
        </span>
        <span className="rt-file-note">{document.facts}</span>
        <span className="rt-document-tools">
          {document.url ? (
            <a className="rt-tool" href={document.url} download={document.name} aria-label={said(words.downloadName, { NAME: document.name })} title={words.download}>
              <Download aria-hidden="true" className="rt-state-icon" />
            </a>
          ) : null}
          {document.changeable ? (
            <>
              <label className="rt-tool" title={words.replaceBy}>
                <RefreshCw aria-hidden="true" className="rt-state-icon" />
                <input
                  type="file"
                  className="sr-only"
                  disabled={state.busy}
                  aria-label={said(words.replaceName, { NAME: document.name })}
                  onChange={(event) => replace(agent, document.id, event.currentTarget)}
                />
              </label>
              {props.everybody.length > 1 ? (
                <button type="button" className="rt-tool" aria-expanded={doing === 'move'} aria-label={said(words.moveName, { NAME: document.name })} title={words.moveToAnother} onClick={() => turn('move')}>
                  <FolderInput aria-hidden="true" className="rt-state-icon" />
                </button>
              ) : null}
              <button type="button" className="rt-tool" aria-expanded={doing === 'remove'} aria-label={said(words.removeName, { NAME: document.name })} title={words.remove} onClick={() => turn('remove')}>
                <Trash2 aria-hidden="true" className="rt-state-icon" />
              </button>
            </>
          ) : null}
        </span>
        {doing === 'remove' ? confirm(agent, document) : doing === 'move' ? destination(agent, document) : null}
      </li>
    );
  };

  const fold = ({ agent, title, documents }) => {
    const wanted = state.wanted.trim();
    const found = wanted ? documents.filter((document) => matches(document, wanted)) : documents;
    if (wanted && !found.length) return null;
    const open = Boolean(wanted) || state.open.includes(agent);
    const shown = state.whole.includes(agent) ? found : found.slice(0, SHOWN);
    return (
      <li key={agent} data-agent={agent} className="rt-shelf">
        <h3>
          <button type="button" className="rt-shelf-head" aria-expanded={open} onClick={() => put({ open: toggle(state.open, agent, !open) })}>
            <ChevronRight aria-hidden="true" className="rt-chevron" data-open={open ? 'yes' : 'no'} />
            <span aria-hidden="true" className="rt-dot" />
            <span>{title}</span>
            <span className="rt-note">
              {wanted ? said(words.found, { FOUND: found.length, ALL: documents.length }) : counted(documents.length)}
            </span>
          </button>
        </h3>
        {open ? <ol className="rt-list">{shown.map((document) => row(agent, document))}</ol> : null}
        {open && !documents.length ? <p className="rt-empty">{words.nothingYet}</p> : null}
        {open && shown.length < found.length ? (
          <button type="button" className="rt-quiet" onClick={() => put({ whole: toggle(state.whole, agent, true) })}>
            {said(words.showAll, { NUMBER: found.length })}
          </button>
        ) : null}
      </li>
    );
  };

  const folds = state.agents.map(fold).filter(Boolean);
  return (
    <div ref={root} role="group" className="rt rt-documents" aria-label={words.documents} aria-busy={state.busy}>
      <label className="rt-search">
        {state.busy ? (
          <LoaderCircle aria-hidden="true" className="rt-state-icon rt-turning" />
        ) : (
          <Search aria-hidden="true" className="rt-state-icon" />
        )}
        <span className="sr-only">{words.searchDocuments}</span>
        <input type="search" placeholder={words.searchBy} value={state.wanted} onChange={(event) => put({ wanted: event.target.value })} />
      </label>
      {folds.length ? <ol className="rt-list">{folds}</ol> : <p className="rt-empty">{words.noMatch}</p>}
    </div>
  );
}
