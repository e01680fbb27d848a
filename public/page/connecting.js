// Chainlit's page may begin to connect twice when it is opened at a conversation, the first time with a session that it has
// given up by then. Each waits for its cookie, and the one that has it last stays. On a busy machine that could be the first,
// and no button and no upload of the page was known to the server. So the cookies come in the order in which they are asked for.
const COOKIE = '/set-session-cookie';
const ask = window.fetch.bind(window);

let before = Promise.resolve();

window.fetch = (resource, options) => {
  const { pathname } = new URL(resource instanceof Request ? resource.url : resource, location.href);
  if (!pathname.endsWith(COOKIE)) return ask(resource, options);
  const answer = before.then(() => ask(resource, options));
  before = answer.catch(() => {});
  return answer;
};
