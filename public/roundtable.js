// Seven small things the page itself does not do: follow the system's theme at first, keep a citation from opening a
// second tab, set the address of a conversation on a phone, take files that are dropped beside the conversation, say which
// files a restarted server does not know any more, tell when the knowledge is being read or Redis is away, and go to the
// login page when somebody is not let in any more. Larger ones are modules in page/.
import { said, words } from './page/words.js';
import './page/announcer.js';
import './page/connecting.js';
import './page/mentions.js';
import './page/naming.js';
import './page/panel.js';

(() => {
  'use strict';

  const STATUS = new URL('../api/status', import.meta.url);
  const LOGIN = new URL('../login', import.meta.url);
  const POLL = 1000;
  const POLL_WHEN_READY = 2000;
  const POLL_WHEN_STUCK = 5000;

  // Chainlit can only be configured to start light or dark; a choice made in the menu is kept.
  try {
    if (!localStorage.getItem('vite-ui-theme')) localStorage.setItem('vite-ui-theme', 'system');
  } catch {
    // A browser that refuses storage starts with the configured theme.
  }

  // Chainlit renders every link with target=_blank. A citation whose sources are not on the page (yet) does nothing, nor
  // does the mark of a claim that no source carries.
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element && event.target.closest('a:is([href^="#cite-"], [href^="#mark-"])');
    if (link) event.preventDefault();
  });

  // The address of a conversation, where Chainlit does not set it: without its sidebar, on a phone.
  window.addEventListener('message', (event) => {
    const told = event.data;
    if (event.source !== window || event.origin !== location.origin || told?.roundtable !== 'thread') return;
    if (location.pathname === '/' && /^[\w-]+$/.test(told.id)) history.replaceState(history.state, '', `/thread/${told.id}`);
  });

  // Chainlit takes files that are dropped onto the conversation; those beside it, on the sidebar and the header, go there
  // too. While files are over the page, the field in which they will be shows it (roundtable.css).
  const dropping = (on) => {
    if (on) document.body.dataset.dropping = 'yes';
    else delete document.body.dataset.dropping;
  };
  document.addEventListener('dragover', (event) => dropping(Boolean(event.dataTransfer?.types.includes('Files'))));
  document.addEventListener('dragleave', (event) => event.relatedTarget || dropping(false));
  document.addEventListener('drop', (event) => {
    dropping(false);
    const field = document.querySelector('#chat-input');
    const taken = field?.closest('[tabindex="0"]');
    if (!taken || taken.contains(event.target) || !event.dataTransfer?.files.length) return;
    field.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: event.dataTransfer }));
  }, true);

  const element = (tag, className) => {
    const made = document.createElement(tag);
    made.className = className;
    return made;
  };

  // With each connection the server says which deliveries of this conversation it knows. One that is at work on the page
  // and not among them ended with the server that was here before.
  window.addEventListener('message', (event) => {
    const told = event.data;
    if (event.source !== window || event.origin !== location.origin || told?.roundtable !== 'deliveries') return;
    for (const card of document.querySelectorAll('.rt-delivery:has(.rt-stop, .rt-choices):not([data-gone])')) {
      if (told.known.includes(card.dataset.delivery)) continue;
      card.dataset.gone = 'yes';
      const note = element('p', 'rt-note');
      note.setAttribute('role', 'status');
      note.textContent = words.lost;
      card.append(note);
    }
  });

  let banner = null;

  const build = () => {
    const root = element('div', 'rt-banner');
    const line = element('span', 'rt-banner-words');
    const track = element('div', 'rt-banner-track');
    track.setAttribute('role', 'progressbar');
    track.setAttribute('aria-valuemin', '0');
    track.setAttribute('aria-label', words.readingDemo);
    const fill = element('div', 'rt-banner-fill');
    track.append(fill);
    root.append(line, track);
    document.body.append(root);
    return { root, line, track, fill };
  };

  const remove = () => {
    if (banner) banner.root.remove();
    banner = null;
  };

  const sentence = ({ state, done, total, detail }) => {
    if (state === 'away') return words.away;
    if (state === 'halted') return said(words.halted, { WHY: detail });
    if (state === 'failed') return detail ? said(words.demoFailedWhy, { WHY: detail }) : words.demoFailed;
    if (state === 'indexing' && total > 0) return said(words.readingDemoOf, { DONE: done, TOTAL: total });
    return words.gettingReady;
  };

  const show = (knowledge) => {
    banner ??= build();
    const { root, line, track, fill } = banner;
    const counted = knowledge.state === 'indexing' && knowledge.total > 0;
    root.dataset.state = counted ? 'indexing' : knowledge.state;
    track.hidden = ['failed', 'away', 'halted'].includes(knowledge.state);
    if (track.hidden) line.setAttribute('role', knowledge.state === 'failed' ? 'alert' : 'status');
    else line.removeAttribute('role');
    const text = sentence(knowledge);
    if (line.textContent !== text) line.textContent = text;
    if (counted) {
      track.setAttribute('aria-valuemax', String(knowledge.total));
      track.setAttribute('aria-valuenow', String(knowledge.done));
      track.setAttribute('aria-valuetext', text);
    } else {
      track.removeAttribute('aria-valuenow');
      track.setAttribute('aria-valuetext', text);
    }
    fill.style.width = counted ? `${Math.min(100, (100 * knowledge.done) / knowledge.total)}%` : '';
  };

  let letIn = false;

  const poll = async () => {
    let wait = POLL_WHEN_STUCK;
    // Nobody is signed in there, and strangers are told nothing.
    if (location.pathname === LOGIN.pathname) {
      letIn = false;
      remove();
      return setTimeout(poll, POLL);
    }
    try {
      const response = await fetch(STATUS, { cache: 'no-store', credentials: 'same-origin' });
      if (response.status === 404) return remove();
      // Their session ended while they were here; the connection is gone, and the page would just stand there.
      if (response.status === 401 && letIn) return location.assign(LOGIN);
      if (response.ok) {
        letIn = true;
        const { knowledge, redis, halted } = await response.json();
        if (knowledge && knowledge.state !== 'ready') {
          show(knowledge);
          if (knowledge.state !== 'failed') wait = POLL;
        } else {
          if (redis === 'down') show({ state: 'away' });
          else if (halted) show({ state: 'halted', detail: halted });
          else remove();
          wait = POLL_WHEN_READY;
        }
      }
    } catch {
      // The server is away; Chainlit says so in its own words.
    }
    setTimeout(poll, wait);
  };

  poll();
})();
