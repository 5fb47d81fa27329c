"use strict";
(() => {
  const root = document.documentElement;
  const buttons = [...document.querySelectorAll("[data-language]")];
  const show = (language) => {
    root.lang = language;
    document.title = document.body.dataset[language];
    for (const node of document.querySelectorAll("[data-alt-en]")) node.alt = node.getAttribute("data-alt-" + language);
    for (const node of document.querySelectorAll("[data-label-en]")) node.setAttribute("aria-label", node.getAttribute("data-label-" + language));
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.language === language));
  };
  for (const button of buttons) button.addEventListener("click", () => show(button.dataset.language));
  document.querySelector(".languages").hidden = false;
  for (const box of document.querySelectorAll("[data-slider]")) {
    const range = box.querySelector("input");
    const move = () => box.style.setProperty("--at", range.value + "%");
    range.addEventListener("input", move);
    range.hidden = false;
    box.classList.add("live");
    move();
  }
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const item of closed) item.open = true;
  });
  addEventListener("afterprint", () => {
    for (const item of closed) item.open = false;
  });
})();
