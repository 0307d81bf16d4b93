// What a printed page must not hide is opened before it is printed.
window.addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details.print")) each.open = true;
});
