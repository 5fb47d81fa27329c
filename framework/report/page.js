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
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const item of closed) item.open = true;
  });
  addEventListener("afterprint", () => {
    for (const item of closed) item.open = false;
  });
})();
