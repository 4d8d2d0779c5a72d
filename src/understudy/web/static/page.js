"use strict";
// The page works without this file; with it, wells show what they hold, uploads and searches show how far they are,
// and pictures can be looked at closely. Text from files is only ever set as text.

const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
const limits = () => document.querySelector("[data-limits]")?.dataset ?? {};

function sized(bytes) {
  for (const [unit, name] of [[2 ** 30, "GB"], [2 ** 20, "MB"], [2 ** 10, "kB"]])
    if (bytes >= unit) return `${Number((bytes / unit).toPrecision(3))} ${name}`;
  return `${bytes} bytes`;
}

// --- wells

function tooMuch(files) {
  const most = limits();
  const large = files.find((f) => f.size > most.file);
  if (large) return `${large.name} has ${sized(large.size)}: the page takes files of up to ${sized(most.file)}.`;
  if (files.length > most.files) return `${files.length} files: the page takes up to ${most.files} at once.`;
  const sum = files.reduce((total, f) => total + f.size, 0);
  return sum > most.request ? `${sized(sum)} together: the page takes up to ${sized(most.request)} at once.` : "";
}

function picked(input) {
  const well = input.closest(".well"), files = [...input.files], wrong = tooMuch(files);
  const sum = files.reduce((total, f) => total + f.size, 0);
  const said = files.length === 1 ? files[0].name : `${files.length} files`;
  well.querySelector("[data-picked]").textContent = wrong || (files.length ? `${said}, ${sized(sum)}` : "");
  well.classList.toggle("full", files.length > 0 && !wrong);
  well.classList.toggle("wrong", wrong !== "");
  return files.length > 0 && !wrong;
}

function wells() {
  for (const input of all(".well input")) {
    const well = input.closest(".well"), form = input.form;
    input.addEventListener("change", () => {
      if (picked(input) && "atOnce" in form.dataset) form.requestSubmit();
    });
    for (const kind of ["dragenter", "dragover"]) input.addEventListener(kind, () => well.classList.add("drag"));
    for (const kind of ["dragleave", "drop"]) input.addEventListener(kind, () => well.classList.remove("drag"));
    picked(input); // what a browser remembers when one comes back
  }
  // A file that misses its well must not replace the page.
  for (const kind of ["dragover", "drop"])
    window.addEventListener(kind, (e) => { if (!e.target.closest?.(".well")) e.preventDefault(); });
}

// --- forms

function statusOf(form) {
  let status = form.querySelector(".status");
  if (!status) {
    status = document.createElement("div");
    status.className = "status";
    status.setAttribute("role", "status");
    form.append(status);
  }
  return status;
}

function say(form, text, bad) {
  const status = statusOf(form);
  status.classList.toggle("bad", Boolean(bad));
  status.setAttribute("role", bad ? "alert" : "status");
  status.textContent = text;
  return status;
}

function send(form) {
  const files = all("input[type=file]", form).flatMap((input) => [...input.files]);
  if (!files.length) return say(form, "There is no file yet: drop one, or choose it.", true);
  const wrong = tooMuch(files);
  if (wrong) return say(form, wrong, true);
  const button = form.querySelector("button"), request = new XMLHttpRequest();
  const bar = document.createElement("progress");
  const failed = (text) => { button.disabled = false; say(form, text, true); };
  button.disabled = true;
  bar.max = 1;
  bar.setAttribute("aria-label", "How much is sent");
  say(form, "Sending ").append(bar);
  request.upload.onprogress = (e) => { if (e.lengthComputable) bar.value = e.loaded / e.total; };
  request.onload = () => {
    let answer = {};
    try { answer = JSON.parse(request.responseText); } catch { answer = { error: request.responseText }; }
    if (request.status === 200 && answer.job) { button.disabled = false; location.assign(answer.job); }
    else failed(answer.error || `The page answered ${request.status}.`);
  };
  request.onerror = () => failed("The page does not answer: is it still running, and was too much sent at once?");
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.send(new FormData(form));
  return undefined;
}

function forms() {
  for (const form of all("form[data-send]"))
    form.addEventListener("submit", (e) => { e.preventDefault(); send(form); });
}

function chooser() {
  for (const box of all("[data-chooser]")) {
    const show = () => {
      const chosen = box.querySelector("input:checked")?.value;
      for (const about of all("[data-about]", box)) about.hidden = about.dataset.about !== chosen;
    };
    box.addEventListener("change", show);
    show();
  }
}

// --- a job that runs

function job() {
  const box = document.querySelector("[data-job]");
  if (!box) return;
  const events = new EventSource(`${box.dataset.job}/events`);
  const set = (name, text) => { const at = box.querySelector(`[data-${name}]`); if (at.textContent !== text) at.textContent = text; };
  events.onmessage = (e) => {
    const now = JSON.parse(e.data);
    if (["done", "failed", "stopped"].includes(now.state)) { events.close(); location.reload(); return; }
    set("state", now.state === "waiting" ? "Waiting" : "At work");
    set("text", now.state === "waiting" && now.ahead ? `${now.ahead} before this one` : now.text);
    box.querySelector("[data-share]").value = now.share;
  };
  const enough = document.querySelector("[data-enough]");
  enough?.form.addEventListener("submit", () => { enough.textContent = "Stopping at the next question"; });
}

// --- two pictures

function look() {
  const box = document.querySelector("[data-look]");
  if (!box) return;
  const part = (name) => box.querySelector(`[data-${name}]`);
  const chosen = (name) => box.querySelector(`input[name=${name}]:checked`);
  const stage = part("stage"), slider = part("slider"), scroll = part("scroll");
  const slide = () => stage.style.setProperty("--at", `${slider.value}%`);
  const show = (moved) => {
    const pair = chosen("pair").dataset, zoom = chosen("zoom").value;
    const differs = box.querySelector("input[name=view][value=difference]");
    differs.disabled = !pair.difference;
    if (differs.checked && differs.disabled) box.querySelector("input[name=view][value=slider]").checked = true;
    const difference = chosen("view").value === "difference";
    for (const [name, address, alt] of [["under", pair.left, pair.leftName], ["over", pair.right, pair.rightName]]) {
      if (part(name).getAttribute("src") !== address) part(name).src = address;
      part(name).alt = `The picture, ${alt}`;
    }
    if (difference) part("diff").src = pair.difference;
    part("diff").hidden = !difference;
    stage.classList.toggle("off", difference);
    part("sides").classList.toggle("off", difference);
    part("left-label").textContent = pair.leftName;
    part("right-label").textContent = pair.rightName;
    part("caption").textContent = difference
      ? `The difference from ${pair.against}, amplified ${pair.gain} times around mid-grey; the largest is ${pair.largest} of 255.`
      : "";
    stage.style.width = zoom === "fit" ? "" : `${(pair.width * zoom) / (zoom === "1" ? devicePixelRatio : 1)}px`;
    stage.classList.toggle("pixelated", zoom === "4");
    if (moved && zoom !== "fit") requestAnimationFrame(() => {
      // where the two differ most comes to the middle
      scroll.scrollLeft = (pair.x || 0.5) * stage.clientWidth - scroll.clientWidth / 2;
      scroll.scrollTop = (pair.y || 0.5) * stage.clientHeight - scroll.clientHeight / 2;
      slider.value = (100 * (scroll.scrollLeft + scroll.clientWidth / 2)) / stage.clientWidth;
      slide();
    });
  };
  slider.addEventListener("input", slide);
  for (const input of all(".controls input", box)) input.addEventListener("change", () => show(input.name === "zoom"));
  slide();
  show(false);
}

wells();
forms();
chooser();
job();
look();
