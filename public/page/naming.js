// Names for Chainlit's buttons that are only a picture: it explains them to a pointer, and says nothing to a screen
// reader. The menu of a conversation cannot be reached by keyboard at all without this.
import { words } from './words.js';

const NAMES = {
  '#sidebar-trigger-button': 'sidebar',
  '#search-chats-button': 'search',
  '#new-chat-button': 'fresh',
  '#chat-profiles': 'profile',
  '#upload-button': 'attach',
  '#chat-settings-open-modal': 'settings',
  '#chat-submit': 'ask',
  '#stop-button': 'stop',
  '#command-button': 'commands',
  '#command-help': 'help',
  '#command-knowledge': 'knowledge',
  '.step button:has(> svg.lucide-copy)': 'copy',
  '[class*="positive-feedback"]': 'good',
  '[class*="negative-feedback"]': 'bad',
  '.step button:has(> svg.lucide-message-circle)': 'comment',
  'button:has(> svg.lucide-arrow-down):not([aria-label], [id])': 'down',
  'button:has(+ #side-view-title), #side-view-title button': 'close',
  '#thread-options': 'options',
  '[role=separator][data-panel-resize-handle-id]': 'width'
};

function name() {
  waiting = false;
  named = performance.now();
  for (const [selector, text] of Object.entries(NAMES)) {
    for (const found of document.querySelectorAll(selector)) {
      if (!found.hasAttribute('aria-label')) found.setAttribute('aria-label', words.buttons[text]);
    }
  }
  for (const found of document.querySelectorAll('#upload-button[role=presentation]')) found.setAttribute('role', 'button');
  for (const found of document.querySelectorAll('div#thread-options:not([role])')) {
    found.setAttribute('role', 'button');
    found.tabIndex = 0;
  }
}

// At once, but not with every word that streams in.
const PAUSE = 150;
let waiting = false;
let named = 0;
new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  setTimeout(name, Math.max(0, named + PAUSE - performance.now()));
}).observe(document.body, { childList: true, subtree: true });
