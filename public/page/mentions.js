// Completes the name of an agent after an @ in the composer, for which Chainlit has nothing. The list is a listbox that
// the composer owns: the caret stays in the text, the arrows choose, Enter and Tab take, Escape closes.

import { words } from './words.js';

const AGENTS = new URL('../../api/agents', import.meta.url);
const LIST = 'rt-mentions';
const BEGUN = /(?:^|[\s([])@([\w-]*)$/;

let agents = null;
let open = null; // { composer, list, found, chosen, length } while the list is shown
let dismissed = null; // what was typed when Escape closed it: it stays closed for that

async function known() {
  if (agents === null) {
    try {
      const response = await fetch(AGENTS, { credentials: 'same-origin' });
      if (response.ok) agents = await response.json();
    } catch {
      // The server is away; the next letter asks again.
    }
  }
  return agents ?? [];
}

/** What stands between the last @ and the caret; null where the caret is not behind one. */
function typed() {
  const composer = document.activeElement;
  if (composer?.id !== 'chat-input' || composer.selectionStart !== composer.selectionEnd) return null;
  const match = BEGUN.exec(composer.value.slice(0, composer.selectionStart));
  return match ? { composer, name: match[1].toLowerCase() } : null;
}

const matching = (name) =>
  (agents ?? [])
    .filter((agent) => agent.name.startsWith(name) || agent.title.toLowerCase().startsWith(name))
    .filter((agent, _, found) => !(found.length === 1 && agent.name === name));

function close() {
  if (!open) return;
  open.list.remove();
  for (const name of ['aria-expanded', 'aria-controls', 'aria-activedescendant', 'aria-autocomplete']) {
    open.composer.removeAttribute(name);
  }
  open = null;
}

function option(agent, index) {
  const item = document.createElement('li');
  item.id = `${LIST}-${index}`;
  item.setAttribute('role', 'option');
  item.dataset.agent = agent.name;
  const name = document.createElement('span');
  name.className = 'rt-mention-name';
  const dot = document.createElement('span');
  dot.className = 'rt-dot';
  dot.setAttribute('aria-hidden', 'true');
  name.append(dot, `@${agent.name}`);
  const about = document.createElement('span');
  about.className = 'rt-mention-about';
  about.textContent = agent.description;
  item.append(name, about);
  // Before the click, so that the caret stays where it is.
  item.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    take(index);
  });
  return item;
}

function choose(index) {
  open.chosen = (index + open.found.length) % open.found.length;
  [...open.list.children].forEach((item, at) => item.setAttribute('aria-selected', String(at === open.chosen)));
  open.composer.setAttribute('aria-activedescendant', `${LIST}-${open.chosen}`);
  open.list.children[open.chosen].scrollIntoView({ block: 'nearest' });
}

function place() {
  const around = (open.composer.closest('#message-composer') ?? open.composer).getBoundingClientRect();
  Object.assign(open.list.style, {
    left: `${around.left}px`,
    width: `${around.width}px`,
    bottom: `${innerHeight - around.top + 6}px`,
    maxHeight: `${Math.max(120, around.top - 16)}px`
  });
}

function show({ composer, name }) {
  const found = matching(name);
  close();
  if (!found.length) return;
  const list = document.createElement('ul');
  list.id = LIST;
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', words.agents);
  list.append(...found.map(option));
  document.body.append(list);
  open = { composer, list, found, chosen: 0, length: name.length };
  composer.setAttribute('aria-autocomplete', 'list');
  composer.setAttribute('aria-controls', LIST);
  composer.setAttribute('aria-expanded', 'true');
  place();
  choose(0);
}

/** Puts the whole name in the place of what was typed of it. */
function take(index) {
  const { composer, found, length } = open;
  close();
  composer.setSelectionRange(composer.selectionStart - length, composer.selectionStart);
  // Not by setting the value: the page, and undo, must hear of it.
  document.execCommand('insertText', false, `${found[index].name} `);
}

async function look() {
  const now = typed();
  if (!now) {
    dismissed = null;
    return close();
  }
  await known();
  const still = typed();
  if (!still || still.name === dismissed) return close();
  dismissed = null;
  show(still);
}

document.addEventListener('input', (event) => {
  if (event.target instanceof Element && event.target.id === 'chat-input') look();
});

document.addEventListener(
  'keydown',
  (event) => {
    if (!open || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'ArrowDown') choose(open.chosen + 1);
    else if (event.key === 'ArrowUp') choose(open.chosen - 1);
    else if ((event.key === 'Enter' && !event.shiftKey) || event.key === 'Tab') take(open.chosen);
    else if (event.key === 'Escape') {
      dismissed = typed()?.name ?? null;
      close();
    } else return;
    // Enter would send the message, and Tab leave the composer.
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true
);

document.addEventListener('focusout', (event) => {
  if (open && event.target === open.composer) close();
});
document.addEventListener('selectionchange', () => {
  if (open && !typed()) close();
});
addEventListener('resize', () => open && place());
