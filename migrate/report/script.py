"""The one script of the HTML report: it hides what a filter leaves out. Without it, all is shown."""

from __future__ import annotations

import base64
import hashlib

SCRIPT = """
"use strict";
const form = document.getElementById("filter");
const files = [...document.querySelectorAll("details.file[data-path]")];
const said = document.getElementById("shown");

function filter() {
  const path = form.elements.path.value.trim().toLowerCase();
  const code = form.elements.code.value;
  const kinds = new Set([...form.querySelectorAll("[name=kind]:checked")].map((box) => box.value));
  const all = kinds.size === form.querySelectorAll("[name=kind]").length && !code;
  let shownFiles = 0, shownFindings = 0;
  for (const file of files) {
    let found = 0;
    for (const piece of file.querySelectorAll(".excerpt")) {
      let here = 0;
      for (const item of piece.querySelectorAll(".finding")) {
        item.hidden = !kinds.has(item.dataset.level) || (code !== "" && item.dataset.code !== code);
        here += !item.hidden;
      }
      piece.hidden = !all && here === 0;
      found += here;
    }
    file.hidden = !file.dataset.path.toLowerCase().includes(path) || (!all && found === 0);
    shownFiles += !file.hidden;
    shownFindings += file.hidden ? 0 : found;
  }
  said.textContent = `${shownFindings} findings in ${shownFiles} of ${files.length} files shown`;
}

if (form) {
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("change", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("open").addEventListener("click", () => files.forEach((file) => { file.open = true; }));
  document.getElementById("fold").addEventListener("click", () => files.forEach((file) => { file.open = false; }));
  filter();
}
"""
POLICY = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
"""The digest by which a browser knows the script; it runs no other."""
