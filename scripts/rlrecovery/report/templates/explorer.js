// Draws the two charts of the explorer, and their numbers as tables; the scatter plot uses the
// selections made for the map.
(async function () {
  const data = JSON.parse(document.getElementById("explorer-data").textContent);
  const keys = ["method", "level", "parameter", "participants", "trials"];
  const numbers = { "": null, inf: Infinity, "-inf": -Infinity };
  const options = {
    ast: true, // expressions are interpreted, never evaluated as code
    renderer: "svg",
    logLevel: 1, // errors only; without data, Vega logs warnings
    actions: { export: true, source: false, compiled: false, editor: false },
  };
  // Every field is a number or empty. Vega's CSV reader evaluates code, which the content security
  // policy of the page forbids.
  function parse(csv) {
    const [head, ...lines] = csv.trimEnd().split("\n").map((line) => line.split(","));
    return lines.map((line) =>
      Object.fromEntries(head.map((name, k) => [name, line[k] in numbers ? numbers[line[k]] : Number(line[k])]))
    );
  }
  const cells = parse(data.cells), points = parse(data.points);
  const element = (id) => document.getElementById(id);
  element("explorer-body").hidden = false; // charts need to know their width
  const withData = (chart, name, values) => ({ ...chart, datasets: { ...chart.datasets, [name]: values } });
  const map = (await vegaEmbed("#explorer-map", withData(data.map, "cells", cells), options)).view;
  const scatter = (await vegaEmbed("#explorer-scatter", withData(data.scatter, "points", points), options)).view;
  for (const menu of document.querySelectorAll(".vega-embed summary")) menu.setAttribute("aria-label", "Save this chart");
  const plural = (count, noun) => `${count} ${noun}${count === "1" ? "" : "s"}`;
  const minus = (text) => text.replace("-", "−");
  const rounded = (value, digits = 2) =>
    Number.isFinite(value) ? minus(String(Number(value.toPrecision(digits)))) : value > 0 ? "∞" : "−∞";

  // Distance from the ideal value at the end of the colour scale: the third quartile over the cells
  // of all methods and designs. With the maximum, a few extreme cells would make the others white.
  function fullColour(measure) {
    const shown = cells.filter((c) => c.parameter === map.signal("parameter") && c.level === map.signal("level"));
    const distances = shown.map((c) => Math.abs(c[measure] - data.measures[measure].ideal));
    const finite = distances.filter((x) => x > 0 && x < Infinity).sort((a, b) => a - b);
    return finite.length ? finite[Math.floor(0.75 * (finite.length - 1))] : 1;
  }

  // A measure that cannot fall below its ideal value, such as an RMSE, has a scale with one side.
  function describeScale(measure, distance) {
    const { ideal, low, high, lowest, highest } = data.measures[measure];
    const oneSided = lowest === ideal, top = ideal + distance, bottom = ideal - distance;
    const digits = ideal ? 3 : 2;
    element("explorer-scale").classList.toggle("one-sided", oneSided);
    element("explorer-low").textContent = oneSided ? `${low}: ${rounded(ideal)}`
      : lowest !== null && bottom <= lowest ? low : `${low}: ${rounded(bottom, digits)} or less`;
    element("explorer-ideal").textContent = ` (${rounded(ideal, 3)})`;
    element("explorer-high").textContent =
      highest !== null && top >= highest ? high : `${high}: ${rounded(top, digits)} or more`;
  }

  // The axes of the scatter plot have the same range, which contains all true values and estimates.
  function setRange(shown) {
    const values = shown.flatMap((p) => [p.t, p.e]).filter(Number.isFinite);
    const low = values.length ? Math.min(...values) : 0, high = values.length ? Math.max(...values) : 1;
    const margin = 0.05 * (high - low) || 0.5;
    scatter.signal("low", low - margin).signal("high", high + margin);
  }

  // The MCSE has two significant digits and the value as many decimals.
  function plusMinus(value, error) {
    if (value === null) return "none";
    if (!Number.isFinite(value) || !(error > 0)) return rounded(value, 3);
    const places = 1 - Number(error.toExponential(1).split("e")[1]), unit = 10 ** Math.max(0, -places);
    const text = (x) => (Math.round(x / unit) * unit).toFixed(0);
    const [size, mcse] = [Math.abs(value), error].map((x) => (places < 0 ? text(x) : x.toFixed(places)));
    return `${value < 0 && Number(size) ? "−" : ""}${size} ± ${mcse}`;
  }

  function fillTable(id, head, rows) {
    const line = (name, texts) => {
      const row = document.createElement("tr");
      texts.forEach((text, k) => {
        const cell = row.appendChild(document.createElement(name === "th" || k === 0 ? "th" : "td"));
        if (cell.tagName === "TH") cell.scope = name === "th" ? "col" : "row";
        cell.textContent = text;
      });
      return row;
    };
    const [header, body] = ["thead", "tbody"].map((name) => document.createElement(name));
    header.append(line("th", head));
    body.append(...rows.map((texts) => line("td", texts)));
    element(id).replaceChildren(header, body);
  }

  function fillTables(measure, shownCells, shownPoints) {
    const label = data.measures[measure].label, percent = (x) => (x === null ? "–" : `${rounded(x, 3)} %`);
    const ends = (p) => (Number.isFinite(p.lower) ? `${rounded(p.lower, 3)} to ${rounded(p.upper, 3)}` : "none");
    fillTable("explorer-map-table", ["true values", `${label} ± MCSE`, "data sets", "estimates", "flagged", "failed"],
      shownCells.map((c) => [data.truths[c.truth], plusMinus(c[measure], c[`${measure}_e`]), c.n, c.rows,
        percent(c.flagged), percent(c.share_failed)]));
    fillTable("explorer-scatter-table", ["replicate", "participant", "true value", "estimate", "interval", "flagged"],
      shownPoints.map((p) => [p.r, p.i < 0 ? "all" : p.i, rounded(p.t, 3), rounded(p.e, 3), ends(p), p.s === 0 ? "no" : "yes"]));
  }

  async function update() {
    const names = {};
    for (const key of keys) {
      scatter.signal(key, map.signal(key));
      names[key] = data.names[key][map.signal(key)];
    }
    const truth = Number(map.signal("truth")), measure = map.signal("measure");
    scatter.signal("truth", truth);
    const isSelected = (row) => keys.every((key) => row[key] === map.signal(key));
    const shownCells = cells.filter(isSelected);
    const shownPoints = points.filter((p) => isSelected(p) && p.truth === truth);
    const distance = fullColour(measure);
    map.signal("furthest", distance);
    describeScale(measure, distance);
    setRange(shownPoints);
    await Promise.all([map.runAsync(), scatter.runAsync()]);
    fillTables(measure, shownCells, shownPoints);
    const replicates = Math.max(0, ...shownCells.map((c) => c.n));
    element("explorer-few").textContent = !shownCells.length || replicates >= data.fewest ? ""
      : ` A number rests on ${plural(String(replicates), "data set")} at most, so differences are mostly Monte Carlo error.`;
    const what = `${names.parameter} (${names.level}) by ${names.method}`;
    const size = `${plural(names.participants, "participant")}, ${plural(names.trials, "trial")}`;
    element("explorer-measure").textContent = `${data.measures[measure].label} of ${what}: ${size}`;
    element("explorer-cell").textContent =
      `${what}: ${data.truths[truth]}, ${size}` + (shownCells.length ? "" : ": not estimated");
  }

  // Deferred because a chart cannot be changed during its own update.
  const deferredUpdate = () => setTimeout(update);
  for (const name of [...keys, "measure", "truth"]) map.addSignalListener(name, deferredUpdate);
  map.addEventListener("click", (event, item) => {
    if (item && item.datum && item.datum.truth !== undefined) map.signal("truth", item.datum.truth).runAsync();
  });
  await update();
  element("explorer").dataset.ready = "true";
})();
