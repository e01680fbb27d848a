// The panel of a passage by keyboard: who opens it with Enter is in it, and Escape closes it and leads back.

const OPENS = '.element-link, a[href^="#cite-"]';
let opener = null;

/** The same link after the page has drawn its message anew. */
function still(link) {
  if (link.isConnected) return link;
  const label = link.getAttribute('aria-label');
  return [...document.querySelectorAll(OPENS)].find((each) => each.getAttribute('aria-label') === label) ?? null;
}

document.addEventListener(
  'click',
  (event) => {
    const link = event.target instanceof Element ? event.target.closest(OPENS) : null;
    if (!link) return;
    opener = link;
    if (event.detail > 0) return; // A pointer: it knows where it looks.
    const open = () => {
      const passage = document.querySelector('#side-view-content .rt-passage');
      if (!passage) return;
      waiting.disconnect();
      passage.tabIndex = -1;
      passage.focus();
    };
    const waiting = new MutationObserver(open);
    waiting.observe(document.body, { childList: true, subtree: true });
    setTimeout(() => waiting.disconnect(), 5000);
  },
  true
);

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('[role=dialog], [role=menu]')) return;
  const title = document.querySelector('#side-view-title');
  const close = title?.querySelector('button') ?? title?.parentElement?.querySelector('button');
  if (!close) return;
  close.click();
  if (opener) still(opener)?.focus();
});
