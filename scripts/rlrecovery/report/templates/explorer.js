// Draws the two charts of the explorer and ties the second to what is chosen in the first.
(async function () {
  const given = JSON.parse(document.getElementById("explorer-data").textContent);
  const keys = ["method", "level", "parameter", "participants", "trials"];
  const numbers = { "": null, inf: Infinity, "-inf": -Infinity };
  const options = {
    ast: true, // expressions are interpreted, never evaluated as code
    renderer: "svg",
    logLevel: 1, // errors; a chart without data is none
    actions: { export: true, source: false, compiled: false, editor: false },
  };
  // Every field is a number or empty. The library's own reader of CSV would need leave to evaluate code.
  function rows(csv) {
    const [head, ...lines] = csv.trimEnd().split("\n").map((line) => line.split(","));
    return lines.map((line) =>
      Object.fromEntries(head.map((name, k) => [name, line[k] in numbers ? numbers[line[k]] : Number(line[k])]))
    );
  }
  const cells = rows(given.cells);
  const withData = (chart, name, values) => ({ ...chart, data: { name, values } });
  const map = (await vegaEmbed("#explorer-map", withData(given.map, "cells", cells), options)).view;
  const scatter = (await vegaEmbed("#explorer-scatter", withData(given.scatter, "points", rows(given.points)), options)).view;
  const find = (id) => document.getElementById(id);
  const counted = (count, things) => `${count} ${count === "1" ? things.slice(0, -1) : things}`;
  const short = (value) => String(Number(value.toPrecision(2))).replace("-", "−");

  // The colour is full where three quarters of the cells of all methods and designs are nearer to the
  // ideal: a few runaways then do not make everything else look perfect.
  function furthest(measure) {
    const mine = cells.filter((c) => c.parameter === map.signal("parameter") && c.level === map.signal("level"));
    const far = mine.map((c) => Math.abs(c[measure] - given.ideals[measure])).filter((x) => x > 0 && x < Infinity);
    far.sort((a, b) => a - b);
    return far.length ? far[Math.floor(0.75 * (far.length - 1))] : 1;
  }

  async function follow() {
    const words = {};
    for (const key of keys) {
      scatter.signal(key, map.signal(key));
      words[key] = given.names[key][map.signal(key)];
    }
    const truth = Number(map.signal("truth"));
    scatter.signal("truth", truth);
    const measure = map.signal("measure");
    const size = furthest(measure), ideal = given.ideals[measure];
    map.signal("furthest", size);
    find("explorer-low").textContent = `too low: ${short(ideal - size)} or less`;
    find("explorer-high").textContent = `too high: ${short(ideal + size)} or more`;
    await Promise.all([map.runAsync(), scatter.runAsync()]);
    const here = cells.some((c) => keys.every((key) => c[key] === map.signal(key)));
    find("explorer-cell").textContent =
      `${words.parameter} (${words.level}) by ${words.method}: ${given.truths[truth]}, ` +
      `${counted(words.participants, "participants")}, ${counted(words.trials, "trials")}` +
      (here ? "" : ": not estimated");
  }

  // Not at once: a chart cannot be changed while it is being updated.
  const soon = () => setTimeout(follow);
  for (const name of [...keys, "measure", "truth"]) map.addSignalListener(name, soon);
  map.addEventListener("click", (event, item) => {
    if (item && item.datum && item.datum.truth !== undefined) map.signal("truth", item.datum.truth).runAsync();
  });
  await follow();
  find("explorer").dataset.ready = "true";
})();
