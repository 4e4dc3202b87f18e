// One submission, batch or act, looked at closely.  Its address stands behind the #, so that it can be sent to a colleague.

import { find, make, pairs } from "./elements.js";
import { bytes, count, euros } from "./format.js";
import { ask, key } from "./stream.js";
import { language, say } from "./words.js";

const LINES = 50;

export function show(where) {
  if (location.hash === `#${where}`) open();
  else location.hash = where;
}

/** Open what the address names, or close. */
export async function open() {
  const [, kind, name] = location.hash.match(/^#(submission|batch|act)\/(.{1,200})$/) ?? [];
  const dialog = find("details");
  if (!kind) {
    if (dialog.open) dialog.close();
    return;
  }
  const sought = decodeURIComponent(name);
  find("details-title").textContent = say(`${kind}Title`, sought);
  find("details-body").replaceChildren(make("p", { class: "quiet" }, "…"));
  if (!dialog.open) dialog.showModal();
  find("details-title").focus();
  const body = await { batch, submission, act }[kind](encodeURIComponent(sought));
  find("details-body").replaceChildren(...body);
}

export function prepare() {
  const dialog = find("details");
  dialog.addEventListener("close", () => {
    if (location.hash) history.replaceState(null, "", location.pathname);
  });
  addEventListener("hashchange", open);
}

function failed(status) {
  const word = status === 0 ? "failedRequest" : status === 401 && !key() ? "needsKey" : "notFound";
  return [make("p", { class: "warning", role: "alert" }, say(word))];
}

function table(names, rows) {
  const head = make("tr", {}, ...names.map(([name, kind]) => make("th", { scope: "col", class: kind }, say(name))));
  const body = rows.map((row) => make("tr", {}, ...row.map((cell, place) => make("td", { class: names[place][1] }, cell))));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "details-title" },
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
}

async function batch(number) {
  const { status, body } = await ask(`/v1/batches/${number}/proof`, language());
  if (status !== 200) return failed(status);
  const { link, agreements } = body.proof;
  const verdict = make("p", { class: body.holds ? "verdict holds" : "verdict", role: "status" }, `${body.holds ? "✓" : "✕"} ${say(body.holds ? "holds" : "holdsNot")}`);
  const rows = agreements.map((each) => {
    const figure = each.is_money ? euros : count;
    return [each.what, figure(each.stated), figure(each.counted), each.stated === each.counted ? "✓" : "✕"];
  });
  rows.push([say("chain"), make("code", { class: "whole" }, link.stored), make("code", { class: "whole" }, link.computed), link.stored === link.computed ? "✓" : "✕"]);
  return [verdict, table([["what", "text"], ["stated", "number"], ["counted", "number"], ["proof", "text"]], rows)];
}

async function submission(number) {
  const { status, body } = await ask(`/v1/submissions/${number}`, language());
  if (status !== 200) return failed(status);
  const found = body.receipt;
  const outcomes = ["accepted", "duplicate", "refused", "suspended"].map((name) => [say(name), count(found[name].lines), euros(found[name].cents)]);
  return [
    pairs([
      [say("file"), found.file], [say("sender"), found.sender], [say("state"), say(`ticket.${body.state}`)],
      [say("format"), found.format], [say("size"), bytes(found.size_bytes)], [say("attempt"), count(found.attempt)],
    ]),
    table([["outcome", "text"], ["lines", "number"], ["money", "number"]], outcomes),
    pairs([[say("hashOfFile"), make("code", {}, found.sha256)], [say("chainOf"), lastBatch(found)]]),
    ...(found.refused.lines ? await refusals(number, body.reasons) : []),
  ];
}

function lastBatch(receipt) {
  if (!receipt.last_batch) return "–";
  return make("span", {}, address("batch", receipt.last_batch), " ", make("code", {}, receipt.chain));
}

async function act(reference) {
  const { status, body } = await ask(`/v1/acts?reference=${reference}`, language());
  if (status !== 200) return failed(status);
  return [...body.accepted.flatMap(acceptedLine), ...body.refused.flatMap(refusedLine)];
}

function acceptedLine(each) {
  const nodes = each.nodes.map((node) => [node.node, ...[node.ae_before, node.ae_after, node.cp_before, node.cp_after].map(({ available }) => euros(available))]);
  const others = [...(each.predecessor ? [each.predecessor] : []), ...each.followers];
  return [
    make("h3", {}, `● ${say("entry", count(each.entry))} · ${language() === "fr" ? each.french : each.kind}`),
    pairs([
      [say("money"), euros(each.amount)], [say("sender"), each.origin.sender], [say("day"), each.day],
      [say("submission"), address("submission", each.origin.submission)], [say("batch"), address("batch", each.batch)],
      [say("payee"), each.payee?.name ?? "–"],
    ]),
    ...(nodes.length ? [table([["node", "text"], ["aeBefore", "number"], ["aeAfter", "number"], ["cpBefore", "number"], ["cpAfter", "number"]], nodes)] : []),
    ...(others.length ? [table([["related", "text"], ["kind", "text"], ["day", "text"], ["money", "number"]],
      others.map((other) => [address("act", other.reference), other.kind, other.day, euros(other.amount)]))] : []),
  ];
}

function refusedLine({ origin, refusal }) {
  return [
    make("h3", {}, "▲ ", make("code", {}, refusal.code)),
    make("p", {}, `${refusal.finding} ${refusal.action}`),
    pairs([
      [say("money"), euros(refusal.amount)], [say("sender"), origin.sender], [say("line"), count(refusal.line)],
      [say("submission"), address("submission", origin.submission)], [say("found"), refusal.found || refusal.node || "–"],
      [say("missing"), refusal.missing ? euros(refusal.missing) : "–"],
    ]),
  ];
}

function address(kind, name) {
  return make("a", { href: `#${kind}/${encodeURIComponent(name)}` }, String(name));
}

async function refusals(number, reasons) {
  const { status, body } = await ask(`/v1/submissions/${number}/refusals?limit=${LINES}`, language());
  if (status !== 200) return failed(status);
  const rows = body.refusals.map((each) => [
    count(each.line), address("act", each.reference), make("code", {}, each.code), each.found || each.node,
    each.missing ? euros(each.missing) : "", each.action,
  ]);
  return [
    make("h3", {}, say("reasons")),
    table([["reason", "text"], ["lines", "number"], ["money", "number"]], reasons.map((each) => [make("code", {}, each.code), count(each.lines), euros(each.cents)])),
    make("h3", {}, say("firstRefused")),
    table([["line", "number"], ["reference", "text"], ["reason", "text"], ["found", "text"], ["missing", "number"], ["action", "long"]], rows),
  ];
}
