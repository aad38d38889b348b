// Tables: sorting by any heading, and the table of all measures with its filter.
const wordOrder = new Intl.Collator("en", { numeric: true });

function sortKey(row, column, isNumber) {
  const text = row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  if (!isNumber) return text;
  const value = text === "inf" ? Infinity : parseFloat(text);
  return Number.isNaN(value) ? null : value;
}

function compareKeys(first, second) {
  return typeof first === "number" ? Math.sign(first - second) || 0 : wordOrder.compare(first, second);
}

function sortRows(table, column, direction) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  rows.forEach((row, place) => { row.dataset.place ??= place; });
  rows.sort((first, second) => first.dataset.place - second.dataset.place);
  if (direction) {
    const isNumber = table.tHead.rows[0].cells[column].dataset.kind === "number";
    const keys = new Map(rows.map((row) => [row, sortKey(row, column, isNumber)]));
    rows.sort((first, second) => {
      const [a, b] = [keys.get(first), keys.get(second)];
      if (a === null || b === null) return (a === null) - (b === null); // what is not known comes last, either way
      return direction * compareKeys(a, b);
    });
  }
  table.classList.toggle("sorted", Boolean(direction));
  body.append(...rows);
}

function makeSortable(table) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    heading.querySelector("button")?.addEventListener("click", () => {
      const next = { none: "ascending", ascending: "descending", descending: "none" }[heading.ariaSort];
      headings.forEach((other) => { if (other.ariaSort) other.ariaSort = "none"; });
      heading.ariaSort = next;
      sortRows(table, column, { none: 0, ascending: 1, descending: -1 }[next]);
    });
  });
}

document.querySelectorAll("table.sortable").forEach(makeSortable);

const measures = {
  data: JSON.parse(document.getElementById("measures-data").textContent),
  box: document.getElementById("measures"),
  table: document.getElementById("measures-table"),
  filter: document.getElementById("filter"),
  found: document.getElementById("found"),
};

function cellOf(text, kind) {
  const cell = document.createElement("td");
  cell.className = kind;
  cell.textContent = text;
  return cell;
}

function fileLink(address) {
  const link = document.createElement("a");
  link.href = address;
  link.textContent = "PNG";
  return link;
}

// A measure: set, kernel, image, column, then figures, and last the address of its file.
function measureRow(measure) {
  const row = document.createElement("tr");
  const [dataset, kernel, image, column] = measure;
  row.append(...measure.slice(0, 4).map((text) => cellOf(text, "text")));
  row.append(...measure.slice(4, -1).map((text) => cellOf(text, "number")));
  const file = cellOf("", "text");
  file.dataset.sort = measure.at(-1);
  file.append(fileLink(measure.at(-1)));
  row.append(file);
  row.words = measure.slice(0, 4).join(" ").toLowerCase();
  const place = gallery.find(kernel, dataset, image);
  if (place >= 0) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = image;
    button.title = "Show in the gallery";
    row.cells[2].replaceChildren(button);
    row.classList.add("shown");
    row.addEventListener("click", (event) => {
      if (!event.target.closest("a")) gallery.open(place, column);
    });
  }
  return row;
}

function fillMeasures() {
  if (measures.table.tBodies[0].rows.length) return;
  measures.table.tBodies[0].append(...measures.data.map(measureRow));
  filterMeasures();
}

function filterMeasures() {
  const words = measures.filter.value.toLowerCase().split(/\s+/);
  const rows = [...measures.table.tBodies[0].rows];
  rows.forEach((row) => { row.hidden = !words.every((word) => row.words.includes(word)); });
  measures.found.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
}

measures.box.addEventListener("toggle", fillMeasures);
measures.filter.addEventListener("input", filterMeasures);
