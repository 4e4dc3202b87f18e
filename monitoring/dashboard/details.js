// The details of one submission, batch or act.  The address is in the URL after #, so that a colleague can open the same details.

import { createElement, createPairs, findElement } from "./elements.js";
import { formatBytes, formatCount, formatEuros } from "./format.js";
import { fetchJson, readKey } from "./stream.js";
import { getLanguage, translate } from "./words.js";

const REFUSALS_SHOWN = 50;

export function openAddress(address) {
  if (location.hash === `#${address}`) showAddressedDetails();
  else location.hash = address;
}

/** Open the details that the URL names; close the dialog if it names none. */
export async function showAddressedDetails() {
  const [, kind, encodedName] = location.hash.match(/^#(submission|batch|act)\/(.{1,200})$/) ?? [];
  const dialog = findElement("details");
  if (!kind) {
    if (dialog.open) dialog.close();
    return;
  }
  const name = decodeURIComponent(encodedName);
  findElement("details-title").textContent = translate(`${kind}Title`, name);
  findElement("details-body").replaceChildren(createElement("p", { class: "quiet" }, "…"));
  if (!dialog.open) dialog.showModal();
  findElement("details-title").focus();
  const render = { batch: renderBatch, submission: renderSubmission, act: renderAct }[kind];
  findElement("details-body").replaceChildren(...(await render(encodeURIComponent(name))));
}

export function initializeDetails() {
  const dialog = findElement("details");
  dialog.addEventListener("close", () => {
    if (location.hash) history.replaceState(null, "", location.pathname);
  });
  addEventListener("hashchange", showAddressedDetails);
}

function renderError(status) {
  const word = status === 0 ? "failedRequest" : status === 401 && !readKey() ? "needsKey" : "notFound";
  return [createElement("p", { class: "warning", role: "alert" }, translate(word))];
}

function renderTable(columns, rows) {
  const head = createElement("tr", {}, ...columns.map(([name, kind]) => createElement("th", { scope: "col", class: kind }, translate(name))));
  const body = rows.map((row) => createElement("tr", {}, ...row.map((cell, index) => createElement("td", { class: columns[index][1], "data-heading": translate(columns[index][0]) }, cell))));
  return createElement("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "details-title" },
    createElement("table", { class: "cards" }, createElement("thead", {}, head), createElement("tbody", {}, ...body)));
}

async function renderBatch(number) {
  const { status, body } = await fetchJson(`/v1/batches/${number}/proof`, getLanguage());
  if (status !== 200) return renderError(status);
  const { link, agreements } = body.proof;
  const verdict = createElement("p", { class: body.holds ? "verdict holds" : "verdict", role: "status" }, `${body.holds ? "✓" : "✕"} ${translate(body.holds ? "holds" : "holdsNot")}`);
  const rows = agreements.map((agreement) => {
    const format = agreement.is_money ? formatEuros : formatCount;
    return [agreement.what, format(agreement.stated), format(agreement.counted), agreement.stated === agreement.counted ? "✓" : "✕"];
  });
  rows.push([translate("chain"), createElement("code", { class: "whole" }, link.stored), createElement("code", { class: "whole" }, link.computed), link.stored === link.computed ? "✓" : "✕"]);
  return [verdict, renderTable([["what", "text"], ["stated", "number"], ["counted", "number"], ["proof", "text"]], rows)];
}

async function renderSubmission(number) {
  const { status, body } = await fetchJson(`/v1/submissions/${number}`, getLanguage());
  if (status !== 200) return renderError(status);
  const receipt = body.receipt;
  const outcomes = ["accepted", "duplicate", "refused", "suspended"].map((name) => [translate(name), formatCount(receipt[name].lines), formatEuros(receipt[name].cents)]);
  return [
    createPairs([
      [translate("file"), receipt.file], [translate("sender"), receipt.sender], [translate("state"), translate(`ticket.${body.state}`)],
      [translate("format"), receipt.format], [translate("size"), formatBytes(receipt.size_bytes)], [translate("attempt"), formatCount(receipt.attempt)],
    ]),
    renderTable([["outcome", "text"], ["lines", "number"], ["money", "number"]], outcomes),
    createPairs([[translate("hashOfFile"), createElement("code", {}, receipt.sha256)], [translate("chainOf"), renderLastBatch(receipt)]]),
    ...(receipt.refused.lines ? await renderRefusals(number, body.reasons) : []),
  ];
}

function renderLastBatch(receipt) {
  if (!receipt.last_batch) return "–";
  return createElement("span", {}, createLink("batch", receipt.last_batch), " ", createElement("code", {}, receipt.chain));
}

async function renderAct(reference) {
  const { status, body } = await fetchJson(`/v1/acts?reference=${reference}`, getLanguage());
  if (status !== 200) return renderError(status);
  return [...body.accepted.flatMap(renderAcceptedLine), ...body.refused.flatMap(renderRefusedLine)];
}

function renderAcceptedLine(line) {
  const nodes = line.nodes.map((node) => [node.node, ...[node.ae_before, node.ae_after, node.cp_before, node.cp_after].map(({ available }) => formatEuros(available))]);
  const relatedActs = [...(line.predecessor ? [line.predecessor] : []), ...line.followers];
  return [
    createElement("h3", {}, `● ${translate("entry", formatCount(line.entry))} · ${getLanguage() === "fr" ? line.french : line.kind}`),
    createPairs([
      [translate("money"), formatEuros(line.amount)], [translate("sender"), line.origin.sender], [translate("day"), line.day],
      [translate("submission"), createLink("submission", line.origin.submission)], [translate("batch"), createLink("batch", line.batch)],
      [translate("payee"), line.payee?.name ?? "–"],
    ]),
    ...(nodes.length ? [renderTable([["node", "text"], ["aeBefore", "number"], ["aeAfter", "number"], ["cpBefore", "number"], ["cpAfter", "number"]], nodes)] : []),
    ...(relatedActs.length ? [renderTable([["related", "text"], ["kind", "text"], ["day", "text"], ["money", "number"]],
      relatedActs.map((act) => [createLink("act", act.reference), act.kind, act.day, formatEuros(act.amount)]))] : []),
  ];
}

function renderRefusedLine({ origin, refusal }) {
  return [
    createElement("h3", {}, "▲ ", createElement("code", {}, refusal.code)),
    createElement("p", {}, `${refusal.finding} ${refusal.action}`),
    createPairs([
      [translate("money"), formatEuros(refusal.amount)], [translate("sender"), origin.sender], [translate("line"), formatCount(refusal.line)],
      [translate("submission"), createLink("submission", origin.submission)], [translate("found"), refusal.found || refusal.node || "–"],
      [translate("missing"), refusal.missing ? formatEuros(refusal.missing) : "–"],
    ]),
  ];
}

function createLink(kind, name) {
  return createElement("a", { href: `#${kind}/${encodeURIComponent(name)}` }, String(name));
}

async function renderRefusals(number, reasons) {
  const { status, body } = await fetchJson(`/v1/submissions/${number}/refusals?limit=${REFUSALS_SHOWN}`, getLanguage());
  if (status !== 200) return renderError(status);
  const rows = body.refusals.map((refusal) => [
    formatCount(refusal.line), createLink("act", refusal.reference), createElement("code", {}, refusal.code), refusal.found || refusal.node,
    refusal.missing ? formatEuros(refusal.missing) : "", refusal.action,
  ]);
  return [
    createElement("h3", {}, translate("reasons")),
    renderTable([["reason", "text"], ["lines", "number"], ["money", "number"]], reasons.map((reason) => [createElement("code", {}, reason.code), formatCount(reason.lines), formatEuros(reason.cents)])),
    createElement("h3", {}, translate("firstRefused")),
    renderTable([["line", "number"], ["reference", "text"], ["reason", "text"], ["found", "text"], ["missing", "number"], ["action", "long"]], rows),
  ];
}
