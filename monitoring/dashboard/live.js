// The live page: figures once a second, in the language of whoever looks.

import { find, write } from "./elements.js";
import { count } from "./format.js";
import { open, prepare as prepareDetails, show } from "./details.js";
import { draw, drawSubmissions, head, learn, prepare } from "./panels.js";
import { ask, follow, keep, key } from "./stream.js";
import { choose, language, say, translate } from "./words.js";

const SPOKEN_MS = 30000;
const LISTED_MS = 2000;
let last = null;
let spoken = 0;
let listed = 0;
let letIn = () => {};

function tell(state) {
  find("state").dataset.state = state;
  write(find("state"), say(`state.${state}`));
  document.body.classList.toggle("stale", state !== "live");
}

function arrived(figures) {
  last = figures;
  tell(figures.state === "ready" ? "live" : "loading");
  draw(figures);
  if (Date.now() - spoken > SPOKEN_MS) speak(figures);
  if (Date.now() - listed > LISTED_MS) list();
}

/** A sentence now and then for those who hear the page: every second would be noise. */
function speak(figures) {
  spoken = Date.now();
  const { lines_a_second: rate, outcomes } = figures.throughput;
  write(find("summary"), say("said", count(rate), count(figures.queue.files), count(outcomes.accepted.lines), count(outcomes.refused.lines)));
}

/** The submissions that the key may see. */
async function list() {
  listed = Date.now();
  if (!key()) return drawSubmissions([]);
  const { status, body } = await ask("/v1/submissions?limit=12", language());
  return drawSubmissions(status === 200 ? body.submissions : []);
}

function askForKey(refused) {
  write(find("door-refused"), refused ? say("keyRefused") : "");
  find("token").value = "";
  find("door").showModal();
}

function useKey() {
  const { returnValue } = find("door");
  if (returnValue === "use") keep(find("token").value.trim());
  if (returnValue === "forget") keep("");
  find("token").value = "";
  listed = 0;
  letIn();
}

function locked() {
  tell("locked");
  const refused = key() !== "";
  keep("");
  askForKey(refused);
}

/** What was typed: "batch 7" or "lot 7", a submission's number, or the reference of an act. */
function search(event) {
  event.preventDefault();
  const text = find("sought").value.trim();
  const batch = text.match(/^(?:batch|lot)\s*(\d{1,9})$/i);
  const submission = text.match(/^(?:submission|dépôt|depot)?\s*(\d{1,9})$/i);
  if (batch) show(`batch/${batch[1]}`);
  else if (submission) show(`submission/${submission[1]}`);
  else if (text) show(`act/${encodeURIComponent(text)}`);
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    choose(button.dataset.language);
    head();
    if (last) arrived(last);
    else tell(find("state").dataset.state);
    if (find("details").open) open();
  });
}
find("search").addEventListener("submit", search);
find("lock").addEventListener("click", () => askForKey(false));
find("door").addEventListener("close", useKey);

prepare();
prepareDetails();
translate();
tell("waiting");
await learn();
open();
follow({ figures: arrived, lost: () => tell("lost"), locked }, () => new Promise((resume) => { letIn = resume; }));
