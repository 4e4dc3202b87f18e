// Elements of the page, created once and updated in place: the focus stays where it is, and unchanged content is not touched.

const SVG = "http://www.w3.org/2000/svg";

export function findElement(id) {
  return document.getElementById(id);
}

/** Create an element with attributes and children; a child is a node or a text. */
export function createElement(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Create a bar whose width shows a share; the figure beside it says the same, so screen readers skip the bar. */
export function createBar() {
  const bar = document.createElementNS(SVG, "svg");
  bar.setAttribute("class", "bar");
  bar.setAttribute("aria-hidden", "true");
  bar.append(document.createElementNS(SVG, "rect"));
  bar.firstChild.setAttribute("height", "100%");
  setBarShare(bar, 0);
  return bar;
}

export function setBarShare(bar, share) {
  bar.firstChild.setAttribute("width", `${(100 * Math.min(Math.max(share, 0), 1)).toFixed(1)}%`);
}

/** A table whose rows are identified by a key.  Roles are explicit, because a phone lays some tables out as cards.  A column is {name, kind, cell}; `cell` returns a text, or an element that its row keeps. */
export class Table {
  constructor(element, columns) {
    this.element = element;
    this.columns = columns;
    this.rows = new Map();
    this.headings = {};
    this.body = createElement("tbody", { role: "rowgroup" });
    element.append(createElement("thead", { role: "rowgroup" }, createElement("tr", { role: "row" })), this.body);
    element.setAttribute("role", "table");
  }

  /** Write the headings in the current language. */
  drawHeadings(translate) {
    this.headings = Object.fromEntries(this.columns.map(({ name }) => [name, translate(name)]));
    const cells = this.columns.map(({ name, kind }) => createElement("th", { scope: "col", role: "columnheader", class: kind ?? "text", "data-column": name }, this.headings[name]));
    this.element.tHead.rows[0].replaceChildren(...cells);
  }

  /** Show these records in their order; a record with a known key reuses its row. */
  update(records, getKey) {
    const rowsBefore = this.rows;
    this.rows = new Map(records.map((record) => [getKey(record), rowsBefore.get(getKey(record)) ?? this.createRow()]));
    for (const [key, row] of rowsBefore) if (!this.rows.has(key)) row.remove();
    let index = 0;
    for (const [key, row] of this.rows) {
      if (this.body.rows[index] !== row) this.body.insertBefore(row, this.body.rows[index] ?? null);
      row.dataset.key = key;
      this.fillRow(row, records[index]);
      index += 1;
    }
    this.element.hidden = records.length === 0;
  }

  createRow() {
    const cells = this.columns.map(({ kind }, index) => createElement(index ? "td" : "th", { class: kind ?? "text", ...(index ? { role: "cell" } : { role: "rowheader", scope: "row" }) }));
    return createElement("tr", { role: "row" }, ...cells);
  }

  fillRow(row, record) {
    this.columns.forEach(({ name, cell }, index) => {
      const element = row.cells[index];
      element.dataset.column = name;
      element.dataset.heading = this.headings[name];
      const content = cell(record, element.firstElementChild);
      if (content instanceof Element) {
        if (element.firstElementChild !== content) element.replaceChildren(content);
      } else setText(element, content);
    });
  }
}

/** Create a list of names with their values. */
export function createPairs(rows) {
  return createElement("dl", { class: "pairs" }, ...rows.map(([name, value]) => createElement("div", {}, createElement("dt", {}, name), createElement("dd", {}, value))));
}
