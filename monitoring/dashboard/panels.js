// What is drawn of the figures.

import { bar, fill, find, make, Table, write } from "./elements.js";
import { count, euros, percent, shown, span, time } from "./format.js";
import { show } from "./details.js";
import { language, say } from "./words.js";

const reasons = {};
const programmes = {};
let submissions = [];

/** Learn what codes mean: these words do not change while the service runs. */
export async function learn() {
  const said = await Promise.all(["reasons", "programmes"].map(async (name) => (await fetch(`/live/${name}.json`)).json()));
  Object.assign(reasons, said[0]);
  Object.assign(programmes, said[1]);
}

/** What a refusal's code means: [finding, what to do]. */
export function meaning(code) {
  return reasons[code]?.[language()] ?? ["", ""];
}

function opener(kept, text, label, where) {
  const button = kept ?? make("button", { type: "button", class: "open" });
  write(button, text);
  button.setAttribute("aria-label", label);
  button.onclick = () => show(where);
  return button;
}

function explained(kept, code, words) {
  const cell = kept ?? make("span", {}, make("code", {}), make("small", {}));
  write(cell.firstChild, code);
  write(cell.lastChild, words);
  return cell;
}

const part = ({ available, opened }) => (opened ? available / opened : 0);

function drawn(kept, share) {
  const cell = kept ?? make("span", { class: "measure" }, bar(), make("span", {}));
  fill(cell.firstChild, share);
  write(cell.lastChild, percent(share));
  return cell;
}

const number = (name, cell) => ({ name, kind: "number", cell });
const TABLES = {
  flows: [
    { name: "sender", cell: (each) => each.sender },
    number("received", (each) => count(each.received)),
    number("inTreatment", (each) => count(each.in_treatment)),
    number("integrated", (each) => count(each.integrated)),
    number("partly", (each) => count(each.partly_integrated)),
    number("refusedFiles", (each) => count(each.refused)),
    number("acceptedLines", (each) => count(each.outcomes.accepted.lines)),
    number("refusedLines", (each) => count(each.outcomes.refused.lines)),
  ],
  refusals: [
    { name: "reason", kind: "reason", cell: (each, kept) => explained(kept, each.reason, meaning(each.reason)[0]) },
    number("lines", (each) => count(each.lines)),
    { name: "share", kind: "share", cell: (each, kept) => drawn(kept, each.share) },
  ],
  programmes: [
    { name: "programme", kind: "reason", cell: (each, kept) => explained(kept, each.programme, programmes[each.programme] ?? "") },
    number("year", (each) => each.year),
    number("aeOpened", (each) => euros(each.ae.opened)),
    number("aeLeft", (each) => euros(each.ae.available)),
    { name: "aeShare", kind: "share", cell: (each, kept) => drawn(kept, part(each.ae)) },
    number("cpOpened", (each) => euros(each.cp.opened)),
    number("cpLeft", (each) => euros(each.cp.available)),
    { name: "cpShare", kind: "share", cell: (each, kept) => drawn(kept, part(each.cp)) },
  ],
  batches: [
    number("batch", (each) => count(each.batch)),
    number("at", (each) => time(each.committed_at)),
    number("entries", (each) => count(each.entries)),
    number("duplicates", (each) => count(each.duplicates)),
    number("refusedShort", (each) => count(each.refusals)),
    number("amount", (each) => euros(each.cents)),
    { name: "chain", kind: "hash", cell: (each) => each.chain.slice(0, 12) },
    { name: "proof", cell: (each, kept) => opener(kept, say("verify"), say("verifyBatch", each.batch), `batch/${each.batch}`) },
  ],
  submissions: [
    number("submission", ({ submission }, kept) => opener(kept, count(submission), say("openSubmission", submission), `submission/${submission}`)),
    { name: "file", kind: "file", cell: (each) => each.receipt.file },
    { name: "sender", cell: (each) => each.receipt.sender },
    { name: "state", cell: (each) => say(`ticket.${each.state}`) },
    number("acceptedShort", (each) => count(each.receipt.accepted.lines)),
    number("refusedShort", (each) => count(each.receipt.refused.lines)),
  ],
};
const tables = {};

/** Everything that is made once. */
export function prepare() {
  for (const [id, columns] of Object.entries(TABLES)) tables[id] = new Table(find(id), columns);
  for (const station of document.querySelectorAll("[data-stages]")) prepareStation(station);
  head();
}

export function head() {
  for (const table of Object.values(tables)) table.head(say);
}

function prepareStation(station) {
  const busy = make("p", { class: "big" }, make("b", { class: "share" }, "–"), " ", make("span", { class: "unit", "data-word": "core" }));
  const list = make("dl", {}, ...station.dataset.stages.split(" ").map((stage) => {
    const dd = make("dd", { "data-stage": stage }, "–");
    return make("div", {}, make("dt", { "data-word": stage }), dd);
  }));
  station.querySelector("h3").after(busy, bar(), list);
}

export function draw(figures) {
  for (const each of document.querySelectorAll("[data-figure]")) {
    const value = each.dataset.figure.split(".").reduce((at, name) => at?.[name], figures);
    write(each, shown(value, each.dataset.as));
    if (each instanceof HTMLTimeElement) each.dateTime = value;
  }
  drawStages(figures.stages);
  drawTrend(figures.throughput.series);
  const refused = figures.refusals.reduce((sum, each) => sum + each.lines, 0);
  tables.refusals.show(figures.refusals.map((each) => ({ ...each, share: each.lines / refused })), (each) => each.reason);
  tables.flows.show(figures.flows, (each) => each.sender);
  tables.programmes.show(figures.programmes, (each) => `${each.year} ${each.programme}`);
  find("cut-off").hidden = figures.cut_off_seconds === null;
  tables.batches.show(figures.batches, (each) => String(each.batch));
  drawSubmissions(submissions);
}

export function drawSubmissions(found) {
  submissions = found;
  tables.submissions.show(found, (each) => String(each.submission));
}

function drawStages(stages) {
  const byName = new Map(stages.map((each) => [each.stage, each]));
  for (const each of document.querySelectorAll("[data-stage]")) {
    write(each, span(byName.get(each.dataset.stage)?.seconds ?? 0));
  }
  for (const station of document.querySelectorAll("[data-stages]")) {
    const share = station.dataset.stages.split(" ").reduce((sum, name) => sum + (byName.get(name)?.share ?? 0), 0);
    write(station.querySelector(".share"), percent(share));
    fill(station.querySelector(".bar"), share);
  }
}

function drawTrend(series) {
  const most = Math.max(...series, 1);
  const first = 120 - series.length;
  const points = series.map((value, place) => `${first + place + 1} ${(39 - (37 * value) / most).toFixed(2)}`);
  const [area, line] = find("trend").children;
  line.setAttribute("d", points.length > 1 ? `M${points.join("L")}` : "");
  area.setAttribute("d", points.length > 1 ? `M${first + 1} 40L${points.join("L")}L120 40Z` : "");
  write(find("trend-said"), say("peak", count(Math.max(...series, 0))));
}
