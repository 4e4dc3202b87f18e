// Requests to the service: the stream of live figures, and single queries.  The key is stored for this tab only.

const KEY = "crescendo.key";
const SILENCE_MS = 15000;
const RETRY_MS = 1000;
const RETRY_MAX_MS = 10000;

export function readKey() {
  return sessionStorage.getItem(KEY) ?? "";
}

export function storeKey(token) {
  if (token) sessionStorage.setItem(KEY, token);
  else sessionStorage.removeItem(KEY);
}

function buildHeaders(headers = {}) {
  return readKey() ? { authorization: `Bearer ${readKey()}`, ...headers } : headers;
}

/** Send a query; return {status, body}, with status 0 if the service does not answer. */
export async function fetchJson(path, language) {
  try {
    const response = await fetch(path, { headers: buildHeaders({ "accept-language": language, accept: "application/json" }) });
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: 0, body: null };
  }
}

/** Follow the figures for as long as the page is open.  `waitForKey` returns a promise that resolves when the key dialog closes. */
export async function followFigures({ onFigures, onLost, onLocked }, waitForKey) {
  let pause = RETRY_MS;
  for (;;) {
    const end = await readStream((figures) => {
      pause = RETRY_MS;
      onFigures(figures);
    });
    if (end === "locked") {
      onLocked();
      await waitForKey();
    } else if (end === "lost") {
      onLost();
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, RETRY_MAX_MS);
    }
  }
}

/** Read one stream to its end; return "ended" if the service closed it, "locked" if the key is missing or refused, else "lost". */
async function readStream(onFigures) {
  const silence = new AbortController();
  let timer;
  const restartTimer = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  try {
    restartTimer();
    const response = await fetch("/v1/live", { headers: buildHeaders(), cache: "no-store", signal: silence.signal });
    if (response.status === 401 || response.status === 403) return "locked";
    if (!response.ok) return "lost";
    let count = 0;
    for await (const event of readEvents(response.body)) {
      restartTimer();
      onFigures(JSON.parse(event));
      count += 1;
    }
    return count ? "ended" : "lost";
  } catch {
    return "lost";
  } finally {
    clearTimeout(timer);
  }
}

/** Yield the data of each server-sent event. */
async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const data = event.split("\n").find((line) => line.startsWith("data: "));
      if (data) yield data.slice(6);
    }
  }
}
