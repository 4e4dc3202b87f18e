// The board of the closing of a year: one row for each step.  The key is stored for this tab only, as by the live page.

const KEY = "crescendo.key";
const REFRESH_MS = 5000;
const FRENCH_STATES = {
  "not built": "non construite", "not begun": "non commencée", "at work": "en cours", interrupted: "interrompue", refused: "refusée",
  provisional: "provisoire", proven: "prouvée", withdrawn: "preuve retirée",
};
const counts = new Intl.NumberFormat("fr-FR");
const euros = new Intl.NumberFormat("fr-FR", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
let refresh = 0;

/** Return an element with a text; French where `language` says so. */
function create(name, text, { className = "", language = "" } = {}) {
  const element = document.createElement(name);
  element.textContent = text;
  if (className) element.className = className;
  if (language) element.lang = language;
  return element;
}

/** Format cents from their digits: a sum of a State has more than a number with decimals keeps. */
function formatEuros(cents) {
  const digits = String(Math.abs(cents)).padStart(3, "0");
  return euros.format(`${cents < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`);
}

function describeExecution(last) {
  if (!last) return "";
  const began = new Date(last.started);
  const seconds = last.ended ? ` · ${((new Date(last.ended) - began) / 1000).toFixed(1)} s` : "";
  return `${last.by || "–"}${last.proof ? ` (${last.proof})` : ""} · ${began.toLocaleString("fr-FR")}${seconds} · n° ${last.attempt}`;
}

function describeProof(last) {
  if (!last || !last.ended) return "";
  const file = last.submission ? ` · submission ${last.submission}` : "";
  const seal = last.seal ? ` · seal ${last.seal.slice(0, 12)}` : "";
  return `batch ${last.batch} · ${last.chain.slice(0, 12)}${file}${seal}`;
}

/** List what a step still needs: the steps before it, a second person, and what blocked its last execution. */
function listNeeds(step) {
  const needs = step.waits_for.length ? [`après · after ${step.waits_for.join(", ")}`] : [];
  if (step.persons === 2 && step.state !== "proven") {
    const who = step.preparation && !step.preparation.is_used ? `préparée par · prepared by ${step.preparation.by}` : "deux personnes · two persons";
    needs.push(who);
  }
  const findings = step.last ? step.last.findings.filter((finding) => finding.blocks) : [];
  return [...needs, ...findings.map((row) => [row.subject, row.lines ? `${counts.format(row.lines)} · ${formatEuros(row.cents)} €` : "", row.detail].filter(Boolean).join(" – "))];
}

function buildRow(step) {
  const row = document.createElement("tr");
  const what = document.createElement("td");
  what.append(create("span", step.french, { language: "fr" }), document.createElement("br"), create("span", step.summary, { className: "quiet" }));
  const state = create("td", `${FRENCH_STATES[step.state] ?? step.state} · ${step.state}`);
  state.dataset.state = step.state;
  const needs = document.createElement("td");
  for (const text of listNeeds(step)) needs.append(create("div", text));
  const name = create("th", step.step);
  name.scope = "row";
  row.append(
    name, what, state,
    create("td", step.last ? counts.format(step.lines) : "", { className: "amount" }),
    create("td", step.last ? formatEuros(step.cents) : "", { className: "amount" }),
    create("td", describeExecution(step.last)), create("td", describeProof(step.last)), needs,
  );
  return row;
}

function showBoard(board) {
  const rows = [];
  let phase = "";
  for (const step of board.steps) {
    if (step.phase !== phase) {
      phase = step.phase;
      const head = create("th", `${step.phase_fr} · ${phase}`);
      head.colSpan = 8;
      head.scope = "rowgroup";
      const row = document.createElement("tr");
      row.append(head);
      rows.push(row);
    }
    rows.push(buildRow(step));
  }
  document.getElementById("steps").replaceChildren(...rows);
  document.getElementById("caption").textContent = `${board.year}`;
  document.getElementById("board").hidden = false;
}

/** Load the board of a year, and again every few seconds. */
async function load(year) {
  clearTimeout(refresh);
  const key = sessionStorage.getItem(KEY) ?? "";
  const message = document.getElementById("message");
  try {
    const response = await fetch(`/v1/closing/${year}`, { headers: key ? { authorization: `Bearer ${key}`, accept: "application/json" } : {} });
    const body = await response.json();
    message.textContent = response.ok ? "" : (body.detail ?? `${response.status}`);
    if (response.ok) showBoard(body);
    else document.getElementById("board").hidden = true;
    if (!response.ok && response.status < 500) return;
  } catch {
    message.textContent = "Le service ne répond pas. · The service does not answer.";
  }
  refresh = setTimeout(() => load(year), REFRESH_MS);
}

document.getElementById("choice").addEventListener("submit", (event) => {
  event.preventDefault();
  const key = document.getElementById("key").value.trim();
  if (key) sessionStorage.setItem(KEY, key);
  document.getElementById("key").value = "";
  load(document.getElementById("year").value);
});
