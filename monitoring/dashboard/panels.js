// The panels of the page: they draw the figures.

import { createBar, createElement, findElement, setBarShare, setText, Table } from "./elements.js";
import { formatCount, formatDuration, formatEuros, formatFigure, formatPercent, formatTime } from "./format.js";
import { openAddress } from "./details.js";
import { getLanguage, translate } from "./words.js";

const TREND_SECONDS = 120;
const reasons = {};
const programmes = {};
let submissions = [];
let pauses = new Map();

/** Load the meanings of codes; they do not change while the service runs. */
export async function loadMeanings() {
  const meanings = await Promise.all(["reasons", "programmes"].map(async (name) => (await fetch(`/live/${name}.json`)).json()));
  Object.assign(reasons, meanings[0]);
  Object.assign(programmes, meanings[1]);
}

/** Return what a refusal's code means, in the current language. */
function findFinding(code) {
  return reasons[code]?.[getLanguage()]?.[0] ?? "";
}

function renderOpenButton(element, text, label, address) {
  const button = element ?? createElement("button", { type: "button", class: "open" });
  setText(button, text);
  button.setAttribute("aria-label", label);
  button.onclick = () => openAddress(address);
  return button;
}

function renderCode(element, code, meaning) {
  const cell = element ?? createElement("span", {}, createElement("code", {}), createElement("small", {}));
  setText(cell.firstChild, code);
  setText(cell.lastChild, meaning);
  return cell;
}

/** Show a sender, and why it is paused if it is. */
function renderSender(element, sender) {
  const cell = element ?? createElement("span", {}, createElement("span", {}), createElement("small", { class: "pause" }));
  setText(cell.firstChild, sender);
  setText(cell.lastChild, pauses.has(sender) ? translate("senderPaused", pauses.get(sender)) : "");
  return cell;
}

const computeShare = ({ available, opened }) => (opened ? available / opened : 0);

function renderShare(element, share) {
  const cell = element ?? createElement("span", { class: "measure" }, createBar(), createElement("span", {}));
  setBarShare(cell.firstChild, share);
  setText(cell.lastChild, formatPercent(share));
  return cell;
}

const number = (name, cell) => ({ name, kind: "number", cell });
const TABLES = {
  flows: [
    { name: "sender", cell: (flow, element) => renderSender(element, flow.sender) },
    number("received", (flow) => formatCount(flow.received)),
    number("inTreatment", (flow) => formatCount(flow.in_treatment)),
    number("integrated", (flow) => formatCount(flow.integrated)),
    number("partly", (flow) => formatCount(flow.partly_integrated)),
    number("refusedFiles", (flow) => formatCount(flow.refused)),
    number("acceptedLines", (flow) => formatCount(flow.outcomes.accepted.lines)),
    number("refusedLines", (flow) => formatCount(flow.outcomes.refused.lines)),
  ],
  refusals: [
    { name: "reason", kind: "reason", cell: (refusal, element) => renderCode(element, refusal.reason, findFinding(refusal.reason)) },
    number("lines", (refusal) => formatCount(refusal.lines)),
    { name: "share", kind: "share", cell: (refusal, element) => renderShare(element, refusal.share) },
  ],
  programmes: [
    { name: "programme", kind: "reason", cell: (row, element) => renderCode(element, row.programme, programmes[row.programme] ?? "") },
    number("year", (row) => row.year),
    number("aeOpened", (row) => formatEuros(row.ae.opened)),
    number("aeLeft", (row) => formatEuros(row.ae.available)),
    { name: "aeShare", kind: "share", cell: (row, element) => renderShare(element, computeShare(row.ae)) },
    number("cpOpened", (row) => formatEuros(row.cp.opened)),
    number("cpLeft", (row) => formatEuros(row.cp.available)),
    { name: "cpShare", kind: "share", cell: (row, element) => renderShare(element, computeShare(row.cp)) },
  ],
  batches: [
    number("batch", (batch) => formatCount(batch.batch)),
    number("at", (batch) => formatTime(batch.committed_at)),
    number("entries", (batch) => formatCount(batch.entries)),
    number("duplicates", (batch) => formatCount(batch.duplicates)),
    number("refusedShort", (batch) => formatCount(batch.refusals)),
    number("amount", (batch) => formatEuros(batch.cents)),
    { name: "chain", kind: "hash", cell: (batch) => batch.chain.slice(0, 12) },
    { name: "proof", cell: (batch, element) => renderOpenButton(element, translate("verify"), translate("verifyBatch", batch.batch), `batch/${batch.batch}`) },
  ],
  submissions: [
    number("submission", ({ submission }, element) => renderOpenButton(element, formatCount(submission), translate("openSubmission", submission), `submission/${submission}`)),
    { name: "file", kind: "file", cell: (ticket) => ticket.receipt.file },
    { name: "sender", cell: (ticket) => ticket.receipt.sender },
    { name: "state", cell: (ticket) => translate(`ticket.${ticket.state}`) },
    number("acceptedShort", (ticket) => formatCount(ticket.receipt.accepted.lines)),
    number("refusedShort", (ticket) => formatCount(ticket.receipt.refused.lines)),
  ],
};
const tables = {};

/** Create everything that the page creates once. */
export function initializePanels() {
  for (const [id, columns] of Object.entries(TABLES)) tables[id] = new Table(findElement(id), columns);
  for (const station of document.querySelectorAll("[data-stages]")) initializeStation(station);
  drawHeadings();
}

export function drawHeadings() {
  for (const table of Object.values(tables)) table.drawHeadings(translate);
}

function initializeStation(station) {
  const share = createElement("p", { class: "big" }, createElement("b", { class: "share" }, "–"), " ", createElement("span", { class: "unit", "data-word": "core" }));
  const stages = createElement("dl", {}, ...station.dataset.stages.split(" ").map((stage) => {
    const seconds = createElement("dd", { "data-stage": stage }, "–");
    return createElement("div", {}, createElement("dt", { "data-word": stage }), seconds);
  }));
  station.querySelector("h3").after(share, createBar(), stages);
}

export function drawFigures(figures) {
  for (const element of document.querySelectorAll("[data-figure]")) {
    const value = element.dataset.figure.split(".").reduce((parent, name) => parent?.[name], figures);
    setText(element, formatFigure(value, element.dataset.as));
    if (element instanceof HTMLTimeElement) element.dateTime = value;
  }
  pauses = new Map(figures.paused.map((pause) => [pause.sender, pause.reason]));
  drawVerdict(figures.verdict);
  for (const { step, cents } of figures.steps) setText(document.querySelector(`[data-step=${step}]`), formatEuros(cents));
  drawStages(figures.stages);
  drawTrend(figures.throughput.series);
  const refusedLines = figures.refusals.reduce((sum, refusal) => sum + refusal.lines, 0);
  tables.refusals.update(figures.refusals.map((refusal) => ({ ...refusal, share: refusal.lines / refusedLines })), (refusal) => refusal.reason);
  tables.flows.update(figures.flows, (flow) => flow.sender);
  tables.programmes.update(figures.programmes, (row) => `${row.year} ${row.programme}`);
  findElement("cut-off").hidden = figures.cut_off_seconds === null;
  tables.batches.update(figures.batches, (batch) => String(batch.batch));
  drawSubmissions(submissions);
}

/** Show what the service says: whether all is well, why not, which stage limits, and what to do first. */
function drawVerdict(verdict) {
  const readText = ({ french, english }) => (getLanguage() === "fr" ? french : english);
  const line = findElement("verdict");
  line.dataset.state = verdict.is_well ? "well" : verdict.causes[0].severity;
  setText(line, readText(verdict));
  for (const station of document.querySelectorAll("[data-stages]")) {
    station.querySelector(".limits").hidden = station.dataset.station !== verdict.limit.stage;
  }
  findElement("first-step").hidden = verdict.first_step === null;
  if (verdict.first_step) {
    setText(findElement("first-step-text"), readText(verdict.first_step));
    setText(findElement("first-step-command"), verdict.first_step.command);
  }
}

export function drawSubmissions(tickets) {
  submissions = tickets;
  tables.submissions.update(tickets, (ticket) => String(ticket.submission));
}

function drawStages(stages) {
  const byName = new Map(stages.map((stage) => [stage.stage, stage]));
  for (const element of document.querySelectorAll("[data-stage]")) {
    setText(element, formatDuration(byName.get(element.dataset.stage)?.seconds ?? 0));
  }
  for (const station of document.querySelectorAll("[data-stages]")) {
    const share = station.dataset.stages.split(" ").reduce((sum, name) => sum + (byName.get(name)?.share ?? 0), 0);
    setText(station.querySelector(".share"), formatPercent(share));
    setBarShare(station.querySelector(".bar"), share);
  }
}

function drawTrend(series) {
  const peak = Math.max(...series, 1);
  const first = TREND_SECONDS - series.length;
  const points = series.map((value, index) => `${first + index + 1} ${(39 - (37 * value) / peak).toFixed(2)}`);
  const [area, line] = findElement("trend").children;
  line.setAttribute("d", points.length > 1 ? `M${points.join("L")}` : "");
  area.setAttribute("d", points.length > 1 ? `M${first + 1} 40L${points.join("L")}L120 40Z` : "");
  setText(findElement("trend-said"), translate("peak", formatCount(Math.max(...series, 0))));
}
