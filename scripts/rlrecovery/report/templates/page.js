// Opens, before printing, the details that a printed page must show.
window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details.print")) details.open = true;
});
