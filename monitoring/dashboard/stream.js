// The service's figures as they come, and whatever else is asked of it; the key stays in this tab.

const KEY = "crescendo.key";
const SILENCE_MS = 15000;
const PAUSE_MS = 1000;
const PAUSE_MOST_MS = 10000;

export function key() {
  return sessionStorage.getItem(KEY) ?? "";
}

export function keep(token) {
  if (token) sessionStorage.setItem(KEY, token);
  else sessionStorage.removeItem(KEY);
}

function headers(more = {}) {
  return key() ? { authorization: `Bearer ${key()}`, ...more } : more;
}

/** Ask for something; {status, body}, with status 0 where nobody answers. */
export async function ask(path, language) {
  try {
    const found = await fetch(path, { headers: headers({ "accept-language": language, accept: "application/json" }) });
    return { status: found.status, body: await found.json() };
  } catch {
    return { status: 0, body: null };
  }
}

/** Follow the figures for as long as the page is open: `told` is {figures, lost, locked}; `opened` resolves when a key is given. */
export async function follow(told, opened) {
  let pause = PAUSE_MS;
  for (;;) {
    const ended = await read((found) => {
      pause = PAUSE_MS;
      told.figures(found);
    });
    if (ended === "locked") {
      told.locked();
      await opened();
    } else if (ended === "lost") {
      told.lost();
      await new Promise((resume) => setTimeout(resume, pause));
      pause = Math.min(pause * 2, PAUSE_MOST_MS);
    }
  }
}

/** Read one stream to its end: "ended" in good order, "locked" without a key that opens, else "lost". */
async function read(told) {
  const silence = new AbortController();
  let timer;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  try {
    wait();
    const answer = await fetch("/v1/live", { headers: headers(), cache: "no-store", signal: silence.signal });
    if (answer.status === 401 || answer.status === 403) return "locked";
    if (!answer.ok) return "lost";
    let count = 0;
    for await (const event of events(answer.body)) {
      wait();
      told(JSON.parse(event));
      count += 1;
    }
    return count ? "ended" : "lost";
  } catch {
    return "lost";
  } finally {
    clearTimeout(timer);
  }
}

/** The data of each event. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let kept = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (kept + value).split("\n\n");
    kept = parts.pop();
    for (const part of parts) {
      const line = part.split("\n").find((each) => each.startsWith("data: "));
      if (line) yield line.slice(6);
    }
  }
}
