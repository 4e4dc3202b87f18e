// The live page: figures once a second, in the viewer's language.

import { findElement, setText } from "./elements.js";
import { formatCount } from "./format.js";
import { initializeDetails, openAddress, showAddressedDetails } from "./details.js";
import { drawFigures, drawHeadings, drawSubmissions, initializePanels, loadMeanings } from "./panels.js";
import { fetchJson, followFigures, readKey, storeKey } from "./stream.js";
import { applyLanguage, getLanguage, selectLanguage, translate } from "./words.js";

const SUMMARY_MS = 30000;
const SUBMISSIONS_MS = 2000;
let lastFigures = null;
let lastSummaryAt = 0;
let lastListAt = 0;
let resumeStream = () => {};

function showState(state) {
  findElement("state").dataset.state = state;
  setText(findElement("state"), translate(`state.${state}`));
  document.body.classList.toggle("stale", state !== "live");
}

function showFigures(figures) {
  lastFigures = figures;
  showState(figures.state === "ready" ? "live" : figures.state);
  drawFigures(figures);
  if (Date.now() - lastSummaryAt > SUMMARY_MS) announceSummary(figures);
  if (Date.now() - lastListAt > SUBMISSIONS_MS) listSubmissions();
}

/** Announce the main figures to screen readers twice a minute; every second would be noise. */
function announceSummary(figures) {
  lastSummaryAt = Date.now();
  const { lines_a_second: rate, outcomes } = figures.throughput;
  setText(findElement("summary"), translate("summary", formatCount(rate), formatCount(figures.queue.files), formatCount(outcomes.accepted.lines), formatCount(outcomes.refused.lines)));
}

/** List the submissions that the key may see. */
async function listSubmissions() {
  lastListAt = Date.now();
  if (!readKey()) return drawSubmissions([]);
  const { status, body } = await fetchJson("/v1/submissions?limit=12", getLanguage());
  return drawSubmissions(status === 200 ? body.submissions : []);
}

function askForKey(isRefused) {
  setText(findElement("door-refused"), isRefused ? translate("keyRefused") : "");
  findElement("token").value = "";
  findElement("door").showModal();
}

function applyKeyDialog() {
  const { returnValue } = findElement("door");
  if (returnValue === "use") storeKey(findElement("token").value.trim());
  if (returnValue === "forget") storeKey("");
  findElement("token").value = "";
  lastListAt = 0;
  resumeStream();
}

function handleLocked() {
  showState("locked");
  const isRefused = readKey() !== "";
  storeKey("");
  askForKey(isRefused);
}

/** Open what was searched for: "batch 7" or "lot 7", the number of a submission, or the reference of an act. */
function search(event) {
  event.preventDefault();
  const text = findElement("sought").value.trim();
  const batch = text.match(/^(?:batch|lot)\s*(\d{1,9})$/i);
  const submission = text.match(/^(?:submission|dépôt|depot)?\s*(\d{1,9})$/i);
  if (batch) openAddress(`batch/${batch[1]}`);
  else if (submission) openAddress(`submission/${submission[1]}`);
  else if (text) openAddress(`act/${encodeURIComponent(text)}`);
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    selectLanguage(button.dataset.language);
    drawHeadings();
    if (lastFigures) showFigures(lastFigures);
    else showState(findElement("state").dataset.state);
    if (findElement("details").open) showAddressedDetails();
  });
}
findElement("search").addEventListener("submit", search);
findElement("lock").addEventListener("click", () => askForKey(false));
findElement("door").addEventListener("close", applyKeyDialog);

initializePanels();
initializeDetails();
applyLanguage();
showState("waiting");
await loadMeanings();
showAddressedDetails();
followFigures(
  { onFigures: showFigures, onLost: () => showState("lost"), onLocked: handleLocked },
  () => new Promise((resolve) => { resumeStream = resolve; }),
);
