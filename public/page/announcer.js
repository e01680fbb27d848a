// Says a sentence to screen readers, without showing it: an answer is ready, or there is none. Its words come from the
// server (chat/announcing.py). The region is there before anything is said, or a reader would not notice it.

const region = document.createElement('p');
region.id = 'rt-announcer';
region.className = 'sr-only';
region.setAttribute('role', 'status');
document.body.append(region);

addEventListener('message', ({ data, source, origin }) => {
  if (source !== window || origin !== location.origin || data?.roundtable !== 'announce') return;
  // The same sentence again is news as well.
  region.replaceChildren(document.createTextNode(String(data.sentence)));
});
