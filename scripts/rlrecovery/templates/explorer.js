// Draws the two charts of the explorer and ties the second to what is chosen in the first.
(async function () {
  const given = JSON.parse(document.getElementById("explorer-data").textContent);
  const keys = ["method", "level", "parameter", "participants", "trials"];
  const options = {
    ast: true, // expressions are interpreted, never evaluated as code
    renderer: "svg",
    actions: { export: true, source: false, compiled: false, editor: false },
  };
  // Every field is a number or empty. The library's own reader of CSV would need leave to evaluate code.
  function rows(csv) {
    const [head, ...lines] = csv.trimEnd().split("\n").map((line) => line.split(","));
    return lines.map((line) =>
      Object.fromEntries(head.map((name, k) => [name, line[k] === "" ? null : Number(line[k])]))
    );
  }
  const withData = (chart, name) => ({ ...chart, data: { name, values: rows(given[name]) } });
  const map = (await vegaEmbed("#explorer-map", withData(given.map, "cells"), options)).view;
  const scatter = (await vegaEmbed("#explorer-scatter", withData(given.scatter, "points"), options)).view;
  const heading = document.getElementById("explorer-cell");

  function chosenTruth() {
    const picked = map.signal("picked");
    return picked && picked.truth && picked.truth.length ? picked.truth[0] : 0;
  }

  async function follow() {
    const words = {};
    for (const key of keys) {
      scatter.signal(key, map.signal(key));
      words[key] = given.names[key][map.signal(key)];
    }
    scatter.signal("truth", chosenTruth());
    await scatter.runAsync();
    heading.textContent =
      `${words.parameter} (${words.level}) by ${words.method}: ${given.truths[chosenTruth()]}, ` +
      `${words.participants} participants, ${words.trials} trials`;
  }

  for (const name of [...keys, "picked"]) map.addSignalListener(name, follow);
  await follow();
  document.getElementById("explorer").dataset.ready = "true";
})();
