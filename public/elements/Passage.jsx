// One passage of a document in the side panel, with the quoted words marked.
// The text is data: it is shown letter by letter and never read as Markdown or HTML, so nothing in it can load or run.
import { ChevronRight, CircleAlert, Download, ExternalLink } from 'lucide-react';

const { words, said, figure } = window.roundtableSays;

const agentName = (agent) => {
  const name = String(agent || '').replace(/[_-]+/g, ' ').trim();
  return name.charAt(0).toUpperCase() + name.slice(1);
};

function closeness(score) {
  if (score >= 0.75) return words.closeness[0];
  if (score >= 0.5) return words.closeness[1];
  if (score >= 0.3) return words.closeness[2];
  return words.closeness[3];
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Where `quote` stands in `text` as [start, end), spaces and line breaks being equal; null when it does not. */
function find(text, quote) {
  const parts = quote.trim().split(/\s+/).filter(Boolean).map(escaped);
  if (!parts.length) return null;
  const hit = new RegExp(parts.join('\\s+')).exec(text);
  return hit ? [hit.index, hit.index + hit[0].length] : null;
}

/** The marked ranges: the quote as a whole or, when the passage breaks it up, each of its sentences. */
function ranges(text, quote) {
  if (!quote || !quote.trim()) return [];
  const whole = find(text, quote);
  if (whole) return [whole];
  const found = quote
    .split(/(?:…|\.\.\.|\n+|(?<=[.!?])\s+)/)
    .filter((sentence) => sentence.trim().length > 12)
    .map((sentence) => find(text, sentence))
    .filter(Boolean)
    .sort((a, b) => a[0] - b[0]);
  return found.reduce((kept, range) => {
    const last = kept[kept.length - 1];
    if (last && range[0] <= last[1]) last[1] = Math.max(last[1], range[1]);
    else kept.push([...range]);
    return kept;
  }, []);
}

/** Splits prose into its heading lines (without their hashes) and what stands between them. */
function paragraphs(text, start, end) {
  const parts = [];
  let from = start;
  for (const hit of text.slice(start, end).matchAll(/^#{1,6}[ \t]+(?=\S)(.*)$/gm)) {
    const at = start + hit.index;
    if (at > from) parts.push({ kind: 'prose', start: from, end: at });
    from = at + hit[0].length;
    parts.push({ kind: 'heading', start: from - hit[1].length, end: from });
  }
  if (from < end) parts.push({ kind: 'prose', start: from, end });
  return parts;
}

/** Splits prose into tables, which are lines between bars, and what stands between them. */
function tables(text, start, end) {
  const parts = [];
  let from = start;
  for (const hit of text.slice(start, end).matchAll(/(?:^[ \t]*\|[^\n]*\|[ \t]*(?:\n|(?![\s\S]))){2,}/gm)) {
    const at = start + hit.index;
    if (at > from) parts.push({ kind: 'prose', start: from, end: at });
    from = at + hit[0].length;
    parts.push({ kind: 'table', start: at, end: from });
  }
  if (from < end) parts.push({ kind: 'prose', start: from, end });
  return parts;
}

/** The rows of a table, each with its cells as [start, end); the line of dashes below the head is left out. */
function rows(text, start, end) {
  const found = [];
  for (const line of text.slice(start, end).matchAll(/[^\n]+/g)) {
    if (/^[\s|:-]*$/.test(line[0])) continue;
    const cells = [...line[0].matchAll(/(?<=\|)[^|]*(?=\|)/g)].map((cell) => {
      const at = start + line.index + cell.index + /^\s*/.exec(cell[0])[0].length;
      return [at, at + cell[0].trim().length];
    });
    if (cells.length) found.push(cells);
  }
  return found;
}

/** Splits the text into headings, tables, prose and fenced code, each with its offsets. */
function blocks(text) {
  const parts = [];
  const fence = /^[ \t]*(```|~~~)[^\n]*\n([\s\S]*?)(?:^[ \t]*\1[ \t]*$|(?![\s\S]))/gm;
  let from = 0;
  for (const hit of text.matchAll(fence)) {
    parts.push(...loose(text, from, hit.index));
    const start = hit.index + hit[0].indexOf('\n') + 1;
    parts.push({ kind: 'code', start, end: start + hit[2].length });
    from = hit.index + hit[0].length;
  }
  parts.push(...loose(text, from, text.length));
  return parts;
}

function loose(text, start, end) {
  return paragraphs(text, start, end).flatMap((part) =>
    part.kind === 'prose' ? tables(text, part.start, part.end) : [part],
  );
}

function trimmed(text, { start, end }) {
  const slice = text.slice(start, end);
  return [start + (/^(?:[ \t]*\n)+/.exec(slice)?.[0].length ?? 0), start + slice.trimEnd().length];
}

function marked(text, start, end, marks) {
  const out = [];
  let at = start;
  for (const [from, to] of marks) {
    const begin = Math.max(from, at);
    const stop = Math.min(to, end);
    if (begin >= stop) continue;
    if (begin > at) out.push(text.slice(at, begin));
    out.push(<mark key={begin}>{text.slice(begin, stop)}</mark>);
    at = stop;
  }
  if (at < end) out.push(text.slice(at, end));
  return out;
}

/** A row is quoted in words ("Limit: 30 s; Region: north"), so it is marked where the quote has all its cells. */
function table(text, start, end, marks, quote) {
  const [head, ...rest] = rows(text, start, end);
  if (!head) return null;
  const quoted = quote.replace(/\s+/g, ' ');
  const whole = (cells) => cells.every(([from, to]) => quoted.includes(text.slice(from, to).replace(/\s+/g, ' ')));
  return (
    <div key={start} className="rt-table" tabIndex={0} role="region" aria-label={words.table}>
      <table>
        <thead>
          <tr>{head.map(([from, to]) => <th key={from} scope="col">{text.slice(from, to)}</th>)}</tr>
        </thead>
        <tbody>
          {rest.map((cells) => (
            <tr key={cells[0][0]} data-quoted={quoted && whole(cells) ? 'yes' : undefined}>
              {cells.map(([from, to]) => <td key={from}>{marked(text, from, to, marks)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function body(text, marks, quote = '') {
  return blocks(text).map((block) => {
    const [start, end] = trimmed(text, block);
    if (start >= end) return null;
    const inside = marked(text, start, end, marks);
    if (block.kind === 'table') return table(text, start, end, marks, quote);
    if (block.kind === 'heading') return <h3 key={start}>{inside}</h3>;
    if (block.kind === 'prose') return <p key={start}>{inside}</p>;
    return (
      <pre key={start} tabIndex={0} aria-label={words.code}>
        <code>{inside}</code>
      </pre>
    );
  });
}

const NEAR = 320;

/** The end of what stands before, or the beginning of what stands after, cut between words. */
function near(text, side) {
  const whole = text.trim();
  if (whole.length <= NEAR) return whole;
  if (side === 'before') return `… ${whole.slice(-NEAR).replace(/^\S*\s+/, '')}`;
  return `${whole.slice(0, NEAR).replace(/\s+\S*$/, '')} …`;
}

/** What stands around the passage in its document: quieter, and only as much of it as leads in and out. */
function around(text, side) {
  const shown = near(text, side);
  if (!shown) return null;
  return (
    <div className="rt-around" data-side={side} aria-label={side === 'before' ? words.before : words.after} role="note">
      {body(shown, [])}
    </div>
  );
}

/** The file itself; a PDF opens at the page of the passage. */
function original({ url, pdf, page, source, newer }) {
  if (!url) return source;
  const at = pdf ? `${url}?inline=true${page ? `#page=${page}` : ''}` : url;
  const Icon = pdf ? ExternalLink : Download;
  return (
    <a className="rt-original" href={at} target={pdf ? '_blank' : undefined} rel="noopener" download={pdf ? undefined : source}>
      {newer ? words.newerOf : ''}
      {source}
      {pdf && page && !newer ? said(words.atPage, { NUMBER: page }) : ''}
      <Icon aria-hidden="true" className="rt-state-icon" />
      <span className="sr-only">{pdf ? words.newTab : words.downloads}</span>
    </a>
  );
}

/** The same, short and in sight above a long passage. */
function opener({ url, pdf, page, there }) {
  if (!url || !pdf || !there) return null;
  return (
    <a className="rt-open" href={`${url}?inline=true${page ? `#page=${page}` : ''}`} target="_blank" rel="noopener">
      {page ? said(words.openPage, { NUMBER: page }) : words.openPdf}
      <ExternalLink aria-hidden="true" className="rt-state-icon" />
    </a>
  );
}

function passage({ number, agent, title, section, page, source, tool = false, score, before, quote, after, text, there = true, newer = false, url = '', pdf = false }) {
  const shown = text || quote;
  const crumbs = [title && title !== source ? title : '', section, page || page === 0 ? said(words.pageTitle, { NUMBER: page }) : ''].filter(Boolean);
  const known = typeof score === 'number' && Number.isFinite(score);
  return (
    <article className="rt rt-passage" data-agent={agent} aria-label={said(words.source, { NUMBER: number, TITLE: title || source })}>
      <nav aria-label={words.where}>
        <ol className="rt-crumbs">
          {(crumbs.length ? crumbs : [source]).map((crumb, index) => (
            <li key={`${index}-${crumb}`}>
              <span>{crumb}</span>
              {index < crumbs.length - 1 ? <ChevronRight aria-hidden="true" className="rt-chevron" /> : null}
            </li>
          ))}
        </ol>
        {opener({ url, pdf, page, there })}
      </nav>
      {there ? null : (
        <p className="rt-gone" role="status">
          <CircleAlert aria-hidden="true" className="rt-state-icon" />
          {newer
            ? words.replacedSince
            : words.removedSince}
        </p>
      )}
      {around(before || '', 'before')}
      <div className="rt-passage-text">{shown ? body(shown, ranges(shown, quote), quote || '') : <p>{words.emptyPassage}</p>}</div>
      {around(after || '', 'after')}
      <dl className="rt-facts">
        {agent ? (
          <div>
            <dt>{words.foundBy}</dt>
            <dd>
              <span aria-hidden="true" className="rt-dot" />
              {agentName(agent)}
            </dd>
          </div>
        ) : null}
        {known ? (
          <div>
            <dt>{words.relevance}</dt>
            <dd>
              <span aria-hidden="true" className="rt-meter">
                <span style={{ width: `${Math.max(0, Math.min(1, score)) * 100}%` }} />
              </span>
              {closeness(score)} ({figure(score, 2)})
            </dd>
          </div>
        ) : null}
        {source ? (
          <div>
            <dt>{tool ? words.tool : words.file}</dt>
            <dd className="rt-file">{original({ url, pdf, page, source, newer })}</dd>
          </div>
        ) : null}
      </dl>
    </article>
  );
}

export default passage(props);
