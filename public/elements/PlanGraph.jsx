// The picture of a run: the question, one card per step, the answer.
// Exported as an element of plain HTML tags (no components, no hooks): Chainlit evaluates this file anew at each update,
// and only plain tags keep their DOM, so cards change colour in place instead of being rebuilt.
import {
  Ban,
  Check,
  CircleDashed,
  Clock,
  LoaderCircle,
  MessageCircleQuestion,
  RotateCw,
  SearchX,
  TriangleAlert
} from 'lucide-react';

const { words, said, figure } = window.roundtableSays;

const STEP_STATES = {
  waiting: CircleDashed,
  queued: Clock,
  running: LoaderCircle,
  restarted: RotateCw,
  returned: Clock,
  retrying: RotateCw,
  answered: Check,
  nothing_found: SearchX,
  failed: TriangleAlert,
  cancelled: Ban
};

const RUN_STATES = {
  running: { Icon: LoaderCircle, look: 'running' },
  answered: { Icon: Check, look: 'answered' },
  nothing_found: { Icon: SearchX, look: 'nothing_found' },
  failed: { Icon: TriangleAlert, look: 'failed' },
  cancelled: { Icon: Ban, look: 'cancelled' },
  expired: { Icon: Clock, look: 'failed' }
};

const OVER = ['answered', 'nothing_found', 'failed', 'cancelled'];
const ROW = 76; // height of one lane in pixels; a card fills 60 of it
const GAP = 0.24; // width of the space between columns, measured in columns
const MOST_COLUMNS = 4;

const nameOf = (node) => node.label || node.title || node.agent || words.stepName;

function span(seconds) {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return '';
  if (seconds < 0.095) return `${Math.max(1, Math.round(1000 * seconds))} ms`;
  if (seconds < 10) return `${figure(seconds, 1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** The edges to draw: only between known nodes, none that a longer path already says, and no loose ends. */
function linksOf(nodes, edges) {
  const ids = nodes.map((node) => node.id);
  const next = new Map(ids.map((id) => [id, new Set()]));
  for (const { from, to } of edges) {
    if (next.has(from) && next.has(to) && from !== to) next.get(from).add(to);
  }
  const first = ids[0];
  const last = ids[ids.length - 1];
  for (const id of ids.slice(1, -1)) {
    if (![...next.values()].some((targets) => targets.has(id))) next.get(first).add(id);
    if (!next.get(id).size) next.get(id).add(last);
  }
  if (!next.get(first).size && first !== last) next.get(first).add(last);
  const reaches = (from, to, seen = new Set()) =>
    [...next.get(from)].some((id) => {
      if (id === to) return true;
      if (seen.has(id)) return false;
      seen.add(id);
      return reaches(id, to, seen);
    });
  const links = [];
  for (const [from, targets] of next) {
    for (const to of targets) {
      const implied = [...targets].some((other) => other !== to && reaches(other, to));
      if (!implied) links.push({ from, to });
    }
  }
  return links;
}

/** Each node's column: one further than the furthest node it depends on. A cycle cannot hang it: rounds are counted. */
function columnsOf(nodes, links) {
  const column = new Map(nodes.map((node) => [node.id, 0]));
  for (let round = 0; round < nodes.length; round += 1) {
    for (const { from, to } of links) {
      column.set(to, Math.min(nodes.length - 1, Math.max(column.get(to), column.get(from) + 1)));
    }
  }
  const last = nodes[nodes.length - 1].id;
  column.set(last, Math.max(...column.values(), nodes.length > 1 ? 1 : 0));
  return column;
}

/** Lanes per column; an edge that skips a column gets an empty lane there, so it never runs behind a card. */
function lanesOf(nodes, links, column) {
  const lanes = Array.from({ length: Math.max(...column.values()) + 1 }, () => []);
  for (const node of nodes) lanes[column.get(node.id)].push({ id: node.id, into: [] });
  const pieces = [];
  for (const { from, to } of links) {
    let before = from;
    for (let step = column.get(from) + 1; step < column.get(to); step += 1) {
      const id = `${from}>${to}@${step}`;
      lanes[step].push({ id, into: [before], empty: true });
      pieces.push({ from: before, to: id, of: from, until: to });
      before = id;
    }
    pieces.push({ from: before, to, of: from, until: to });
    lanes[column.get(to)].find((lane) => lane.id === to).into.push(before);
  }
  const height = Math.max(...lanes.map((lane) => lane.length)) * ROW;
  const middle = new Map();
  lanes.forEach((lane, index) => {
    const pull = ({ into }) =>
      into.length ? into.reduce((sum, id) => sum + (middle.get(id) ?? height / 2), 0) / into.length : height / 2;
    if (index) lane.sort((a, b) => pull(a) - pull(b));
    lane.forEach((slot, row) => middle.set(slot.id, height / 2 + (row - (lane.length - 1) / 2) * ROW));
  });
  return { lanes, pieces, height, middle };
}

function drawing(nodes, links, column) {
  const { lanes, pieces, height, middle } = lanesOf(nodes, links, column);
  const unit = 100 / (lanes.length + (lanes.length - 1) * GAP);
  const left = (index) => index * unit * (1 + GAP);
  const place = new Map();
  lanes.forEach((lane, index) => {
    for (const slot of lane) place.set(slot.id, { x: left(index), y: middle.get(slot.id), empty: slot.empty });
  });
  return { pieces, place, height, unit };
}

function edgePath(from, to, unit) {
  const start = (from.empty ? from.x : from.x + unit) * 10;
  const end = to.x * 10;
  const bend = (end - start) / 2;
  const lead = from.empty ? `M${start} ${from.y}H${start + unit * 10}` : `M${start} ${from.y}`;
  const begin = from.empty ? start + unit * 10 : start;
  const pull = from.empty ? (end - begin) / 2 : bend;
  return `${lead}C${begin + pull} ${from.y} ${end - pull} ${to.y} ${end} ${to.y}`;
}

function edgeLook(from, to) {
  if (to.state === 'running' || to.state === 'restarted') return 'live';
  return OVER.includes(from.state) && !['waiting', 'cancelled'].includes(to.state) ? 'done' : 'idle';
}

function badge(node, kind) {
  if (kind === 'question') return <MessageCircleQuestion aria-hidden="true" className="rt-node-glyph" />;
  return (
    <>
      {node.number ? (
        <span className="rt-node-number">
          <span className="sr-only">{words.step}</span>
          {node.number}
        </span>
      ) : null}
      <span aria-hidden="true" className="rt-dot" />
    </>
  );
}

function card(node, kind, sources, spot) {
  const Icon = STEP_STATES[node.state] || STEP_STATES.waiting;
  const time = span(node.seconds);
  const state = kind === 'question' ? words.asked : kind === 'answer' && node.state === 'answered' ? words.ready : words.stepStates[node.state];
  const after = kind === 'step' && sources.length ? said(words.worksFrom, { OTHERS: sources.join(words.and) }) : '';
  return (
    <li
      key={node.id}
      className="rt-node"
      data-agent={node.agent}
      data-kind={kind}
      data-state={kind === 'question' ? 'asked' : node.state}
      style={{ '--x': `${spot.x}%`, '--y': `${spot.y}px`, '--w': `${spot.w}%` }}
    >
      <span className="rt-node-head">
        {badge(node, kind)}
        <span className="rt-node-name">{nameOf(node)}</span>
      </span>
      <span className="rt-node-state">
        {kind === 'question' ? null : <Icon aria-hidden="true" className="rt-state-icon" />}
        <span>{state}</span>
        {time ? <span className="rt-time">{time}</span> : null}
      </span>
      {after ? <span className="rt-node-after">{after}</span> : null}
      {node.question ? <span className="rt-node-question">{node.question}</span> : null}
      {node.question ? <span aria-hidden="true" className="rt-node-tip" title={node.question} /> : null}
    </li>
  );
}

function summary(state, steps) {
  const over = steps.filter((step) => OVER.includes(step.state)).length;
  const answered = steps.filter((step) => step.state === 'answered').length;
  const one = steps.length === 1;
  const ALL = steps.length;
  if (state === 'running') return said(one ? words.stepsDoneOne : words.stepsDone, { DONE: over, ALL });
  return said(one ? words.stepsAnsweredOne : words.stepsAnswered, { DONE: answered, ALL });
}

function graph({ state, nodes = [], edges = [] }) {
  if (!nodes.length) return <div className="rt rt-plan rt-empty">{words.planning}</div>;
  const name = RUN_STATES[state] ? state : 'running';
  const run = RUN_STATES[name];
  const runWords = words.runStates[name];
  const steps = nodes.slice(1, -1);
  const links = linksOf(nodes, edges);
  const column = columnsOf(nodes, links);
  const { pieces, place, height, unit } = drawing(nodes, links, column);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const kindOf = (index) => (index === 0 ? 'question' : index === nodes.length - 1 ? 'answer' : 'step');
  const namesInto = (id) =>
    links.filter((link) => link.to === id && link.from !== nodes[0].id).map((link) => nameOf(byId.get(link.from)));
  const inOrder = [...nodes].sort((a, b) => column.get(a.id) - column.get(b.id));
  const counted = summary(state, steps);
  const columns = Math.max(...column.values()) + 1;
  return (
    <div role="group" className="rt rt-plan" data-state={run.look} aria-label={words.planOfRun}>
      <header className="rt-bar">
        <span className="rt-pill" data-state={run.look}>
          <run.Icon aria-hidden="true" className="rt-state-icon" />
          {runWords}
        </span>
        <span className="rt-note">{counted}</span>
      </header>
      <div
        className={`rt-graph${columns > MOST_COLUMNS ? ' rt-graph-tall' : ''}`}
        data-columns={columns}
        style={{ '--height': `${height}px` }}
      >
        <svg aria-hidden="true" className="rt-edges" viewBox={`0 0 1000 ${height}`} preserveAspectRatio="none">
          {pieces.map(({ from, to, of, until }) => (
            <path
              key={`${from}-${to}`}
              d={edgePath(place.get(from), place.get(to), unit)}
              data-look={edgeLook(byId.get(of), byId.get(until))}
              data-agent={byId.get(until).agent}
            />
          ))}
        </svg>
        <ol aria-label={said(words.stepsAre, { STATE: runWords.toLowerCase(), COUNTED: counted })} className="rt-nodes">
          {inOrder.map((node) =>
            card(node, kindOf(nodes.indexOf(node)), namesInto(node.id), { ...place.get(node.id), w: unit })
          )}
        </ol>
      </div>
    </div>
  );
}

export default graph(props);
