"use strict";
// The page: links that open what is folded, and what printing shows.
const coldcase = {};
{
  const $ = (id) => document.getElementById(id);
  const element = (tag, className, text) => {
    const e = document.createElement(tag);
    if (className) e.className = className;
    if (text !== undefined) e.textContent = text;
    return e;
  };
  const hash = () => {
    try {
      return decodeURIComponent(location.hash.slice(1));
    } catch {
      return "";
    }
  };

  // A link into a folded part opens it.
  const reveal = () => {
    const id = hash();
    if (!id || (coldcase.open && coldcase.open(id))) return;
    const target = $(id);
    for (let e = target; e; e = e.parentElement) {
      if (e.tagName === "DETAILS") e.open = true;
    }
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  // The same link again changes no hash, but the reader may have folded its target since.
  addEventListener("click", (event) => {
    const link = event.target.closest ? event.target.closest("a[href^='#']") : null;
    const href = link && link.getAttribute("href");
    if (href && href === location.hash) setTimeout(reveal);
  });

  // A printed page cannot be unfolded; objects and hygiene stay in the file.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open]):not(.object)")];
    for (const d of folded) d.open = true;
  });
  addEventListener("afterprint", () => {
    for (const d of folded) d.open = false;
  });

  Object.assign(coldcase, { $, element, hash, reveal });
}
