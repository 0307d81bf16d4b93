// Opens the details that are part of the printed page.
window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details.print")) details.open = true;
});
