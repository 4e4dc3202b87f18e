// Parts of the page, made once and changed in place: what has the focus keeps it, and what has not changed is not touched.

const SVG = "http://www.w3.org/2000/svg";

export function find(id) {
  return document.getElementById(id);
}

/** An element with attributes and children; a child is a node or a text. */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A bar as wide as its share of the whole, which says nothing that does not stand beside it in figures. */
export function bar() {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("class", "bar");
  made.setAttribute("aria-hidden", "true");
  made.append(document.createElementNS(SVG, "rect"));
  made.firstChild.setAttribute("height", "100%");
  fill(made, 0);
  return made;
}

export function fill(drawn, share) {
  drawn.firstChild.setAttribute("width", `${(100 * Math.min(Math.max(share, 0), 1)).toFixed(1)}%`);
}

/** A table whose rows are known by a key: columns are {name, kind, cell}, a cell is a text or an element kept by its row. */
export class Table {
  constructor(element, columns) {
    this.element = element;
    this.columns = columns;
    this.rows = new Map();
    this.body = make("tbody");
    element.append(make("thead", {}, make("tr")), this.body);
  }

  /** Headings in the language of the moment. */
  head(say) {
    const cells = this.columns.map(({ name, kind }) => make("th", { scope: "col", class: kind ?? "text", "data-column": name }, say(name)));
    this.element.tHead.rows[0].replaceChildren(...cells);
  }

  show(records, key) {
    const before = this.rows;
    this.rows = new Map(records.map((each) => [key(each), before.get(key(each)) ?? this.row()]));
    for (const [name, row] of before) if (!this.rows.has(name)) row.remove();
    let place = 0;
    for (const [name, row] of this.rows) {
      if (this.body.rows[place] !== row) this.body.insertBefore(row, this.body.rows[place] ?? null);
      row.dataset.key = name;
      this.fill(row, records[place]);
      place += 1;
    }
    this.element.hidden = records.length === 0;
  }

  row() {
    const cells = this.columns.map(({ kind }, place) => make(place ? "td" : "th", { class: kind ?? "text", ...(place ? {} : { scope: "row" }) }));
    return make("tr", {}, ...cells);
  }

  fill(row, record) {
    this.columns.forEach(({ name, cell }, place) => {
      const at = row.cells[place];
      at.dataset.column = name;
      const found = cell(record, at.firstElementChild);
      if (found instanceof Element) {
        if (at.firstElementChild !== found) at.replaceChildren(found);
      } else write(at, found);
    });
  }
}

/** Names and what belongs to them. */
export function pairs(rows) {
  return make("dl", { class: "pairs" }, ...rows.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}
