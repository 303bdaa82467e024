// Tables that are sorted by a click on a header.

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  heads.forEach((head, column) => {
    const button = element("button", head.textContent, { type: "button" });
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const value = (row) => {
        const cell = row.cells[column], said = cell.dataset.value ?? cell.textContent.replaceAll(",", "");
        if (said === "inf" || said === "never") return Infinity;
        const number = parseFloat(said);
        return said === "" || said === "-" ? NaN : Number.isNaN(number) ? said : number;
      };
      const order = (a, b) => {
        if (typeof a === "string" || typeof b === "string") return String(a).localeCompare(String(b)) * (up ? 1 : -1);
        if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
        return a === b ? 0 : (a < b ? -1 : 1) * (up ? 1 : -1);
      };
      const rows = [...body.rows].map((row) => [value(row), row]);
      body.append(...rows.sort(([a], [b]) => order(a, b)).map(([, row]) => row));
    });
  });
}
