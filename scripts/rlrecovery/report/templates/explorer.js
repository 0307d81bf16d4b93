// Draws the two charts of the explorer; the scatter plot uses the selections made for the map.
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
  const cells = parse(data.cells);
  const withData = (chart, name, values) => ({ ...chart, data: { name, values } });
  const map = (await vegaEmbed("#explorer-map", withData(data.map, "cells", cells), options)).view;
  const scatter = (await vegaEmbed("#explorer-scatter", withData(data.scatter, "points", parse(data.points)), options)).view;
  const element = (id) => document.getElementById(id);
  const plural = (count, noun) => `${count} ${noun}${count === "1" ? "" : "s"}`;
  const rounded = (value) => String(Number(value.toPrecision(2))).replace("-", "−");

  // Distance from the ideal value at the end of the colour scale: the third quartile over the cells
  // of all methods and designs. With the maximum, a few extreme cells would make the others white.
  function fullColour(measure) {
    const shown = cells.filter((c) => c.parameter === map.signal("parameter") && c.level === map.signal("level"));
    const distances = shown.map((c) => Math.abs(c[measure] - data.ideals[measure]));
    const finite = distances.filter((x) => x > 0 && x < Infinity).sort((a, b) => a - b);
    return finite.length ? finite[Math.floor(0.75 * (finite.length - 1))] : 1;
  }

  async function update() {
    const names = {};
    for (const key of keys) {
      scatter.signal(key, map.signal(key));
      names[key] = data.names[key][map.signal(key)];
    }
    const truth = Number(map.signal("truth"));
    scatter.signal("truth", truth);
    const measure = map.signal("measure");
    const distance = fullColour(measure), ideal = data.ideals[measure];
    map.signal("furthest", distance);
    element("explorer-low").textContent = `too low: ${rounded(ideal - distance)} or less`;
    element("explorer-high").textContent = `too high: ${rounded(ideal + distance)} or more`;
    await Promise.all([map.runAsync(), scatter.runAsync()]);
    const estimated = cells.some((c) => keys.every((key) => c[key] === map.signal(key)));
    element("explorer-cell").textContent =
      `${names.parameter} (${names.level}) by ${names.method}: ${data.truths[truth]}, ` +
      `${plural(names.participants, "participant")}, ${plural(names.trials, "trial")}` +
      (estimated ? "" : ": not estimated");
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
